import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, recorded, until } from './helpers.js';

const KINDS = ['kind:deleted', 'kind:edited', 'kind:pinned', 'kind:reaction'];

/**
 * Two who are connected, with a group of theirs, and the first one's timeline of it.
 *
 * @param {import("node:test").TestContext} context
 */
async function chat(context, encoding = /** @type {"json" | "msgpack"} */ ('json')) {
  const { node, world, client } = await fixture(context);
  world.features = KINDS;
  const [ada, bo] = [client('ada', { encoding }), client('bo', { encoding })];
  await Promise.all([ada.connect(), bo.connect()]);
  const { id } = await ada.create({ name: 'Crew', members: ['bo'] });
  const group = /** @type {import("../fake/world.js").GroupState} */ (world.groups.get(id));
  const timeline = ada.timeline(id);
  await timeline.earlier();
  const at = (/** @type {number} */ seq) => timeline.events.find((event) => event.seq === seq);
  return { node, world, ada, bo, group, id, timeline, at };
}

for (const encoding of /** @type {const} */ (['json', 'msgpack'])) {
  test(`what people do shows at once, in ${encoding}, and the same in pages`, async (context) => {
    const { world, ada, bo, id, timeline, at } = await chat(context, encoding);
    const { seq } = await ada.send({ group: id, text: 'Soup?' });
    await bo.react(id, seq, '👍');
    await ada.react(id, seq, '👍');
    await ada.react(id, seq, '🎉');
    await ada.react(id, seq, '🎉', false);
    await ada.edit(id, seq, 'Salad?', { mentions: ['bo'] });
    await bo.pin(id, seq);
    const answer = await bo.reply(id, seq, 'Yes');
    const other = await bo.reply(id, seq, 'No');
    await bo.remove(id, other.seq);
    await until(() => at(other.seq)?.deleted, 'all has come');
    const { text, reactions, pinned, replies, edited } = at(seq) ?? {};
    assert.deepEqual([text, pinned, replies, typeof edited], ['Salad?', true, 1, 'number']);
    assert.deepEqual(reactions, [{ emoji: '👍', count: 2, mine: true }]);
    assert.equal(at(answer.seq)?.ref, `${id}:${seq}`);
    assert.deepEqual(at(other.seq)?.deleted?.by, 'bo');

    const page = await ada.history(id);
    assert.deepEqual(page.messages.map(withoutMentions), timeline.events.map(withoutMentions));
    assert.deepEqual((await ada.pins(id)).messages.map((event) => event.seq), [seq]);
    assert.deepEqual((await ada.history(id, { ref: `${id}:${seq}` })).messages.map((event) => event.seq), [answer.seq]);
    const raw = await ada.history(id, { raw: true });
    assert.ok(raw.messages.some(({ kind, data }) => kind === 'reaction' && data?.count === 2));
    assert.equal(raw.messages.find((event) => event.seq === seq)?.text, 'Soup?');
    assert.deepEqual((await ada.reactions(id, seq, { emoji: '👍' })).users.map((user) => user.id), ['bo', 'ada']);
    assert.deepEqual(world.breaches, []);
  });
}

/** @param {any} event */
const withoutMentions = ({ mentions, ...event }) => event;

test('who has seen an event, and who somebody is', async (context) => {
  const { world, ada, bo, id } = await chat(context);
  const { seq } = await ada.send({ group: id, text: 'seen?' });
  await bo.read(id, seq);
  assert.deepEqual((await ada.seen(id, seq)).read.sort(), ['ada', 'bo']);
  assert.equal((await ada.me({ about: 'I sail' })).about, 'I sail');
  assert.equal((await ada.me()).about, 'I sail');
  assert.deepEqual(world.breaches, []);
});

test('what the hub does not know is refused here, in a sentence, and sent once it does', async (context) => {
  const { node, world, ada, id, group } = await chat(context);
  const { seq } = await ada.send({ group: id, text: 'hm' });
  world.changeFeatures(['direct']);
  await until(() => ada.features.length === 1, 'told');
  const before = node.sessions.flatMap(({ received }) => received).length;
  for (const refused of [ada.react(id, seq, '👍'), ada.edit(id, seq, 'x'), ada.remove(id, seq), ada.pin(id, seq)]) {
    await assert.rejects(refused, { code: 'unsupported', message: /this hub does not know/ });
  }
  assert.equal(node.sessions.flatMap(({ received }) => received).length, before);
  world.changeFeatures(['direct', 'kind:reaction']);
  await until(() => ada.features.length === 2, 'told');
  await ada.react(id, seq, '👍');
  assert.equal(group.events.at(-1)?.kind, 'reaction');
});

test('what may not be is rejected with its code', async (context) => {
  const { ada, bo, id } = await chat(context);
  const { seq } = await ada.send({ group: id, text: 'mine' });
  await assert.rejects(bo.edit(id, seq, 'yours'), { code: 'forbidden' });
  await assert.rejects(bo.remove(id, seq), { code: 'forbidden' });
  await assert.rejects(bo.react(id, 999, '👍'), { code: 'not_found' });
  await ada.remove(id, seq);
  await assert.rejects(bo.react(id, seq, '👍'), { code: 'conflict' });
  await assert.rejects(bo.remove(id, ['ada']), { code: 'forbidden' });
});

test('said before the first welcome, the hub decides', async (context) => {
  const { world, client } = await fixture(context);
  const group = world.createGroup('ada', { name: 'Diary' });
  const { seq } = world.append(group, 'ada', { text: 'hm' });
  world.features = [];
  const ada = client('ada');
  const early = ada.react(group.id, seq, '👍');
  void ada.connect();
  await assert.rejects(early, { code: 'unsupported' });
});

