import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Accounts } from '../../hubbub.js';
import { FakeNode } from '../fake/server.js';
import { mintToken } from '../fake/tokens.js';
import { fixture, recorded, until } from './helpers.js';

test('the first frame is hello with token, device and cursors, and welcome answers connect', async (context) => {
  const { node, client } = await fixture(context);
  const token = mintToken('ada');
  const ada = client('ada', { token, device: 'kitchen', cursors: { g: 3 } });
  const welcome = await ada.connect();
  assert.equal(welcome.user, 'ada');
  assert.deepEqual(node.session.received[0], {
    type: 'hello',
    id: 'hello',
    token,
    device: 'kitchen',
    cursors: { g: 3 },
  });
  assert.equal(ada.session, welcome);
  assert.equal(await ada.connect(), welcome);
});

test('features are those of the last welcome or frame, and their changes are told', async (context) => {
  const { node, world, client } = await fixture(context);
  const ada = client('ada');
  /** @type {string[][]} */
  const told = [];
  ada.on('features', (features) => told.push(features));
  await ada.connect();
  const [before, more] = [world.features, [...world.features, 'kind:pinned']];
  assert.deepEqual(ada.features, before);
  world.changeFeatures(more);
  await until(() => ada.features.includes('kind:pinned'), 'told of more');
  // The same again is no news; what changed while the line was cut is.
  world.changeFeatures(more);
  node.session.cut();
  world.features = before;
  await until(() => node.sessions.length === 2 && ada.state === 'online', 'reconnected');
  assert.deepEqual(ada.features, before);
  assert.deepEqual(told, [before, more, before]);
});

test('a token is asked for at each connect', async (context) => {
  const { node, client } = await fixture(context);
  let asked = 0;
  const token = async () => {
    asked += 1;
    return mintToken('ada', { ttl: 1_000_000 + asked });
  };
  const ada = client('ada', { token });
  await ada.connect();
  node.session.cut();
  await until(() => node.sessions.length === 2 && ada.state === 'online', 'reconnected');
  assert.equal(asked, 2);
});

test('a ticket is got for each connect, and needs no token', async (context) => {
  const { node, world, client } = await fixture(context);
  const accounts = new Accounts(node.url);
  const { token } = await accounts.register({ username: 'ada', password: 'correct horse' });
  const ada = client('ada', { token: undefined, ticket: async () => (await accounts.ticket(token)).ticket });
  await ada.connect();
  node.session.cut();
  await until(() => node.sessions.length === 2 && ada.state === 'online', 'reconnected');
  assert.equal(node.session.received[0].token, undefined);
  assert.equal(world.tickets.size, 0);
});

test('a token that cannot be had for now is asked for again', async (context) => {
  const { client } = await fixture(context);
  let asked = 0;
  const ada = client('ada', {
    token: async () => {
      asked += 1;
      if (asked < 3) throw new Error('the identity provider is away');
      return mintToken('ada');
    },
  });
  const log = recorded(ada);
  await ada.connect();
  assert.deepEqual(
    log.errors.map(({ code }) => code),
    ['unavailable', 'unavailable'],
  );
});

test('connect waits for a hub that is not there yet, and says so', async (context) => {
  const { node, client } = await fixture(context);
  const ada = client('ada');
  await node.kill();
  const log = recorded(ada);
  const connecting = ada.connect();
  await until(() => log.states.filter(({ state }) => state === 'waiting').length === 3, 'three failed attempts');
  await node.start();
  await connecting;
  assert.deepEqual(
    log.states.slice(0, 2).map(({ state }) => state),
    ['connecting', 'waiting'],
  );
  assert.ok(log.states[1].retryIn >= 2 && log.states[1].retryIn <= 4);
  assert.equal(log.states.at(-1).state, 'online');
});

test('a token that the hub does not take ends it', async (context) => {
  const { node, client } = await fixture(context);
  const ada = client('ada', { token: 'forged' });
  await assert.rejects(ada.connect(), { code: 'unauthorized' });
  assert.equal(ada.state, 'stopped');
  assert.equal(node.sessions.length, 1);
});

for (const code of [4000, 4001, 4003, 4050, 4099]) {
  test(`close code ${code} ends it`, async (context) => {
    const { node, client } = await fixture(context);
    const ada = client('ada');
    const log = recorded(ada);
    await ada.connect();
    node.session.close(code, 'enough');
    const last = await until(() => log.states.find(({ state }) => state === 'stopped'), 'stopped');
    assert.equal(last.error.closeCode, code);
    assert.equal(node.sessions.length, 1);
  });
}

