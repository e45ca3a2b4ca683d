import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { Accounts, Hubbub } from '../../hubbub.js';
import { recorded, until } from '../unit/helpers.js';
import { Line } from './line.js';
import { mintToken, startNode } from './nodes.js';

/** The client module against a real hub, in both encodings. @type {Awaited<ReturnType<typeof startNode>>} */
let hub;
before(async () => {
  hub = await startNode('module');
});
after(() => hub?.node.remove());

const TIMING = { backoffMin: 20, backoffMax: 200, tick: 20, deliveredEvery: 50 };
let people = 0;

/**
 * @param {import("node:test").TestContext} context
 * @param {Partial<import("../../hubbub.js").Options>} options
 */
async function somebody(context, options) {
  const user = `somebody-${(people += 1)}`;
  const token = options.ticket ? undefined : await mintToken(hub.env, '--user', user);
  const client = new Hubbub({ url: hub.url, token, WebSocket, timing: TIMING, ...options });
  context.after(() => client.close());
  return { client, user, log: recorded(client) };
}

for (const encoding of /** @type {const} */ (['json', 'msgpack'])) {
  test(`${encoding}: groups, messages, receipts, presence, history`, async (context) => {
    const [ada, bo] = [await somebody(context, { encoding }), await somebody(context, { encoding })];
    /** @type {any[]} */
    const receipts = [];
    /** @type {any[]} */
    const typing = [];
    ada.client.on('receipt', (receipt) => receipts.push(receipt));
    ada.client.on('typing', (event) => typing.push(event.user));
    const welcome = await bo.client.connect();
    assert.deepEqual([welcome.user, welcome.groups, welcome.more], [bo.user, [], false]);
    await ada.client.connect();

    const group = await ada.client.create({ name: 'Test', members: [bo.user] });
    assert.deepEqual([group.kind, group.name, group.access, group.count], ['group', 'Test', 'members', 2]);
    const data = { big: 2 ** 40, small: -5, half: 0.5, list: [null, true, 'é'] };
    const ack = await ada.client.send({ group: group.id, text: 'Hello 😀', data, cid: 'one' });
    const heard = await until(() => bo.log.messages.find(({ text }) => text === 'Hello 😀'), 'the message');
    assert.deepEqual([heard.seq, heard.from, heard.data, heard.cid], [ack.seq, ada.user, data, undefined]);
    await until(
      () => ada.log.messages.some(({ cid, text }) => cid === 'one' && text === 'Hello 😀'),
      "the sender's own, with its cid",
    );
    assert.deepEqual(await ada.client.send({ group: group.id, text: 'another text', cid: 'one' }), {
      ...ack,
      re: /** @type {any} */ (ack).re + 1,
    });

    const presence = await ada.client.watch([group.id]);
    assert.equal(presence.find(({ id }) => id === bo.user)?.online, true);
    bo.client.typing(group.id);
    await until(() => typing.includes(bo.user), 'typing');
    await until(() => receipts.some(({ user, delivered }) => user === bo.user && delivered === ack.seq), 'delivered');
    await bo.client.read(group.id, ack.seq);
    await until(() => receipts.some(({ user, read }) => user === bo.user && read === ack.seq), 'read');

    const page = await bo.client.history(group.id, { limit: 1 });
    assert.deepEqual([page.messages.map(({ seq }) => seq), page.more], [[ack.seq], true]);
    const earlier = await bo.client.history(group.id, { before: ack.seq });
    assert.deepEqual([earlier.messages.map(({ kind }) => kind), earlier.more], [['joined', 'joined'], false]);

    await ada.client.remove(group.id, [bo.user]);
    await until(() => bo.log.groups.some(({ id, gone }) => id === group.id && gone), 'out');
    await assert.rejects(bo.client.send({ group: group.id, text: 'still here?' }), { code: 'forbidden' });
    for (const { log } of [ada, bo]) assert.deepEqual(log.errors, []);
  });

  test(`${encoding}: nothing is lost or doubled over a line that breaks again and again`, async (context) => {
    const line = await Line.to(hub.url);
    context.after(() => line.close());
    const [ada, bo] = [await somebody(context, { encoding, url: line.url }), await somebody(context, { encoding })];
    await Promise.all([ada.client.connect(), bo.client.connect()]);
    const { id } = await ada.client.create({ name: 'Rope', members: [bo.user] });
    const sends = [];
    for (let round = 0; round < 10; round += 1) {
      for (const from of [ada, bo]) {
        for (let count = 0; count < 3; count += 1) {
          sends.push(from.client.send({ group: id, text: `${from.user} ${round}.${count}` }));
        }
      }
      await until(() => ada.client.state === 'online', 'a connection to break');
      line.cut();
      line.mend();
      await until(() => ada.client.state !== 'online', 'noticed');
    }
    const acks = await Promise.all(sends);
    const last = Math.max(...acks.map(({ seq }) => seq));
    for (const { log } of [ada, bo]) {
      await until(() => log.messages.at(-1)?.seq === last, 'everything came');
      // The creator's first event is the beginning, the other's the one by which they came in.
      const first = log === ada.log ? 1 : 2;
      assert.deepEqual(
        log.messages.map(({ seq }) => seq),
        Array.from({ length: last - first + 1 }, (_, index) => first + index),
      );
    }
    assert.equal(last, 2 + sends.length);
    for (const { user, log } of [ada, bo]) {
      const said = log.messages.filter(({ from, kind }) => from === user && kind === 'text').map(({ text }) => text);
      assert.deepEqual(
        said,
        Array.from({ length: 30 }, (_, index) => `${user} ${Math.floor(index / 3)}.${index % 3}`),
      );
    }
  });
}

