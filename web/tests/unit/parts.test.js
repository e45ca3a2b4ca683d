import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../client/backoff.js';
import { Calls } from '../../client/calls.js';
import { socketUrl } from '../../client/connection.js';
import { Cursors, MAX_CURSORS } from '../../client/cursors.js';
import { Emitter } from '../../client/emitter.js';
import { mayReconnect, refusalOf } from '../../client/errors.js';
import { expiryOf } from '../../client/renewal.js';
import { mintToken } from '../fake/tokens.js';

test('the wait doubles up to its ceiling, and is random between half and the whole', () => {
  const shortest = new Backoff({ min: 100, max: 1000, random: () => 0 });
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map(() => shortest.next()),
    [50, 100, 200, 400, 500, 500],
  );
  const longest = new Backoff({ min: 100, max: 1000, random: () => 1 });
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map(() => longest.next()),
    [100, 200, 400, 800, 1000, 1000],
  );
  longest.reset();
  assert.equal(longest.next(), 100);
});

test('only the close codes 4000 to 4099 forbid to come back', () => {
  for (const code of [1000, 1001, 1006, 1011, 1012, 1013, 4100, 4101, 4199]) {
    assert.equal(mayReconnect(code), true, String(code));
  }
  for (const code of [4000, 4001, 4002, 4003, 4099]) assert.equal(mayReconnect(code), false, String(code));
});

test("the hub's address leads to its WebSocket", () => {
  assert.equal(socketUrl('https://hub.example'), 'wss://hub.example/ws');
  assert.equal(socketUrl('http://127.0.0.1:8080/'), 'ws://127.0.0.1:8080/ws');
  assert.equal(socketUrl('wss://hub.example/chat/ws'), 'wss://hub.example/chat/ws');
  assert.equal(socketUrl('https://hub.example', 'one time'), 'wss://hub.example/ws?ticket=one+time');
});

test('a token tells when it runs out, and nonsense tells nothing', () => {
  const expiry = expiryOf(mintToken('ada', { ttl: 60_000 }));
  assert.ok(expiry !== undefined && Math.abs(expiry - Date.now() - 60_000) < 5_000);
  for (const nonsense of ['', 'a.b.c', 'opaque', '..', 'a.bnVsbA.c']) assert.equal(expiryOf(nonsense), undefined);
});

test('a cursor drops what is held, and begins at whatever event a new group begins with', () => {
  const cursors = new Cursors({ a: 5 });
  assert.equal(cursors.accept('a', 5), false);
  assert.equal(cursors.accept('a', 6), true);
  cursors.meet('b');
  assert.deepEqual(cursors.all(), { a: 6, b: 0 });
  assert.equal(cursors.accept('b', 3), true);
  assert.equal(cursors.accept('b', 3), false);
  cursors.startAfter('c', 9);
  assert.equal(cursors.accept('c', 9), false);
  assert.deepEqual(cursors.all(), { a: 6, b: 3, c: 9 });
});

test('what the hub replays after hello is not dropped for a head that has grown meanwhile', () => {
  const cursors = new Cursors();
  cursors.know('a', 3);
  assert.deepEqual(cursors.forHello(), { a: 3 });
  cursors.startAfter('a', 7);
  assert.equal(cursors.accept('a', 4), true);
});

test('a gap moves the cursor on, a reset moves it back', () => {
  const cursors = new Cursors({ a: 5, b: 90 });
  cursors.skip({ group: 'a', from: 6, to: 20, reason: 'too_many' });
  assert.equal(cursors.accept('a', 20), false);
  cursors.skip({ group: 'b', from: 41, to: 90, reason: 'reset' });
  assert.equal(cursors.accept('b', 40), false);
  assert.equal(cursors.accept('b', 41), true);
});

test('a hello names the thousand groups that moved last, and what is missing of the others is told', () => {
  const held = Object.fromEntries(Array.from({ length: MAX_CURSORS + 2 }, (_, at) => [`g${at}`, 5]));
  const cursors = new Cursors(held);
  cursors.accept('g0', 6);
  const named = cursors.forHello();
  assert.equal(Object.keys(named).length, MAX_CURSORS);
  assert.deepEqual([named.g0, named.g1, named.g2, named.g3], [6, undefined, undefined, 5]);
  assert.deepEqual(cursors.startAfter('g0', 9), [], 'it is replayed');
  assert.deepEqual(cursors.startAfter('g1', 8), [{ group: 'g1', from: 6, to: 8, reason: 'too_many' }]);
  assert.deepEqual(cursors.startAfter('g1', 8), [], 'told once');
  assert.deepEqual(cursors.startAfter('g2', 5), [], 'nothing is missing');
  for (const group of Object.keys(held)) cursors.accept(group, 20);
  assert.equal(Object.keys(cursors.takeUnreported() ?? {}).length, MAX_CURSORS);
  assert.equal(Object.keys(cursors.takeUnreported() ?? {}).length, 2);
});

test('delivered marks are reported once', () => {
  const cursors = new Cursors();
  cursors.accept('a', 1);
  cursors.accept('a', 2);
  assert.deepEqual(cursors.takeUnreported(), { a: 2 });
  assert.equal(cursors.takeUnreported(), undefined);
});

