import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, recorded, until } from './helpers.js';

/** @type {("json" | "msgpack")[]} */
const ENCODINGS = ['json', 'msgpack'];

for (const encoding of ENCODINGS) {
  test(`${encoding}: a message is acked, seen by both, and carries its cid to the sender alone`, async (context) => {
    const { world, client } = await fixture(context);
    world.user('bo');
    const [ada, bo] = [client('ada', { encoding }), client('bo', { encoding })];
    const [seenByAda, seenByBo] = [recorded(ada), recorded(bo)];
    await Promise.all([ada.connect(), bo.connect()]);

    const { id } = await ada.create({ name: 'Lunch', members: ['bo'] });
    const ack = await ada.send({ group: id, text: 'Soup? 😀', data: { big: 2 ** 40 }, cid: 'c1' });
    assert.equal(ack.seq, 3);
    const mine = await until(() => seenByAda.messages[2], 'the sender sees it');
    const theirs = await until(() => seenByBo.messages[1], 'the other sees it');
    assert.equal(mine.cid, 'c1');
    assert.equal(theirs.cid, undefined);
    assert.deepEqual([theirs.text, theirs.data, theirs.from, theirs.n], ['Soup? 😀', { big: 2 ** 40 }, 'ada', 1]);
    assert.equal(seenByBo.groups[0].name, 'Lunch');
    assert.deepEqual(world.breaches, []);
  });
}

test('what is sent without a connection goes out in order when there is one', async (context) => {
  const { node, world, client } = await fixture(context);
  const ada = client('ada');
  const group = world.createGroup('ada', { name: 'Notes' });
  const sends = ['one', 'two', 'three'].map((text) => ada.send({ group: group.id, text }));
  await ada.connect();
  assert.deepEqual(
    (await Promise.all(sends)).map(({ seq }) => seq),
    [2, 3, 4],
  );

  await node.kill();
  const later = ['four', 'five'].map((text) => ada.send({ group: group.id, text }));
  await node.start();
  await Promise.all(later);
  assert.deepEqual(
    group.events.slice(1).map(({ text }) => text),
    ['one', 'two', 'three', 'four', 'five'],
  );
});

test('a send whose ack was lost is repeated with its cid, and stored once', async (context) => {
  const { node, world, client } = await fixture(context);
  const ada = client('ada');
  const group = world.createGroup('ada', { name: 'Notes' });
  const log = recorded(ada);
  await ada.connect();
  let cuts = 0;
  node.intercept = (frame, session) => {
    if (frame.type !== 'send' || cuts === 2) return false;
    cuts += 1;
    if (!group.acks.has(`ada ${frame.cid}`)) world.append(group, 'ada', { cid: frame.cid, text: frame.text });
    session.cut();
    return true;
  };
  const ack = await ada.send({ group: group.id, text: 'once' });
  assert.equal(ack.seq, 2);
  assert.deepEqual(
    group.events.map(({ text }) => text),
    [undefined, 'once'],
  );
  await until(() => log.messages.length === 1, 'seen once');
  assert.equal(node.sessions.length, 3);
});

test('an answer that does not come is asked for again on the same connection', async (context) => {
  const { node, world, client } = await fixture(context);
  const ada = client('ada', { timing: { answerTimeout: 20 } });
  const group = world.createGroup('ada', { name: 'Notes' });
  await ada.connect();
  let swallowed = 0;
  node.intercept = (frame) => {
    if (frame.type !== 'send') return false;
    swallowed += 1;
    return swallowed < 3;
  };
  await ada.send({ group: group.id, text: 'once' });
  assert.equal(node.sessions.length, 1);
  assert.equal(swallowed, 3);
});

for (const code of ['rate_limited', 'overloaded', 'unavailable']) {
  test(`${code}: the same cid again after retry_after, and nothing overtakes`, async (context) => {
    const { node, world, client } = await fixture(context);
    const ada = client('ada');
    const group = world.createGroup('ada', { name: 'Notes' });
    await ada.connect();
    let refused = 0;
    node.intercept = (frame, session) => {
      if (frame.type !== 'send' || refused === 2) return false;
      refused += 1;
      session.say({ type: 'error', re: frame.id, code, message: 'later', retry_after: 5 });
      return true;
    };
    await Promise.all(['one', 'two'].map((text) => ada.send({ group: group.id, text })));
    assert.deepEqual(
      group.events.slice(1).map(({ text }) => text),
      ['one', 'two'],
    );
    const cids = node.session.received.filter(({ type }) => type === 'send').map(({ cid }) => cid);
    assert.equal(new Set(cids.slice(0, 3)).size, 1);
  });
}

test('a send that the hub refuses is rejected, and the next goes on', async (context) => {
  const { world, client } = await fixture(context);
  const ada = client('ada');
  const foreign = world.createGroup('bo', { name: "Not ada's" });
  const own = world.createGroup('ada', { name: "Ada's" });
  await ada.connect();
  await assert.rejects(ada.send({ group: foreign.id, text: 'let me in' }), { name: 'HubbubError', code: 'forbidden' });
  await assert.rejects(ada.send({ group: 'nowhere', text: 'hello?' }), { code: 'not_found' });
  assert.equal((await ada.send({ group: own.id, text: 'hello' })).seq, 2);
});

test('a message to a user makes the direct chat', async (context) => {
  const { world, client } = await fixture(context);
  const [ada, bo] = [client('ada'), client('bo')];
  const log = recorded(bo);
  await Promise.all([ada.connect(), bo.connect()]);
  const acks = await Promise.all(['hi', 'there'].map((text) => ada.send({ to: 'bo', text })));
  assert.deepEqual(
    acks.map(({ seq }) => seq),
    [2, 3],
  );
  await until(() => log.messages.length === 3, 'both arrive');
  assert.deepEqual(
    log.messages.slice(1).map(({ text, group }) => [text, group]),
    [
      ['hi', acks[0].group],
      ['there', acks[0].group],
    ],
  );
  assert.equal(log.groups[0].kind, 'direct');
  assert.deepEqual(world.breaches, []);
});

test('closing rejects what is unanswered', async (context) => {
  const { client } = await fixture(context);
  const ada = client('ada');
  const send = ada.send({ to: 'bo', text: 'never' });
  const connecting = ada.connect();
  ada.close();
  await assert.rejects(send, { code: 'closed' });
  await assert.rejects(connecting, { code: 'closed' });
  assert.equal(ada.state, 'stopped');
});
