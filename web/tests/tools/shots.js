/**
 * Pictures of the page against the fake hub, to look at while working on it: `npm run shots [directory]`.
 */
import { mkdir } from 'node:fs/promises';
import WebSocket from 'ws';
import { launch } from '../browser/chromium.js';
import { Hubbub } from '../../hubbub.js';
import { FakeNode } from '../fake/server.js';
import { mintToken } from '../fake/tokens.js';
import { demoWorld } from './demo.js';

const directory = process.argv[2] ?? '/tmp/shots';
await mkdir(directory, { recursive: true });

const { world, garden, readers } = demoWorld();
const node = await new FakeNode(world).start();
const friends = ['bo', 'chioma'].map((user) => new Hubbub({ url: node.url, token: mintToken(user), WebSocket }));
await Promise.all(friends.map((friend) => friend.connect()));
const typing = setInterval(() => friends[0].typing(garden.id), 500);
const browser = await launch();

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

/** @typedef {import("playwright-core").Page} Page */

/**
 * @param {string} name
 * @param {"light" | "dark"} colorScheme
 * @param {{ width: number, height: number }} viewport
 * @param {string | undefined} hash undefined: not logged in
 * @param {(page: Page) => Promise<void>} act
 */
async function shoot(name, colorScheme, viewport, hash, act) {
  const context = await browser.newContext({
    colorScheme,
    viewport,
    deviceScaleFactor: 1.5,
    hasTouch: viewport === NARROW,
  });
  const page = await context.newPage();
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.log(name, message.text()));
  page.on('pageerror', (error) => console.log(name, String(error)));
  if (hash !== undefined) {
    const login = JSON.stringify({
      user: 'ada',
      token: mintToken('ada', { name: 'Ada Lindqvist' }),
      name: 'Ada Lindqvist',
    });
    await context.addInitScript((value) => localStorage.setItem('hubbub.login', value), login);
  }
  await page.goto(`${node.url}/${hash ?? ''}`);
  await act(page);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${directory}/${name}.png` });
  await context.close();
}

const inGarden = `#/g/${garden.id}`;
/** @param {Page} page */
const talk = async (page) => {
  await page.getByText('And I’m bringing cake.', { exact: true }).last().waitFor();
  await page.getByText('is typing…').last().waitFor();
};

for (const scheme of /** @type {("light" | "dark")[]} */ (['light', 'dark'])) {
  await shoot(`${scheme}-wide`, scheme, WIDE, inGarden, talk);
  await shoot(`${scheme}-narrow`, scheme, NARROW, inGarden, talk);
  await shoot(`${scheme}-narrow-list`, scheme, NARROW, '', (page) => page.getByText('Allotment 12').waitFor());
  await shoot(`${scheme}-signin`, scheme, WIDE, undefined, (page) =>
    page.getByRole('button', { name: 'Make an account' }).click());
  await shoot(`${scheme}-blank`, scheme, WIDE, '', (page) => page.getByText('Allotment 12').waitFor());
  await shoot(`${scheme}-details`, scheme, { width: 1440, height: 860 }, inGarden, async (page) => {
    await talk(page);
    await page.getByRole('button', { name: 'Details' }).click();
    await page.getByRole('combobox', { name: 'Add people' }).fill('fa');
    await page.getByRole('option').first().waitFor();
  });
  await shoot(`${scheme}-new-group`, scheme, WIDE, inGarden, async (page) => {
    await talk(page);
    await page.getByRole('button', { name: 'New group' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Harvest supper');
    await page.getByRole('combobox').fill('bo');
    await page.getByRole('option').first().click();
    await page.getByRole('combobox').fill('c');
    await page.getByRole('option').first().waitFor();
  });
  await shoot(`${scheme}-unread`, scheme, WIDE, `#/g/${readers.id}`, async (page) => {
    await page.getByText('New', { exact: true }).waitFor();
  });
}
await shoot('lost', 'light', WIDE, inGarden, async (page) => {
  await talk(page);
  await page.getByRole('textbox', { name: 'Message' }).fill('Are you still there?');
  await node.kill();
  await page.keyboard.press('Enter');
  await page.getByRole('img', { name: 'Sending' }).waitFor();
  await page.getByText('Connection lost').first().waitFor();
});

clearInterval(typing);
for (const friend of friends) friend.close();
await browser.close();