for (const code of [1000, 1001, 1011, 1012, 1013, 4100, 4101, 4199]) {
  test(`close code ${code} is followed by a reconnect`, async (context) => {
    const { node, client } = await fixture(context);
    const ada = client('ada');
    await ada.connect();
    node.session.close(code);
    await until(() => node.sessions.length === 2 && ada.state === 'online', 'reconnected');
  });
}

test('after 4002 a new token is tried, the same one is not', async (context) => {
  const { node, client } = await fixture(context);
  const first = mintToken('ada');
  const fresh = [first, mintToken('ada')];
  const ada = client('ada', { token: async () => fresh.shift() ?? first });
  const log = recorded(ada);
  await ada.connect();
  node.session.say({ type: 'bye', code: 4002, reconnect: false, after: 0 });
  node.session.close(4002);
  await until(() => node.sessions.length === 2 && ada.state === 'online', 'back with the new token');
  fresh.push(node.session.received[0].token);
  node.session.close(4002);
  const last = await until(() => log.states.find(({ state }) => state === 'stopped'), 'stopped');
  assert.equal(last.error.code, 'unauthorized');
  assert.equal(node.sessions.length, 2);
});

test('a fixed token that ran out ends it', async (context) => {
  const { client } = await fixture(context);
  const ada = client('ada', { token: mintToken('ada', { ttl: 300 }) });
  const log = recorded(ada);
  await ada.connect();
  const last = await until(() => log.states.find(({ state }) => state === 'stopped'), 'stopped');
  assert.equal(last.error.closeCode, 4002);
});

test('a token is renewed by a later hello, and the session lives on', async (context) => {
  const { node, world, client } = await fixture(context);
  const ttls = [400, 400, 60_000];
  const ada = client('ada', { token: async () => mintToken('ada', { ttl: ttls.shift() ?? 60_000 }) });
  await ada.connect();
  const hellos = () => node.session.received.filter(({ type }) => type === 'hello');
  await until(() => hellos().length === 3, 'renewed twice');
  for (const hello of hellos().slice(1)) assert.deepEqual(Object.keys(hello).sort(), ['id', 'token', 'type']);
  assert.equal(node.sessions.length, 1);
  assert.deepEqual(world.breaches, []);
});

test('bye tells when to come back and where', async (context) => {
  const { node, world, client } = await fixture(context);
  const other = await new FakeNode(world, 'n2').start();
  context.after(() => other.kill());
  const ada = client('ada');
  const log = recorded(ada);
  await ada.connect();
  node.session.say({ type: 'bye', code: 1012, reconnect: true, after: 70, url: other.url });
  node.session.close(1012);
  await until(() => other.sessions.length === 1 && ada.state === 'online', 'moved');
  assert.equal(ada.session?.node, 'n2');
  assert.equal(log.states.find(({ state }) => state === 'waiting').retryIn, 70);
  assert.equal(log.byes.length, 1);
});

test('when nobody is where bye said, the first address is tried again', async (context) => {
  const { node, world, client } = await fixture(context);
  const gone = await new FakeNode(world, 'n2').start();
  await gone.kill();
  const ada = client('ada');
  await ada.connect();
  node.session.say({ type: 'bye', code: 1012, reconnect: true, after: 0, url: gone.url });
  node.session.close(1012);
  await until(() => node.sessions.length === 2 && ada.state === 'online', 'back');
});

test('bye without reconnect ends it, whatever the close code', async (context) => {
  const { node, client } = await fixture(context);
  const ada = client('ada');
  const log = recorded(ada);
  await ada.connect();
  node.session.say({ type: 'bye', code: 1008, reconnect: false, after: 0 });
  node.session.close(1008, 'banned');
  await until(() => log.states.some(({ state }) => state === 'stopped'), 'stopped');
});

test('a hub that says bye and never closes is left', async (context) => {
  const { node, client } = await fixture(context);
  const ada = client('ada', { timing: { pongTimeout: 20 } });
  await ada.connect();
  node.session.say({ type: 'bye', code: 1012, reconnect: true, after: 0 });
  await until(() => node.sessions.length === 2 && ada.state === 'online', 'reconnected');
});