test('a line that breaks repeats what was done, and it is done once', async (context) => {
  const { node, ada, id, at, group } = await chat(context);
  const { seq } = await ada.send({ group: id, text: 'hm' });
  const cut = new Set();
  node.intercept = (frame, session) => {
    if (frame.kind !== 'reaction' || cut.has(frame.cid)) return;
    cut.add(frame.cid);
    session.cut();
    return true;
  };
  await ada.react(id, seq, '👍');
  await until(() => at(seq)?.reactions, 'it shows');
  assert.equal(group.events.filter(({ kind }) => kind === 'reaction').length, 1);
});

test('a page that was read before what is known by now is brought up to date', async (context) => {
  const { node, world, ada, group, id } = await chat(context);
  const { seq } = world.append(group, 'bo', { text: 'first' });
  const log = recorded(ada);
  node.intercept = (frame, session) => {
    if (frame.type !== 'history') return;
    node.intercept = undefined;
    const messages = world.shownTo(group, 'ada');
    const page = { type: 'history', re: frame.id, group: id, messages, more: false, as_of: seq };
    world.append(group, 'bo', { kind: 'edited', ref: `${id}:${seq}`, text: 'second' });
    world.append(group, 'bo', { kind: 'reaction', ref: `${id}:${seq}`, data: { emoji: '👍', on: true } });
    session.say(page);
    return true;
  };
  const { messages } = await ada.history(id);
  assert.deepEqual([messages.at(-1)?.text, messages.at(-1)?.reactions?.[0].count], ['second', 1]);
  assert.deepEqual(log.messages.map(({ kind }) => kind), ['text', 'edited', 'reaction']);
});

test('a gap drops what is held, and pages bring back what there is', async (context) => {
  const { node, world, ada, group, id, timeline } = await chat(context);
  await ada.send({ group: id, text: 'kept' });
  const log = recorded(ada);
  await node.kill();
  for (let left = 1005; left > 0; left -= 1) world.append(group, 'bo', { text: `${left}` });
  await node.start();
  await until(() => log.messages.at(-1)?.text === '1', 'replayed');
  assert.deepEqual([timeline.events.length, timeline.events[0].text], [1000, '1000']);
  await timeline.earlier();
  assert.equal(timeline.events.find(({ text }) => text === 'kept')?.text, 'kept');
  assert.deepEqual(timeline.events.map(({ seq }) => seq), group.events.map(({ seq }) => seq));
});

test('who is out of a group holds nothing of it but what was not sent', async (context) => {
  const { node, world, ada, bo, id, timeline } = await chat(context);
  const log = recorded(bo);
  const boTimeline = bo.timeline(id);
  await bo.send({ group: id, text: 'hello' });
  await until(() => boTimeline.events.length > 0, 'held');
  node.intercept = (frame) => frame.type === 'send';
  const unsent = bo.send({ group: id, text: 'still mine' });
  await ada.remove(id, ['bo']);
  await until(() => log.groups.some(({ gone }) => gone), 'told');
  assert.deepEqual([boTimeline.events, bo.groupState(id)], [[], undefined]);
  assert.ok(timeline.events.length > 0, 'the others hold theirs');
  node.intercept = undefined;
  await ada.add(id, ['bo']);
  for (const session of node.sessions) session.cut();
  assert.equal((await unsent).group, id);
  assert.deepEqual(world.breaches, []);
});

test('what falls below the first that is kept is let go', async (context) => {
  const { node, world, ada, group, id, timeline } = await chat(context);
  const { seq } = await ada.send({ group: id, text: 'young' });
  await until(() => timeline.events.at(-1)?.seq === seq, 'held');
  group.first = seq;
  for (const session of node.sessions) session.say({ type: 'group', ...world.describe(group, 'ada') });
  await until(() => timeline.events.length === 1, 'let go');
  assert.equal(timeline.events[0].text, 'young');
});

test('a timeline is one for each group until it is closed, and lets go of what is old', async (context) => {
  const { ada, id, timeline } = await chat(context);
  for (let left = 5; left > 0; left -= 1) await ada.send({ group: id, text: `${left}` });
  await until(() => timeline.events.at(-1)?.text === '1', 'held');
  assert.equal(ada.timeline(id), timeline);
  timeline.trim(timeline.events[timeline.events.length - 2].seq);
  assert.deepEqual([timeline.events.map(({ text }) => text), timeline.hasEarlier], [['2', '1'], true]);
  await Promise.all([timeline.earlier(2), timeline.earlier(2)]);
  assert.deepEqual(timeline.events.map(({ text }) => text), ['4', '3', '2', '1']);
  const { events } = timeline;
  assert.equal(timeline.events, events, 'the same until it changes');
  timeline.close();
  assert.notEqual(ada.timeline(id), timeline);
});

test('a group is named as its newest event says', async (context) => {
  const { world, ada, group, id } = await chat(context);
  assert.equal(ada.groupState(id)?.name, 'Crew');
  /** @type {any[]} */
  const seen = [];
  ada.on('message', ({ kind }) => kind === 'updated' && seen.push(ada.groupState(id)?.name));
  world.append(group, 'bo', { kind: 'updated', data: { name: 'Band', archived: true } });
  await until(() => seen.length === 1, 'told');
  assert.deepEqual([seen, ada.groupState(id)?.archived], [['Band'], true]);
});
