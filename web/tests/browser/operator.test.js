import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { Hubbub } from '../../hubbub.js';
import { launch } from './chromium.js';
import { withoutFlaws } from './flaws.js';
import { mintToken, startNode } from './nodes.js';

/** The operator's page of a real node, as an operator's browser shows it. */

/** @type {Awaited<ReturnType<typeof startNode>>} */
let hub;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Hubbub[]} */
let people = [];

before(async () => {
  hub = await startNode('operator');
  browser = await launch();
  people = await Promise.all(['ada', 'bo'].map((user) => person(hub, user)));
});
after(async () => {
  for (const one of people) one.close();
  await browser?.close();
  await hub?.node.remove();
});

/** @param {typeof hub} node @param {string} user */
async function person(node, user) {
  const client = new Hubbub({ url: node.url, token: await mintToken(node.env, '--user', user), WebSocket });
  await client.connect();
  return client;
}

/** @param {string} url @param {import("playwright-core").BrowserContextOptions} [options] */
async function open(url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(45_000);
  const page = await context.newPage();
  /** @type {string[]} */
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

test('the page shows the node, its people and their messages as they come', { timeout: 90_000 }, async () => {
  const { page, complaints, close } = await open(hub.internal);
  const row = page.getByRole('row', { name: /operator this node/ });
  await row.getByText('live').waitFor();
  await row.getByText(/^2 · (100|99\.\d+) % free/).waitFor();
  await page.getByRole('status').waitFor();
  for (const name of [
    'Capacity',
    'Time behaviour',
    'Channel capacity',
    'Availability',
    'Maturity',
    'Known vulnerabilities',
  ]) {
    await page.getByRole('heading', { name: new RegExp(`^${name}`) }).waitFor();
  }
  const group = await people[0].create({ name: 'watched', members: ['bo'] });
  for (let number = 0; number < 20; number += 1) await people[0].send({ group: group.id, text: `message ${number}` });
  await page
    .getByRole('row', { name: /store stored/ })
    .getByText(/\d+ ms|\d s/)
    .first()
    .waitFor();
  await page.getByText(/^taken in/).waitFor();
  assert.equal((await page.locator('polyline').count()) > 4, true);
  assert.equal(await page.getByRole('row').filter({ hasText: 'fanout' }).count(), 16);
  await page.getByText('None in the last quarter of an hour.').or(page.locator('.fault').first()).first().waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test('what is known of the libraries is told with the date of the list', { timeout: 60_000 }, async () => {
  const { page, close } = await open(hub.internal);
  const card = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: /^Known vulnerabilities/ }) });
  const asked = Date.UTC(2026, 0, 2);
  for (const [advisories, said] of /** @type {[object, RegExp][]} */ ([
    [{ snapshot: null, libraries: 0, known: [], not_counted: [] }, /no data yet.*not looked for/],
    [
      { snapshot: asked, libraries: 7, known: [], not_counted: [] },
      /look at it0in 7 libraries, by advisories of 2026-01-02/,
    ],
    [
      { snapshot: Date.now(), libraries: 7, known: [], not_counted: ['RUSTSEC-1'] },
      /as wanted0in 7 libraries.* 1 known and of no concern/,
    ],
    [
      { snapshot: Date.now(), libraries: 7, known: ['RUSTSEC-2 thing 1.2.3'], not_counted: [] },
      /broken1RUSTSEC-2 thing 1\.2\.3/,
    ],
  ])) {
    await page.route('**/operator/advisories.json', (route) => route.fulfill({ json: advisories }));
    await page.reload();
    await card.filter({ hasText: said }).waitFor();
  }
  await close();
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`everybody can read the page, ${colorScheme}`, { timeout: 90_000 }, async () => {
    const { page, close } = await open(hub.internal, { colorScheme });
    await page.getByRole('row', { name: /operator this node/ }).waitFor();
    await withoutFlaws(page, 'the page');
    await close();
  });
}

test('no other page may ask the node, nor a name that was turned to it', { timeout: 60_000 }, async () => {
  const { page, close } = await open(hub.url);
  const read = await page.evaluate(async (url) => {
    const outcome = async (/** @type {Promise<Response>} */ asked) =>
      asked.then(
        (answer) => answer.type,
        () => 'refused',
      );
    const order = { method: 'POST', body: '{"order":"drain"}', headers: { 'content-type': 'application/json' } };
    return [
      await outcome(fetch(`${url}/cluster`)),
      await outcome(fetch(`${url}/admin/orders`, order)),
      await outcome(
        fetch(`${url}/admin/orders`, { ...order, headers: { 'content-type': 'text/plain' }, mode: 'no-cors' }),
      ),
    ];
  }, hub.internal);
  assert.deepEqual(read.slice(0, 2), ['refused', 'refused']);
  assert.equal(
    (await fetch(`${hub.internal}/readyz`)).ok,
    true,
    'it was not drained by a page that may not see the answer',
  );
  await close();
});

test('beyond loopback the page asks for the service token', { timeout: 90_000 }, async (context) => {
  const token = 'a service token of at least 32 bytes';
  const guarded = await startNode('guarded', { HUBBUB_SERVICE_TOKEN: token }, '0.0.0.0');
  context.after(() => guarded.node.remove());
  const { page, close } = await open(guarded.internal);
  const give = async (/** @type {string} */ tried) => {
    await page.getByLabel('Service token').fill(tried);
    await page.getByRole('button', { name: 'Continue' }).click();
  };
  await give('a wrong one');
  await page.getByRole('alert').filter({ hasText: 'does not take this token' }).waitFor();
  await give(token);
  await page.getByRole('row', { name: /guarded this node/ }).waitFor();
  await close();
});

test('a node is drained after a second thought, and says so', { timeout: 90_000 }, async (context) => {
  const leaving = await startNode('leaving');
  context.after(() => leaving.node.remove());
  const ada = await person(leaving, 'ada');
  context.after(() => ada.close());
  const { page, close } = await open(leaving.internal);
  await page.getByRole('button', { name: 'Drain' }).click();
  const dialog = page.getByRole('dialog', { name: 'Drain leaving?' });
  await dialog.getByText('1 session is sent away').waitFor();
  const bo = await person(leaving, 'bo');
  context.after(() => bo.close());
  await dialog.getByText('2 sessions are sent away').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal((await fetch(`${leaving.internal}/readyz`)).ok, true);
  await page.getByRole('button', { name: 'Drain' }).click();
  await dialog.getByRole('button', { name: 'Drain this node' }).click();
  await page
    .getByRole('status')
    .filter({ hasText: /draining|does not answer/ })
    .waitFor();
  await leaving.node.ended();
  await close();
});
