// When a run may not begin, and when its figures say nothing about the hub.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mintToken } from '../../web/tests/fake/tokens.js';
import { whyNot } from '../lib/endings.js';
import { Refusal } from '../lib/link.js';
import { summaryOf } from '../lib/summary.js';
import { endOf, shortcomingOf } from '../lib/tokens.js';

globalThis.__ENV = {};

const NOW = Date.now();
const HOUR = 3_600_000;
const plan = {
  name: 'smoke',
  seconds: 100,
  users: 3,
  group: 3,
  encoding: 'json',
  run: 'run',
  vus: 2,
  urls: [{ ws: 'ws://hub/ws' }],
};
const accountsOf = (...tokens) => tokens.map((token, place) => ({ user: `load-${place}`, token }));
const tokenOf = (claims) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
const shortcoming = (...tokens) => shortcomingOf({ ...plan, accounts: accountsOf(...tokens) }, tokens.length, NOW);

test('tokens that outlast the run will do, and those without an end', () => {
  assert.equal(
    shortcoming(mintToken('a', { ttl: HOUR }), mintToken('b', { ttl: HOUR }), tokenOf({ sub: 'c' })),
    undefined,
  );
});

test('a token that ends too early is named, with its end, what the run needs and what to do', () => {
  const told = shortcoming(mintToken('a', { ttl: HOUR }), tokenOf({ exp: Math.floor(NOW / 1000) + 120 }));
  assert.match(told, /The token of load-1 ends at \d{4}-\d\d-\d\dT[\d:]+Z, in 1(19|20) s/);
  assert.match(told, /this run needs 160 s/);
  assert.match(told, /hubbub token --users 'load-\{0\.\.1\}' --ttl 8m --out tokens\.json/);
});

test('of several the first to end is named, and how many there are', () => {
  const ends = (seconds) => tokenOf({ exp: Math.floor(NOW / 1000) + seconds });
  const told = shortcoming(ends(100), ends(-30), ends(150));
  assert.match(told, /load-1 ended at .*, (29|30|31) s ago/);
  assert.match(told, /2 others end too early as well/);
});

test('only the tokens that the run uses count', () => {
  const accounts = accountsOf(mintToken('a', { ttl: HOUR }), 'garbage');
  assert.equal(shortcomingOf({ ...plan, accounts }, 1, NOW), undefined);
});

for (const garbage of [
  'garbage',
  'a.b.c',
  'a.!!.c',
  '..',
  5,
  `a.${Buffer.from('null').toString('base64url')}.c`,
  tokenOf({ exp: 'soon' }),
  tokenOf([]),
]) {
  test(`${garbage} is no token`, () => {
    assert.equal(endOf(garbage), undefined);
    assert.match(shortcoming(mintToken('a', { ttl: HOUR }), garbage), /The token of load-1 is no JWT/);
  });
}

for (const [words, lack] of [
  ['dial tcp 127.0.0.1:8080: socket: too many open files', /This machine, not the hub, has run out of open files/],
  [
    'dial tcp 127.0.0.1:8080: connect: cannot assign requested address',
    /This machine, not the hub, has run out of ports/,
  ],
]) {
  test(`"${words}" is told as this machine's fault`, () => {
    assert.match(whyNot(plan, new Refusal('connection', words)), lack);
  });
}

const count = (number) => ({ type: 'counter', values: { count: number } });
const broken = { ...count(20), thresholds: { 'count==0': { ok: false } } };

function summary(metrics) {
  globalThis.__ENV.SUMMARY = 'figures.json';
  const told = summaryOf(plan)({ metrics, state: { testRunDurationMs: 50_000 } });
  return { text: told.stdout, json: JSON.parse(told['figures.json']) };
}

for (const fault of ['tokens', 'refused', 'machine']) {
  test(`a run that ended by its own fault (${fault}) has no verdict`, () => {
    const { text, json } = summary({
      hubbub_connect: count(3),
      hubbub_lost: broken,
      [`hubbub_fault_${fault}`]: count(1),
    });
    assert.match(text, /No verdict on the hub: /);
    assert.doesNotMatch(text, /FAILED|not held|All fitness/);
    assert.deepEqual([json.verdict, json.held], ['none', false]);
    assert.ok(json.fitness.every((row) => !('ok' in row)));
  });
}

test('a run that is broken off has its figures so far and no verdict', () => {
  const metrics = {
    hubbub_connect: count(3),
    hubbub_received: count(7),
    hubbub_lost: broken,
    hubbub_broken_off: count(1),
  };
  const { text, json } = summary(metrics);
  assert.match(text, /No verdict on the hub: the run was broken off/);
  assert.match(text, /messages that arrived +7/);
  assert.equal(json.verdict, 'none');
});

test('a run that came to its end before its time has a verdict', () => {
  const { json } = summary({
    hubbub_connect: count(3),
    iterations: count(2),
    hubbub_lost: broken,
    hubbub_broken_off: count(1),
  });
  assert.equal(json.verdict, 'failed');
});

test('so has one whose users the hub held up', () => {
  assert.equal(summary({ hubbub_connect: count(3), iterations: count(1), hubbub_lost: broken }).json.verdict, 'failed');
  assert.equal(summary({ hubbub_connect: count(3), iterations: count(2) }).json.verdict, 'held');
});

test('a run that never began says so', () => {
  const { text, json } = summary({});
  assert.match(text, /No verdict on the hub: the run ended before it had begun. Nothing was measured/);
  assert.equal(json.verdict, 'none');
});