for (const encoding of /** @type {const} */ (['json', 'msgpack'])) {
  test(`${encoding}: a conversation as of now, live and in pages, with all that the hub knows of`, async (context) => {
    const [ada, bo] = [await somebody(context, { encoding }), await somebody(context, { encoding })];
    await Promise.all([ada.client.connect(), bo.client.connect()]);
    const { id } = await ada.client.create({ name: 'Crew', members: [bo.user] });
    const timelines = [ada, bo].map(({ client }) => client.timeline(id));
    await Promise.all(timelines.map((timeline) => timeline.earlier()));
    const { seq } = await ada.client.send({ group: id, text: 'Soup?' });
    const reply = await bo.client.reply(id, seq, 'Yes');
    const other = await bo.client.reply(id, seq, 'No');
    const done = await allKnown(ada.client, {
      reaction: async () => {
        for (const { client } of [bo, ada]) await client.react(id, seq, '👍');
        await ada.client.react(id, seq, '🎉');
        await ada.client.react(id, seq, '🎉', false);
      },
      edited: () => ada.client.edit(id, seq, 'Salad?'),
      deleted: () => bo.client.remove(id, other.seq),
      pinned: () => ada.client.pin(id, seq),
    });
    const end = await ada.client.send({ group: id, text: 'end' });
    for (const [place, { client, user }] of [ada, bo].entries()) {
      const timeline = timelines[place];
      await until(() => timeline.events.at(-1)?.seq === end.seq, 'all has come');
      const event = timeline.events.find((each) => each.seq === seq);
      assert.equal(event?.text, done.includes('edited') ? 'Salad?' : 'Soup?');
      const thumbs = [{ emoji: '👍', count: 2, mine: true }];
      assert.deepEqual(event?.reactions, done.includes('reaction') ? thumbs : undefined);
      assert.equal(event?.replies, done.includes('deleted') ? 1 : 2);
      assert.equal(event?.pinned, done.includes('pinned') ? true : undefined);
      const gone = timeline.events.find((each) => each.seq === other.seq);
      assert.deepEqual(gone?.deleted?.by, done.includes('deleted') ? bo.user : undefined);
      // As a client that comes now has it, from pages alone.
      const late = await somebody(context, { encoding, token: await mintToken(hub.env, '--user', user) });
      await late.client.connect();
      const fresh = late.client.timeline(id);
      await fresh.earlier();
      assert.deepEqual(fresh.events, timeline.events);
      const { messages } = await client.history(id, { before: reply.seq, limit: 1 });
      assert.deepEqual({ ...messages[0], replies: event?.replies }, event);
    }
  });
}

