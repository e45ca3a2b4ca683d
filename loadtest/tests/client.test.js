// How a user of the load tests behaves when a connection ends, against a hub whose endings are made up.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { FakeNode } from '../../web/tests/fake/server.js';
import { mintToken } from '../../web/tests/fake/tokens.js';
import { Client } from '../lib/client.js';
import { CODECS } from '../lib/codec.js';
import { begin, end } from './standin/life.js';
import { total } from './standin/samples.js';

/** Tries that are looked at: enough for the longest pause. */
const TRIES = 12;
const LONGEST = 5_000;

let node;
let brokenOff;

before(() => {
  globalThis.__ENV = {};
});
beforeEach(async () => {
  node = await new FakeNode().start();
  brokenOff = begin();
  brokenOff.catch(() => {});
});
afterEach(async () => {
  end();
  await node.kill();
});
after(() => delete globalThis.__ENV);

function clientOf(options) {
  const plan = {
    accounts: [{ user: 'ada', token: mintToken('ada') }],
    urls: [{ ws: `${node.url.replace('http', 'ws')}/ws`, http: node.url }],
    codec: CODECS.json,
    run: 'run',
    text: 50,
  };
  return new Client(plan, 0, options);
}

/** The sentence with which the run ends; fails when somebody comes back instead. */
async function sentence() {
  const came = node.sessions.length;
  const back = seen(() => node.sessions.length > came).then(() => assert.fail('it came back'));
  return Promise.race([brokenOff.catch((why) => why.sentence), back]);
}

async function seen(condition) {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

function sayBye(session, code, { reconnect, after: pause = 0 }) {
  session.say({ type: 'bye', code, reconnect, after: pause });
  session.close(code);
}

/** The pauses before so many tries, none of them waited for. */
async function pausesOf(client) {
  const pauses = [];
  await new Promise((resolve) => {
    client.comeBack = (pause) => {
      if (pauses.push(pause) >= TRIES) resolve();
      else void client.open().catch(() => {});
    };
    void client.keep().catch(() => {});
    client.comesBack = true;
  });
  return pauses;
}

for (const code of [1008, 4000, 4001, 4002, 4003, 4099]) {
  test(`a bye with ${code} and without reconnect ends the run`, async () => {
    await clientOf().keep();
    sayBye(node.session, code, { reconnect: false });
    assert.match(await sentence(), /No verdict on the hub. ada: /);
  });
}

for (const code of [4000, 4002, 4050]) {
  test(`a close with ${code} ends the run, also without a bye`, async () => {
    await clientOf().keep();
    node.session.close(code);
    assert.match(await sentence(), /No verdict on the hub. ada: /);
  });
}

for (const [code, reconnect] of [
  [1008, undefined],
  [1012, true],
  [1013, true],
  [4050, true],
  [4100, undefined],
  [4101, true],
]) {
  test(`after ${code} with reconnect ${reconnect} it comes back`, async () => {
    await clientOf().keep();
    if (reconnect === undefined) node.session.close(code);
    else sayBye(node.session, code, { reconnect });
    await seen(() => node.sessions.length === 2);
  });
}

test('a token that ends is told as such, and counted', async () => {
  const counted = total('hubbub_fault_tokens');
  await clientOf().keep();
  sayBye(node.session, 4002, { reconnect: false });
  assert.match(await sentence(), /The token has run out.*--ttl/);
  assert.equal(total('hubbub_fault_tokens'), counted + 1);
});

test('a token that ended while its user was away is told as such', async () => {
  await clientOf().keep();
  node.intercept = (frame, session) => {
    if (frame.type !== 'hello') return false;
    session.say({ type: 'error', re: frame.id, code: 'unauthorized', message: 'the token has expired' });
    sayBye(session, 4002, { reconnect: false });
    return true;
  };
  node.session.cut();
  await assert.rejects(brokenOff, ({ sentence: told }) => /The token has run out/.test(told));
  assert.equal(node.sessions.length, 2);
});

test('who floods comes back also when told not to, but not with a token that ended', async () => {
  await clientOf({ defiant: true }).keep();
  sayBye(node.session, 1008, { reconnect: false });
  await seen(() => node.sessions.length === 2 && node.session.received.length > 0);
  sayBye(node.session, 4002, { reconnect: false });
  assert.match(await sentence(), /The token has run out/);
});

test('whoever is refused again and again tries ever more rarely, also where bye says at once', async () => {
  node.intercept = (frame, session) => {
    sayBye(session, 1013, { reconnect: true });
    return true;
  };
  isNoStorm(await pausesOf(clientOf()));
});

test('whoever is welcomed and cut off at once, too', async () => {
  const client = clientOf();
  const welcomed = client.begin;
  client.begin = (...given) => {
    welcomed.apply(client, given);
    node.session.cut();
  };
  isNoStorm(await pausesOf(client));
});

test('whoever cannot get through, too', async () => {
  await node.kill();
  const client = clientOf();
  isNoStorm(await pausesOf(client));
  await node.start();
});

test('nobody is back before the time that bye names', async () => {
  const client = clientOf();
  await client.keep();
  const paused = new Promise((resolve) => {
    client.comeBack = resolve;
  });
  sayBye(node.session, 1012, { reconnect: true, after: 60_000 });
  assert.ok((await paused) > 50_000);
});

function isNoStorm(pauses) {
  assert.ok(
    pauses.every((pause) => pause >= 125),
    `${pauses}`,
  );
  assert.ok(
    pauses.slice(-3).every((pause) => pause >= LONGEST / 2),
    `${pauses}`,
  );
}
