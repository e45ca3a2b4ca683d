import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, recorded, until } from './helpers.js';

/** @param {import("../fake/world.js").World} world @param {any} group @param {number} count */
function say(world, group, count) {
  for (let index = 0; index < count; index += 1) world.append(group, 'bo', { text: `message ${group.events.length}` });
}

test('what was missed while the line was down comes once and in order', async (context) => {
  const { node, world, client } = await fixture(context);
  const ada = client('ada');
  const groups = [
    world.createGroup('bo', { name: 'One', members: ['ada'] }),
    world.createGroup('bo', { name: 'Two', members: ['ada'] }),
  ];
  const log = recorded(ada);
  await ada.connect();
  for (let round = 0; round < 5; round += 1) {
    for (const group of groups) say(world, group, 3);
    node.session.cut();
    for (const group of groups) say(world, group, 3);
    await until(() => log.messages.length === (round + 1) * 12, 'all came');
  }
  for (const group of groups) {
    const seqs = log.messages.filter((message) => message.group === group.id).map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      Array.from({ length: 30 }, (_, index) => index + 3),
    );
  }
  assert.deepEqual(world.breaches, []);
});

test('a group that was silent before the line went down is resumed too', async (context) => {
  const { node, world, client } = await fixture(context);
  const ada = client('ada');
  const log = recorded(ada);
  await ada.connect();
  const { id } = await ada.create({ name: 'New' });
  await until(() => log.messages.length === 1, 'its first event');
  await node.kill();
  const group = /** @type {any} */ (world.groups.get(id));
  say(world, group, 2);
  await node.start();
  await until(() => log.messages.length === 3, 'what was missed');
  assert.deepEqual(
    log.messages.map(({ seq }) => seq),
    [1, 2, 3],
  );
});

test('an event that comes twice is shown once', async (context) => {
  const { node, world, client } = await fixture(context);
  const ada = client('ada');
  const group = world.createGroup('bo', { name: 'Echo', members: ['ada'] });
  const log = recorded(ada);
  await ada.connect();
  say(world, group, 3);
  for (const event of group.events) node.session.say({ type: 'message', ...event });
  say(world, group, 1);
  await until(() => log.messages.some(({ seq }) => seq === 6), 'the last came');
  assert.deepEqual(
    log.messages.map(({ seq }) => seq),
    [3, 4, 5, 6],
  );
});

test('cursors of an earlier client go on where it was', async (context) => {
  const { world, client } = await fixture(context);
  const group = world.createGroup('bo', { name: 'Long', members: ['ada'] });
  const first = client('ada');
  await first.connect();
  say(world, group, 2);
  await until(() => first.cursors[group.id] === 4, 'the first holds them');
  first.close();
  say(world, group, 2);
  const second = client('ada', { cursors: first.cursors });
  const log = recorded(second);
  await second.connect();
  await until(() => log.messages.length === 2, 'the second gets the rest');
  assert.deepEqual(
    log.messages.map(({ seq }) => seq),
    [5, 6],
  );
});

test('too many missed: one gap, then the newest', async (context) => {
  const { world, client } = await fixture(context);
  const group = world.createGroup('bo', { name: 'Busy', members: ['ada'] });
  say(world, group, 1203);
  const ada = client('ada', { cursors: { [group.id]: 5 } });
  const log = recorded(ada);
  await ada.connect();
  await until(() => log.messages.length === 1000, 'the newest thousand');
  assert.deepEqual(
    log.gaps.map(({ from, to, reason }) => [from, to, reason]),
    [[6, 205, 'too_many']],
  );
  assert.equal(log.messages[0].seq, 206);
});

test('what retention took is told as a gap, and the rest replayed', async (context) => {
  const { world, client } = await fixture(context);
  const group = world.createGroup('bo', { name: 'Old', members: ['ada'] });
  say(world, group, 8);
  group.first = 6;
  const ada = client('ada', { cursors: { [group.id]: 2 } });
  const log = recorded(ada);
  await ada.connect();
  await until(() => log.messages.length === 5, 'what is kept');
  assert.deepEqual(
    log.gaps.map(({ from, to, reason }) => [from, to, reason]),
    [[3, 5, 'expired']],
  );
});

test('a cursor above the head is set back, and what follows is new', async (context) => {
  const { world, client } = await fixture(context);
  const group = world.createGroup('bo', { name: 'Restored', members: ['ada'] });
  say(world, group, 1);
  const ada = client('ada', { cursors: { [group.id]: 50 } });
  const log = recorded(ada);
  await ada.connect();
  await until(() => log.gaps.length === 1, 'told');
  assert.deepEqual([log.gaps[0].from, log.gaps[0].reason], [4, 'reset']);
  say(world, group, 1);
  await until(() => log.messages.length === 1, 'the new one');
  assert.equal(log.messages[0].seq, 4);
});

test('a group that one is taken out of is forgotten, and begins anew when one comes back', async (context) => {
  const { world, client } = await fixture(context);
  const group = world.createGroup('bo', { name: 'Revolving', members: ['ada'] });
  const ada = client('ada');
  const log = recorded(ada);
  await ada.connect();
  world.removeMembers(group, 'bo', ['ada']);
  await until(() => log.groups.some(({ gone }) => gone), 'told to be out');
  assert.equal(ada.cursors[group.id], undefined);
  world.addMembers(group, 'bo', ['ada']);
  await until(() => log.messages.at(-1)?.kind === 'joined', 'told to be in');
  assert.equal(ada.cursors[group.id], 4);
});

test('a frame that cannot be read is skipped and told of', async (context) => {
  const { node, world, client } = await fixture(context);
  const ada = client('ada', { encoding: 'msgpack' });
  const group = world.createGroup('bo', { name: 'Noise', members: ['ada'] });
  const log = recorded(ada);
  await ada.connect();
  node.session.sayBytes(Uint8Array.of(0xc1));
  say(world, group, 1);
  await until(() => log.messages.length === 1, 'the next is read');
  assert.deepEqual(
    log.errors.map(({ code }) => code),
    ['bad_frame'],
  );
  assert.equal(node.sessions.length, 1);
});