/**
 * Does what the hub knows of, one after the other; the kinds that it does know.
 *
 * @param {Hubbub} client
 * @param {Record<string, () => Promise<any>>} deeds
 */
async function allKnown({ features }, deeds) {
  const known = Object.entries(deeds).filter(([kind]) => features.includes(`kind:${kind}`));
  for (const [, act] of known) await act();
  return known.map(([kind]) => kind);
}

test('a cursor from the future is set back', async (context) => {
  const ada = await somebody(context, {});
  await ada.client.connect();
  const { id, head } = await ada.client.create({ name: 'Time' });
  ada.client.close();
  const again = await somebody(context, {
    token: await mintToken(hub.env, '--user', ada.user),
    cursors: { [id]: head + 40 },
  });
  await again.client.connect();
  const gap = await until(() => again.log.gaps[0], 'told');
  assert.deepEqual([gap.from, gap.to, gap.reason], [head + 1, head + 40, 'reset']);
  const { seq } = await again.client.send({ group: id, text: 'now' });
  await until(() => again.log.messages.some((message) => message.seq === seq), 'what is new is seen');
});

test('a direct chat is one, whoever begins it', async (context) => {
  const [ada, bo] = [await somebody(context, {}), await somebody(context, {})];
  await Promise.all([ada.client.connect(), bo.client.connect()]);
  const acks = await Promise.all([
    ada.client.send({ to: bo.user, text: 'hi' }),
    bo.client.send({ to: ada.user, text: 'hey' }),
  ]);
  assert.equal(acks[0].group, acks[1].group);
  for (const { log } of [ada, bo]) {
    await until(() => log.messages.filter(({ kind }) => kind === 'text').length === 2, 'both see both');
  }
});

test('a ticket is good for one connection, a forged token for none', async (context) => {
  const accounts = new Accounts(hub.url);
  const { token, user } = await accounts.register({ username: 'ticket-holder', password: 'correct horse battery' });
  const ada = await somebody(context, { ticket: async () => (await accounts.ticket(token)).ticket });
  assert.equal((await ada.client.connect()).user, user);
  const forger = await somebody(context, { token: `${token}x` });
  await assert.rejects(forger.client.connect(), { code: 'unauthorized' });
});

test('a session outlives its token when there is a new one', async (context) => {
  // Made beforehand: what is left of a token when it is renewed is too short to make another on a busy machine.
  const tokens = await Promise.all(
    ['5s', '9s', '1h'].map((ttl) => mintToken(hub.env, '--user', 'renewer', '--ttl', ttl)),
  );
  let asked = 0;
  const token = () => {
    asked += 1;
    return tokens[asked - 1];
  };
  const renewed = await somebody(context, { token });
  await renewed.client.connect();
  await until(() => asked === 3, 'renewed twice');
  assert.equal(renewed.log.states.filter(({ state }) => state === 'connecting').length, 1);
  await renewed.client.create({ name: 'Still here' });
  assert.deepEqual(renewed.log.errors, []);
});

test('what is too large is refused, and disturbs nothing else', async (context) => {
  const ada = await somebody(context, {});
  await ada.client.connect();
  const { id } = await ada.client.create({ name: 'Small' });
  await assert.rejects(ada.client.send({ group: id, text: 'x'.repeat(4001) }), { code: 'too_large' });
  const huge = ada.client.send({ group: id, text: 'x'.repeat(1_000_000) });
  await assert.rejects(huge, { code: 'too_large' });
  assert.equal((await ada.client.send({ group: id, text: 'x'.repeat(4000) })).group, id);
});
