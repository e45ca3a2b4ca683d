/**
 * The README's pictures, taken of a real hub that is started for them: `npm run pictures`.
 */
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { Accounts, Hubbub } from '../../hubbub.js';
import { launch } from '../browser/chromium.js';
import { startNode } from '../browser/nodes.js';
import { ALLOTMENT, PEOPLE } from './demo.js';

const DIRECTORY = fileURLToPath(new URL('../../../docs/images/', import.meta.url));
const PASSWORD = 'correct horse battery';
/** @typedef {keyof typeof PEOPLE} Name */

const { url, node } = await startNode('pictures');
const accounts = new Accounts(url);
/** @type {Record<Name, { hub: Hubbub, token: string, user: string }>} */
const people = /** @type {any} */ ({});
for (const [username, name] of /** @type {[Name, string][]} */ (Object.entries(PEOPLE))) {
  const { token, user } = await accounts.register({ username, name, password: PASSWORD });
  const hub = new Hubbub({ url, token, WebSocket });
  await hub.connect();
  people[username] = { hub, token, user };
}
/** @param {...Name} names */
const ids = (...names) => names.map((name) => people[name].user);

const readers = await people.fatima.hub.create({ name: 'Slow readers', members: ids('ada', 'emil') });
for (const page of [41, 42, 43]) {
  await people.fatima.hub.send({
    group: readers.id,
    text: `Page ${page}. I had to read this one twice: the ferry, the letter, and then nothing.`,
  });
}
const kitchen = await people.ada.hub.create({ name: 'Kitchen rota', members: ids('bo', 'fatima') });
await people.fatima.hub.send({ group: kitchen.id, text: 'Whose turn is the oven?' });
await people.emil.hub.send({ to: people.ada.user, text: 'Did you find the second key?' });
await people.ada.hub.send({ to: people.emil.user, text: 'It was in the cake tin.' });
for (const text of ['Yes please, and the lid that fits it', 'not the other one']) {
  await people.bo.hub.send({ to: people.ada.user, text });
}
const garden = await people.ada.hub.create({ name: 'Allotment 12', members: ids('bo', 'chioma', 'dara', 'emil') });
let last = 0;
for (const [, from, text] of ALLOTMENT) ({ seq: last } = await people[from].hub.send({ group: garden.id, text }));
await people.ada.hub.read(kitchen.id, 9);
await people.ada.hub.read(garden.id, last);
for (const name of /** @type {Name[]} */ (['dara', 'emil', 'fatima'])) people[name].hub.close();

const typing = setInterval(() => people.bo.hub.typing(garden.id), 500);
const browser = await launch();
for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  const context = await browser.newContext({
    colorScheme,
    viewport: { width: 1280, height: 800 },
    deviceScaleFactor: 1.5,
  });
  const login = JSON.stringify({ user: people.ada.user, token: people.ada.token, name: PEOPLE.ada });
  await context.addInitScript((value) => localStorage.setItem('hubbub.login', value), login);
  const page = await context.newPage();
  await page.goto(`${url}/#/g/${garden.id}`);
  await page.getByRole('img', { name: 'Stored' }).last().waitFor();
  for (const name of /** @type {Name[]} */ (['bo', 'chioma'])) await people[name].hub.read(garden.id, last);
  await page.getByRole('img', { name: 'Read' }).last().waitFor();
  await page.getByRole('main').getByText('Bo Karlsson is typing…').waitFor();
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${DIRECTORY}chat-${colorScheme}.png` });
  await context.close();
}

clearInterval(typing);
for (const { hub } of Object.values(people)) hub.close();
await browser.close();
await node.remove();
