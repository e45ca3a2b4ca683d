import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decode, encode } from '@msgpack/msgpack';
import WebSocket from 'ws';
import { mintToken, startNode } from './nodes.js';

/** Node's `ws` as a client, with nothing of the hub's own module. It asks for compression by default. */

/** @type {Awaited<ReturnType<typeof startNode>>} */
let hub;
before(async () => {
  hub = await startNode('ws');
});
after(() => hub?.node.remove());

/** @typedef {Record<string, any>} Frame */

const CODECS = {
  json: {
    pack: (/** @type {Frame} */ frame) => JSON.stringify(frame),
    unpack: (/** @type {Buffer} */ data) => JSON.parse(data.toString()),
  },
  msgpack: {
    pack: (/** @type {Frame} */ frame) => encode(frame),
    unpack: (/** @type {Buffer} */ data) => /** @type {Frame} */ (decode(data)),
  },
};

class Session {
  #codec;
  #asked = 0;
  /** @type {Frame[]} */
  #heard = [];
  #notify = () => {};

  /** @param {keyof typeof CODECS} encoding @param {WebSocket.ClientOptions} [options] */
  constructor(encoding, options = {}) {
    this.#codec = CODECS[encoding];
    this.socket = new WebSocket(`${hub.url.replace('http', 'ws')}/ws`, [`hubbub.v1.${encoding}`], options);
    this.socket.on('message', (data, binary) => {
      assert.equal(binary, encoding === 'msgpack');
      this.#heard.push(this.#codec.unpack(/** @type {Buffer} */ (data)));
      this.#notify();
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.on('open', () => resolve(this)).on('error', reject);
    });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', resolve);
    });
  }

  /** @param {keyof typeof CODECS} encoding @param {string} user @param {Record<string, number>} [cursors] */
  static async of(encoding, user, cursors = {}) {
    const session = await new Session(encoding).opened;
    session.say({ type: 'hello', token: await mintToken(hub.env, '--user', user), cursors });
    await session.next((/** @type {Frame} */ frame) => frame.type === 'welcome');
    return session;
  }

  /** @param {Frame} frame */
  say(frame) {
    this.socket.send(this.#codec.pack(frame));
  }

  /** @param {Frame} frame @returns {Promise<Frame>} its one reply */
  async ask(frame) {
    this.#asked += 1;
    const id = this.#asked;
    this.say({ ...frame, id });
    return this.next(({ re }) => re === id);
  }

  /** @param {(frame: Frame) => boolean} wanted @returns {Promise<Frame>} */
  async next(wanted) {
    for (;;) {
      const at = this.#heard.findIndex(wanted);
      if (at >= 0) return this.#heard.splice(at, 1)[0];
      await new Promise((resolve) => {
        this.#notify = () => resolve(undefined);
      });
    }
  }

  nextText() {
    return this.next(({ type, kind }) => type === 'message' && kind === 'text');
  }
}

for (const encoding of /** @type {(keyof typeof CODECS)[]} */ (['json', 'msgpack'])) {
  test(`ws talks ${encoding}, is cut off, and resumes where it was`, { timeout: 60_000 }, async (context) => {
    const names = [`anna-${encoding}`, `bert-${encoding}`];
    const [bert, anna] = [await Session.of(encoding, names[1]), await Session.of(encoding, names[0])];
    context.after(() => anna.socket.terminate());
    assert.equal(anna.socket.protocol, `hubbub.v1.${encoding}`);
    assert.equal(anna.socket.extensions, '');
    const { id: group } = await anna.ask({ type: 'create', name: 'third parties', members: [names[1]] });
    /** @param {string} cid @param {string} text */
    const send = (cid, text) => anna.ask({ type: 'send', group, cid, text, data: { n: [1, null, 2.5] } });

    const ack = await send('c1', 'grüß dich');
    assert.deepEqual([ack.type, ack.cid], ['ack', 'c1']);
    const seen = await bert.nextText();
    assert.deepEqual(
      [seen.seq, seen.text, seen.from, seen.data],
      [ack.seq, 'grüß dich', names[0], { n: [1, null, 2.5] }],
    );

    bert.socket.terminate();
    const missed = [];
    for (let number = 0; number < 5; number += 1) {
      missed.push((await send(`missed-${number}`, `message ${number}`)).seq);
    }
    const again = await Session.of(encoding, names[1], { [group]: ack.seq });
    context.after(() => again.socket.terminate());
    const resumed = [];
    while (resumed.length < missed.length) resumed.push((await again.nextText()).seq);
    assert.deepEqual(resumed, missed);
    assert.equal((await send('missed-0', 'once more')).seq, missed[0]);
    const live = await send('c2', 'live again');
    assert.equal((await again.nextText()).seq, live.seq);
  });
}

test('ws is told by its close code why it may not stay', { timeout: 60_000 }, async () => {
  const stranger = await new Session('json').opened;
  stranger.say({ type: 'hello', token: 'forged' });
  assert.equal(await stranger.closed, 4001);
  const refused = new Session('json', { headers: { Authorization: 'Bearer forged' } });
  await assert.rejects(refused.opened, /401/);
});
