import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fakeHub } from './hubs.js';
import { Stage } from './stage.js';

/** The page's storage by itself, where there is a real database. @type {Stage} */
let stage;
before(async () => {
  stage = await Stage.set(() => fakeHub(1));
});
after(() => stage?.end());

/**
 * Runs a function in a window of its own, with the modules of the storage at hand as `window.storage`.
 *
 * @template Result
 * @param {() => Promise<Result>} run
 * @returns {Promise<Result>}
 */
async function inBrowser(run) {
  const { page } = await stage.person('Ada');
  await page.goto(stage.url);
  await page.evaluate(
    async (paths) => {
      const modules = await Promise.all(paths.map((path) => import(path)));
      Object.assign(window, { storage: Object.assign({}, ...modules) });
    },
    ['/app/storage/safe.js', '/app/storage/database.js'],
  );
  return page.evaluate(run);
}

test('what is written is there for the same user, and for nobody else', async () => {
  const found = await inBrowser(async () => {
    const { Safe } = /** @type {any} */ (window).storage;
    const ada = await Safe.open('ada');
    await ada.write([
      { store: 'outbox', id: 'c1', record: { cid: 'c1', text: 'hers' } },
      { store: 'drafts', id: 'g:1', record: { chat: 'g:1', text: 'also hers' } },
    ]);
    const texts = async (/** @type {string} */ user) => {
      const safe = await Safe.open(user);
      return [...safe.all('outbox'), ...safe.all('drafts')].map(({ text }) => text);
    };
    return { ada: await texts('ada'), bo: await texts('bo'), before: await texts('ad'), after: await texts('adaa') };
  });
  assert.deepEqual(found, { ada: ['hers', 'also hers'], bo: [], before: [], after: [] });
});

test('changes are made all or none, and what is refused is kept until it is taken', async () => {
  const found = await inBrowser(async () => {
    const { Safe } = /** @type {any} */ (window).storage;
    const safe = await Safe.open('ada');
    /** @type {boolean[]} */
    const durable = [];
    safe.on('durable', (/** @type {boolean} */ now) => durable.push(now));
    // A function cannot be stored.
    await safe.write([
      { store: 'drafts', id: 'g:1', record: { chat: 'g:1', text: 'one' } },
      { store: 'outbox', id: 'bad', record: { cid: 'bad', text: () => {} } },
    ]);
    const refused = (await Safe.open('ada')).all('drafts').length;
    await safe.write([{ store: 'outbox', id: 'bad', record: null }]);
    const taken = (await Safe.open('ada')).all('drafts').map((/** @type {any} */ { text }) => text);
    return { durable, refused, here: safe.all('drafts').length, taken };
  });
  assert.deepEqual(found, { durable: [false, true], refused: 0, here: 1, taken: ['one'] });
});

test('a connection that the browser or a newer page closes is opened again', async () => {
  const found = await inBrowser(async () => {
    const { Database } = /** @type {any} */ (window).storage;
    /** @type {IDBDatabase[]} */
    const connections = [];
    const factory = {
      open: (/** @type {string} */ name, /** @type {number} */ version) => {
        const request = indexedDB.open(name, version);
        request.addEventListener('success', () => connections.push(request.result));
        return request;
      },
    };
    const database = new Database(factory);
    const write = (/** @type {string} */ text) =>
      database.write('ada', [{ store: 'drafts', id: text, record: { chat: text, text } }]);
    await write('one');
    connections[0].dispatchEvent(new Event('versionchange'));
    await write('two');
    connections[1].close();
    const closed = await write('three').then(
      () => 'taken',
      (/** @type {Error} */ error) => error.name,
    );
    await write('four');
    return {
      closed,
      connections: connections.length,
      texts: (await database.of('drafts', 'ada')).map((/** @type {any} */ { text }) => text).sort(),
    };
  });
  assert.deepEqual(found, { closed: 'InvalidStateError', connections: 3, texts: ['four', 'one', 'two'] });
});