test('a listener that throws disturbs neither the others nor who emits', (context) => {
  /** @extends {Emitter<{ it: number }>} */
  class Open extends Emitter {
    /** @param {number} value */
    say(value) {
      this.emit('it', value);
    }
  }
  const later = context.mock.method(globalThis, 'queueMicrotask', () => {});
  const emitter = new Open();
  /** @type {number[]} */
  const heard = [];
  emitter.on('it', () => assert.fail('on purpose'));
  emitter.on('it', (value) => heard.push(value));
  emitter.say(7);
  assert.deepEqual(heard, [7]);
  assert.throws(/** @type {() => void} */ (later.mock.calls[0].arguments[0]), /on purpose/);
});

/** Calls over a line that the test holds in its hand. */
function handLine() {
  /** @type {any[]} */
  const sent = [];
  const line = { up: true, time: 0 };
  const transmit = (/** @type {any} */ frame) =>
    (line.up ? sent.push(structuredClone(frame)) && JSON.stringify(frame).length : undefined);
  const calls = new Calls({ transmit, now: () => line.time, answerTimeout: 100 });
  return { sent, line, calls };
}

test('of one lane a call is under way at a time, lanes do not wait for each other', async () => {
  const { sent, calls } = handLine();
  const first = calls.make({ type: 'send', cid: '1' }, { lane: 'a' });
  void calls.make({ type: 'send', cid: '2' }, { lane: 'a' });
  void calls.make({ type: 'send', cid: '3' }, { lane: 'b' });
  assert.deepEqual(
    sent.map(({ cid }) => cid),
    ['1', '3'],
  );
  calls.answer({ type: 'ack', re: sent[0].id, group: 'a' });
  assert.equal((await first).type, 'ack');
  assert.deepEqual(
    sent.map(({ cid }) => cid),
    ['1', '3', '2'],
  );
});

test('a call without an answer is sent again, as it was', () => {
  const { sent, line, calls } = handLine();
  void calls.make({ type: 'send', cid: '1' }, { lane: 'a' });
  line.time = 99;
  calls.tick();
  assert.equal(sent.length, 1);
  line.time = 100;
  calls.tick();
  assert.deepEqual(sent[1], sent[0]);
});

test('a call is given up at its deadline, one without a deadline never', async () => {
  const { line, calls } = handLine();
  line.up = false;
  const request = calls.make({ type: 'history' }, { timeout: 1000 });
  const send = calls.make({ type: 'send' }, { lane: 'a' });
  line.time = 1_000_000;
  calls.tick();
  await assert.rejects(request, { code: 'timeout' });
  line.up = true;
  calls.tick();
  calls.answer({ type: 'ack', re: 2 });
  assert.equal((await send).re, 2);
});

test('a passing refusal is waited out, and keeps the lane waiting', () => {
  const { sent, line, calls } = handLine();
  void calls.make({ type: 'send', cid: '1' }, { lane: 'a' });
  void calls.make({ type: 'send', cid: '2' }, { lane: 'a' });
  calls.answer({ type: 'error', re: 1, code: 'rate_limited', message: 'slowly', retry_after: 500 });
  line.time = 499;
  calls.tick();
  assert.equal(sent.length, 1);
  line.time = 500;
  calls.tick();
  assert.deepEqual(
    sent.map(({ cid }) => cid),
    ['1', '1'],
  );
});

test("after the first answer, what was meant for a user follows in the group's lane", () => {
  const { sent, calls } = handLine();
  void calls.make({ type: 'send', to: 'bo', cid: '1' }, { lane: 'to:bo' });
  void calls.make({ type: 'send', to: 'bo', cid: '2' }, { lane: 'to:bo' });
  calls.answer({ type: 'ack', re: 1, group: 'g' });
  void calls.make({ type: 'send', group: 'g', cid: '3' }, { lane: 'group:g' });
  assert.deepEqual(
    sent.map(({ cid }) => cid),
    ['1', '2'],
  );
  calls.answer({ type: 'ack', re: 2, group: 'g' });
  assert.deepEqual(
    sent.map(({ cid }) => cid),
    ['1', '2', '3'],
  );
});

test('unsent calls of one key become one, with the newest content', async () => {
  const { sent, line, calls } = handLine();
  line.up = false;
  const reads = [1, 2, 3].map((seq) => calls.make({ type: 'read', group: 'g', seq }, { key: 'read:g' }));
  line.up = true;
  calls.flush();
  assert.deepEqual(
    sent.map(({ seq }) => seq),
    [3],
  );
  calls.answer({ type: 'ok', re: sent[0].id });
  await Promise.all(reads);
});

test('when a frame was too big for the hub, the biggest is given up and the rest repeated', async () => {
  const { sent, calls } = handLine();
  const big = calls.make({ type: 'send', text: 'x'.repeat(1000) }, { lane: 'a' });
  void calls.make({ type: 'send', text: 'small' }, { lane: 'b' });
  calls.lineLost(1009);
  await assert.rejects(big, { code: 'too_large' });
  calls.flush();
  assert.deepEqual(
    sent.slice(2).map(({ text }) => text),
    ['small'],
  );
});

test('a session that was ended for good says why', () => {
  assert.deepEqual([1008, 4001, 4002, 4003, 4004].map(refusalOf), [
    'rate_limited',
    'unauthorized',
    'unauthorized',
    'forbidden',
    'conflict',
  ]);
});