test('a silent line is asked, and left when it does not answer', async (context) => {
  const { node, client } = await fixture(context);
  const ada = client('ada', { timing: { silence: 20, pongTimeout: 1000 } });
  await ada.connect();
  const pings = () => node.sessions[0].received.filter(({ type }) => type === 'ping').length;
  await until(() => pings() >= 2, 'asked and answered');
  assert.equal(node.sessions.length, 1);

  const deaf = client('bo', { timing: { silence: 20, pongTimeout: 20 } });
  await deaf.connect();
  const [session] = node.sessions.slice(-1);
  node.intercept = (frame, from) => from === session && frame.type === 'ping';
  await until(() => node.sessions.at(-1)?.user === 'bo' && node.session !== session, 'a new connection');
});

test('a hub that takes the connection and says nothing is left', async (context) => {
  const { node, client } = await fixture(context);
  node.intercept = (frame) => frame.type === 'hello' && node.sessions.length < 3;
  const ada = client('ada', { timing: { welcomeTimeout: 20 } });
  await ada.connect();
  assert.equal(node.sessions.length, 3);
});

test("closing and connecting again is one client's right", async (context) => {
  const { node, client } = await fixture(context);
  const ada = client('ada');
  await ada.connect();
  ada.close();
  await until(() => node.world.sessions.size === 0, 'gone');
  await ada.connect();
  assert.equal(node.sessions.length, 2);
});

test('tokens that have run out however new they are do not make a storm', async (context) => {
  const { node, client } = await fixture(context);
  const ada = client('ada', { token: async () => mintToken('ada'), timing: { backoffMin: 50, backoffMax: 400 } });
  const log = recorded(ada);
  node.intercept = (frame, session) => {
    session.say({ type: 'bye', code: 4002, reconnect: false, after: 0 });
    session.close(4002);
    return true;
  };
  ada.connect().catch(() => {});
  await until(() => log.states.filter(({ state }) => state === 'waiting').length === 5, 'five failed attempts');
  const waits = log.states.filter(({ state }) => state === 'waiting').map(({ retryIn }) => retryIn);
  assert.equal(waits[0], 0);
  for (const [place, least] of [
    [1, 50],
    [2, 100],
    [3, 200],
    [4, 200],
  ]) {
    assert.ok(waits[place] >= least, `${waits}`);
  }
});

test('a token that the clock here takes for ended is not renewed over and over', async (context) => {
  const { node, client } = await fixture(context);
  const accounts = new Accounts(node.url);
  const { token } = await accounts.register({ username: 'ada', password: 'correct horse' });
  let asked = 0;
  const ada = client('ada', {
    token: async () => {
      asked += 1;
      return mintToken('ada', { ttl: -60_000 - asked });
    },
    // It takes the token, so to say: this is who it is.
    ticket: async () => (await accounts.ticket(token)).ticket,
  });
  await ada.connect();
  const pings = () => node.session.received.filter(({ type }) => type === 'ping').length;
  for (let number = 1; number <= 5; number += 1) {
    ada.wake();
    await until(() => pings() >= number, 'asked whether the line is alive');
  }
  assert.equal(asked, 1);
  assert.equal(node.session.received.filter(({ type }) => type === 'hello').length, 1);
});

/** Has the client believe that it is in a browser. @param {import("node:test").TestContext} context */
function browserOf(context) {
  const globals = /** @type {any} */ (globalThis);
  globals.window = new EventTarget();
  globals.document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  context.after(() => {
    delete globals.window;
    delete globals.document;
  });
  return { networkChanges: () => globals.window.dispatchEvent(new Event('online')) };
}

test('a network that changes brings nobody back before the time that bye names, a hand does', async (context) => {
  const browser = browserOf(context);
  const { node, client } = await fixture(context);
  const ada = client('ada');
  await ada.connect();
  node.session.say({ type: 'bye', code: 1012, reconnect: true, after: 60_000 });
  node.session.close(1012);
  await until(() => ada.state === 'waiting', 'waiting');
  browser.networkChanges();
  assert.equal(ada.state, 'waiting');
  ada.wake();
  await until(() => node.sessions.length === 2 && ada.state === 'online', 'back');
});

test("a network that changes ends a wait of one's own", async (context) => {
  const browser = browserOf(context);
  const { node, client } = await fixture(context);
  const ada = client('ada', { timing: { backoffMin: 600_000, backoffMax: 600_000 } });
  await ada.connect();
  node.session.cut();
  await until(() => ada.state === 'waiting', 'waiting');
  browser.networkChanges();
  await until(() => node.sessions.length === 2 && ada.state === 'online', 'back');
});
