import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubbubError, TokenKeeper } from '../../hubbub.js';

const LIFE = 3_600;

/** A token of the hub's clock, which is its own. @param {number} issued seconds @param {number} [life] seconds */
function token(issued, life = LIFE) {
  return `head.${btoa(JSON.stringify({ iat: issued, exp: issued + life }))}.${issued}`;
}

/** A keeper at noon by its machine's clock, with a token of noon by the hub's. @param {any} [options] */
function keeping(options = {}) {
  const state = {
    now: 1_000_000_000,
    asked: /** @type {string[]} */ ([]),
    answer: /** @type {() => any} */ (() => ({ token: token(50 + state.asked.length) })),
  };
  const renew = async (/** @type {string} */ old) => {
    state.asked.push(old);
    return state.answer();
  };
  const keeper = new TokenKeeper(
    { token: token(50), since: state.now },
    { renew, now: () => state.now, random: () => 0.5, ...options },
  );
  return { state, keeper };
}

/** @param {number} part of a token's life */
const later = (part) => part * LIFE * 1000;

test('a token is renewed at about two thirds of its life, by the clock that it was got by', async () => {
  const { state, keeper } = keeping();
  assert.equal(await keeper.fresh(), token(50));
  state.now += later(0.64);
  assert.equal(await keeper.fresh(), token(50));
  state.now += later(0.02);
  assert.equal(await keeper.fresh(), token(51));
  assert.deepEqual(state.asked, [token(50)]);
  state.now += later(0.64);
  assert.equal(await keeper.fresh(), token(51), 'a life of its own');
  state.now += later(0.02);
  assert.equal(await keeper.fresh(), token(52));
});

test('not everybody renews at the same moment', async () => {
  for (const [random, part] of [
    [0, 0.6],
    [1, 0.7],
  ]) {
    const { state, keeper } = keeping({ random: () => random });
    state.now += later(part) - 1;
    await keeper.fresh();
    assert.equal(state.asked.length, 0);
    state.now += 1;
    await keeper.fresh();
    assert.equal(state.asked.length, 1);
  }
});

test('many who ask at once share one renewal', async () => {
  const { state, keeper } = keeping();
  state.now += later(0.8);
  const tokens = await Promise.all([keeper.fresh(), keeper.fresh(), keeper.fresh()]);
  assert.deepEqual([tokens, state.asked.length], [[token(51), token(51), token(51)], 1]);
});

test('what another tab has renewed is taken over, also while this one waited for its turn', async () => {
  const shared = { kept: /** @type {any} */ (undefined) };
  const { state, keeper } = keeping({
    load: () => shared.kept,
    lock: async (/** @type {() => Promise<void>} */ work) => {
      shared.kept = { token: token(77), since: state.now };
      await work();
    },
  });
  state.now += later(0.8);
  assert.equal(await keeper.fresh(), token(77));
  assert.equal(state.asked.length, 0);
  assert.equal(keeper.token, token(77));
});

test('what is renewed is kept for the other tabs', async () => {
  /** @type {any[]} */
  const saved = [];
  const { state, keeper } = keeping({ save: (/** @type {any} */ kept) => saved.push(kept) });
  state.now += later(0.8);
  await keeper.fresh();
  assert.deepEqual(saved, [{ token: token(51), since: state.now }]);
});

for (const code of ['unreachable', 'rate_limited', 'unavailable', 'http_502']) {
  test(`${code}: the old token serves, and it is tried again a little later`, async () => {
    const { state, keeper } = keeping();
    state.answer = () => Promise.reject(new HubbubError(code, 'not now', { retryAfter: 40_000 }));
    state.now += later(0.8);
    assert.equal(await keeper.fresh(), token(50));
    state.now += 39_000;
    assert.equal(await keeper.fresh(), token(50));
    assert.equal(state.asked.length, 1);
    state.answer = () => ({ token: token(60) });
    state.now += 1_000;
    assert.equal(await keeper.fresh(), token(60));
  });
}

for (const code of ['unsupported', 'not_found', 'unauthorized', 'forbidden']) {
  test(`${code}: the token serves until it ends, and nobody is asked again`, async () => {
    const { state, keeper } = keeping();
    state.answer = () => Promise.reject(new HubbubError(code, 'never'));
    for (const part of [0.7, 0.1, 0.1, 5]) {
      state.now += later(part);
      assert.equal(await keeper.fresh(), token(50));
    }
    assert.equal(state.asked.length, 1);
  });
}

test("a token without expiry is never renewed, and a lock that fails is somebody else's", async () => {
  const { state, keeper } = keeping({ lock: () => Promise.reject(new Error('no lock')) });
  state.now += later(0.8);
  assert.equal(await keeper.fresh(), token(50));
  const plain = new TokenKeeper({ token: 'opaque' }, { renew: () => assert.fail('asked') });
  assert.equal(await plain.fresh(), 'opaque');
});

test('it looks by itself while it is started, and no more when it is stopped', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000_000 });
  /** @type {string[]} */
  const asked = [];
  const renew = async (/** @type {string} */ old) => {
    asked.push(old);
    return { token: token(50 + asked.length) };
  };
  const keeper = new TokenKeeper({ token: token(50), since: Date.now() }, { renew, random: () => 0.5 });
  const pass = async (/** @type {number} */ time) => {
    for (let passed = 0; passed < time; passed += 10_000) {
      context.mock.timers.tick(10_000);
      for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
    }
  };
  keeper.start();
  await pass(later(0.66));
  assert.deepEqual(asked, [token(50)]);
  keeper.stop();
  await pass(later(1));
  assert.equal(asked.length, 1);
});

test('a lock that is never to be had is not asked for again and again', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000_000 });
  let asked = 0;
  const lock = () => {
    asked += 1;
    return Promise.reject(new Error('no lock'));
  };
  const keeper = new TokenKeeper(
    { token: token(50), since: Date.now() - later(0.8) },
    { renew: () => assert.fail('asked'), lock },
  );
  keeper.start();
  for (let passed = 0; passed < 45; passed += 1) {
    for (let turn = 0; turn < 16; turn += 1) await Promise.resolve();
    context.mock.timers.tick(1_000);
  }
  keeper.stop();
  assert.equal(asked, 2, 'at first, and half a minute later');
});