test('tabs write beside each other, and hear of each other', async () => {
  const found = await inBrowser(async () => {
    const { Safe } = /** @type {any} */ (window).storage;
    const [one, two] = [await Safe.open('ada'), await Safe.open('ada')];
    const heard = new Promise((resolve) => {
      two.on('changed', resolve);
    });
    const record = { cid: 'c1', text: 'from one' };
    await Promise.all([
      one.write([{ store: 'outbox', id: 'c1', record }]),
      two.write([{ store: 'outbox', id: 'c2', record: { cid: 'c2', text: 'from two' } }]),
    ]);
    await heard;
    const left = new Promise((resolve) => {
      two.on('left', resolve);
    });
    one.close();
    await left;
    const kept = (await Safe.open('ada')).all('outbox').map((/** @type {any} */ { text }) => text);
    return { two: two.all('outbox').length, kept: kept.sort() };
  });
  assert.deepEqual(found, { two: 2, kept: ['from one', 'from two'] });
});

test('a tab that slept finds what came, what changed and what went meanwhile', async () => {
  const found = await inBrowser(async () => {
    const { Safe, Database } = /** @type {any} */ (window).storage;
    const safe = await Safe.open('ada');
    const put = (/** @type {string} */ chat, /** @type {string} */ text) => ({
      store: 'drafts',
      id: chat,
      record: { chat, text },
    });
    await safe.write([put('kept', 'kept'), put('changed', 'before'), put('gone', 'gone')]);
    await new Database().write('ada', [
      put('changed', 'after'),
      put('come', 'come'),
      { store: 'drafts', id: 'gone', record: null },
    ]);
    /** @type {any[]} */
    const told = [];
    safe.on('changed', (/** @type {any[]} */ changes) => told.push(...changes));
    await safe.reload();
    await safe.reload();
    return {
      told: told.map(({ id, record }) => [id, record?.text]).sort(),
      texts: safe
        .all('drafts')
        .map((/** @type {any} */ { text }) => text)
        .sort(),
    };
  });
  assert.deepEqual(found, {
    told: [
      ['changed', 'after'],
      ['come', 'come'],
      ['gone', undefined],
    ],
    texts: ['after', 'come', 'kept'],
  });
});

test('a database that does not open in time leaves a page that works and says so', async () => {
  const durable = await inBrowser(async () => {
    const { Safe } = /** @type {any} */ (window).storage;
    const safe = await Safe.open('ada', { open: () => ({}) });
    await safe.write([{ store: 'drafts', id: 'g:1', record: { chat: 'g:1', text: 'here' } }]);
    return [safe.durable, safe.all('drafts').length];
  });
  assert.deepEqual(durable, [false, 1]);
});

test('what an earlier version left stays there until it is kept elsewhere', async () => {
  const left = await inBrowser(async () => {
    const { Safe } = /** @type {any} */ (window).storage;
    const KEY = 'hubbub.outbox.ada';
    localStorage.setItem(
      KEY,
      JSON.stringify([
        { cid: 'c1', group: 'g', text: 'old' },
        { cid: 'c2', text: 'to nobody' },
      ]),
    );
    const without = await Safe.open('ada', {
      open: () => {
        throw new Error('no database');
      },
    });
    const texts = without.all('outbox').map((/** @type {any} */ { text, state }) => [text, state]);
    const waiting = localStorage.getItem(KEY) !== null;
    const safe = await Safe.open('ada');
    await safe.write([{ store: 'drafts', id: 'g:1', record: null }]);
    return {
      texts,
      before: waiting,
      after: localStorage.getItem(KEY),
      kept: (await Safe.open('ada')).all('outbox').length,
    };
  });
  assert.deepEqual(left, { texts: [['old', 'sending']], before: true, after: null, kept: 1 });
});

test('to be forgotten is to leave nothing', async () => {
  const left = await inBrowser(async () => {
    const { Safe } = /** @type {any} */ (window).storage;
    const safe = await Safe.open('ada');
    await safe.write([
      { store: 'outbox', id: 'c', record: { cid: 'c', text: 'x' } },
      { store: 'drafts', id: 'g:1', record: { chat: 'g:1', text: 'y' } },
    ]);
    await safe.forget();
    const again = await Safe.open('ada');
    return again.all('outbox').length + again.all('drafts').length;
  });
  assert.equal(left, 0);
});
