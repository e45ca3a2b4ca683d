import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Accounts, HubbubError, newCid } from '../../hubbub.js';
import { fixture, recorded, until } from './helpers.js';

test('history pages back and forth', async (context) => {
  const { world, client } = await fixture(context);
  const group = world.createGroup('ada', { name: 'Diary' });
  for (let day = 1; day <= 9; day += 1) world.append(group, 'ada', { text: `day ${day}` });
  const ada = client('ada');
  await ada.connect();
  const newest = await ada.history(group.id, { limit: 4 });
  assert.deepEqual([newest.messages.map(({ seq }) => seq), newest.more], [[7, 8, 9, 10], true]);
  const oldest = await ada.history(group.id, { before: 4 });
  assert.deepEqual([oldest.messages.map(({ seq }) => seq), oldest.more], [[1, 2, 3], false]);
  const later = await ada.history(group.id, { after: 8 });
  assert.deepEqual(
    later.messages.map(({ seq }) => seq),
    [9, 10],
  );
});

test('groups beyond welcome are paged, live, and resumed', async (context) => {
  const { node, world, client } = await fixture(context);
  const all = Array.from({ length: 205 }, (_, index) => world.createGroup('ada', { name: `Group ${index}` }));
  const ada = client('ada');
  const log = recorded(ada);
  const welcome = await ada.connect();
  assert.deepEqual([welcome.groups.length, welcome.more], [200, true]);
  const rest = await ada.groups({ after: welcome.groups[199].id, limit: 200 });
  assert.deepEqual([rest.groups.length, rest.more], [5, false]);
  await node.kill();
  const last = /** @type {any} */ (all.find(({ id }) => id === rest.groups[4].id));
  world.append(last, 'ada', { text: 'missed' });
  await node.start();
  await until(() => log.messages.some(({ text }) => text === 'missed'), 'resumed');
});

test('members come and go', async (context) => {
  const { world, client } = await fixture(context);
  const [ada, bo] = [client('ada'), client('bo')];
  const log = recorded(bo);
  await Promise.all([ada.connect(), bo.connect()]);
  const group = await ada.create({ name: 'Band', access: 'open' });
  await bo.join(group.id);
  await bo.leave(group.id);
  await ada.add(group.id, ['bo']);
  await assert.rejects(bo.remove(group.id, ['ada']), { code: 'forbidden' });
  await ada.remove(group.id, ['bo']);
  assert.deepEqual(world.groups.get(group.id)?.members, ['ada']);
  await until(() => log.groups.filter(({ gone }) => gone).length === 2, 'told each time');
  assert.deepEqual(world.breaches, []);
});

test('a create that is repeated after a lost reply makes one group', async (context) => {
  const { node, world, client } = await fixture(context);
  const ada = client('ada');
  await ada.connect();
  node.intercept = (frame, session) => {
    if (frame.type !== 'create' || node.sessions.length > 1) return false;
    world.createGroup('ada', frame);
    session.cut();
    return true;
  };
  await ada.create({ name: 'Once' });
  assert.equal(world.groups.size, 1);
});

test('read marks, receipts and delivered marks reach the others', async (context) => {
  const { world, client } = await fixture(context);
  const group = world.createGroup('ada', { name: 'Two', members: ['bo'] });
  const [ada, bo] = [client('ada'), client('bo')];
  /** @type {any[]} */
  const receipts = [];
  ada.on('receipt', (receipt) => receipts.push(receipt));
  await Promise.all([ada.connect(), bo.connect()]);
  const { seq } = await ada.send({ group: group.id, text: 'seen?' });
  await until(
    () => receipts.some(({ user, delivered, read }) => user === 'bo' && delivered === seq && read < seq),
    'delivered',
  );
  await bo.read(group.id, seq);
  await until(() => receipts.some(({ user, read }) => user === 'bo' && read === seq), 'read');
});

test('who is watched is shown, also after a reconnect', async (context) => {
  const { node, world, client } = await fixture(context);
  const group = world.createGroup('ada', { name: 'Two', members: ['bo'] });
  const [ada, bo] = [client('ada'), client('bo', { timing: { typingEvery: 60_000 } })];
  /** @type {any[]} */
  const seen = [];
  ada.on('presence', (users) => seen.push(...users));
  /** @type {any[]} */
  const typing = [];
  ada.on('typing', (event) => typing.push(event.user));
  await ada.connect();
  const before = await ada.watch([group.id]);
  assert.deepEqual(
    before.map(({ id, online }) => [id, online]),
    [
      ['ada', true],
      ['bo', false],
    ],
  );

  await bo.connect();
  await until(() => seen.some(({ id, online }) => id === 'bo' && online), 'bo comes online');
  for (let key = 0; key < 10; key += 1) bo.typing(group.id);
  await until(() => typing.length === 1, 'bo types');
  await bo.read(group.id, 1);
  assert.equal(node.session.received.filter(({ type }) => type === 'typing').length, 1);

  node.sessions[0].cut();
  await until(() => node.session.received.some(({ type }) => type === 'watch'), 'watched again');
  seen.length = 0;
  bo.close();
  await until(
    () => seen.some(({ id, online, last_seen: since }) => id === 'bo' && !online && since > 0),
    'bo goes offline',
  );
});

test('accounts: register, log in, find people; problems become errors', async (context) => {
  const { node, world } = await fixture(context);
  const accounts = new Accounts(node.url);
  const registered = await accounts.register({ username: 'ada', password: 'correct horse', name: 'Ada Lovelace' });
  assert.equal(registered.user, 'ada');
  const { token } = await accounts.login({ username: 'ada', password: 'correct horse' });
  assert.deepEqual(
    (await accounts.find(token, 'a')).map(({ id, name }) => [id, name]),
    [['ada', 'Ada Lovelace']],
  );
  const refusal = accounts.login({ username: 'ada', password: 'wrong' });
  await assert.rejects(
    refusal,
    (error) => error instanceof HubbubError && error.status === 401 && error.code === 'unauthorized',
  );
  await assert.rejects(accounts.register({ username: 'ada', password: 'other password' }), { code: 'conflict' });
  world.accountsOn = false;
  await assert.rejects(accounts.login({ username: 'ada', password: 'correct horse' }), { status: 404 });
  await node.kill();
  await assert.rejects(accounts.find(token, 'a'), { code: 'unreachable' });
  await node.start();
});

test('accounts: what no hub can have answered is no answer', async () => {
  const answers = [
    () => new Response('<title>Log in to this network</title>', { status: 200 }),
    () => new Response('{"token": "ab', { status: 200 }),
  ];
  for (const answer of answers) {
    const accounts = new Accounts('https://hub.example', async () => answer());
    await assert.rejects(accounts.renew('good'), { name: 'HubbubError', code: 'unreachable' });
  }
  const proxy = new Accounts(
    'https://hub.example',
    async () => new Response('<title>Bad gateway</title>', { status: 502 }),
  );
  await assert.rejects(proxy.renew('good'), { code: 'http_502', status: 502 });
});

test('cids fit the protocol and do not repeat', () => {
  const cids = Array.from({ length: 1000 }, newCid);
  assert.equal(new Set(cids).size, 1000);
  for (const cid of cids) assert.match(cid, /^[0-9a-z]{30}$/);
});
