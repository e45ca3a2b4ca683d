import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHub } from './hubs.js';
import { Stage } from './stage.js';

/** What was typed or sent is there until it is sent or deleted. @type {Stage} */
let stage;
before(async () => {
  stage = await Stage.set(() => startHub());
});
after(() => stage?.end());

/** @typedef {import("./person.js").Person} Person */

/** @param {Person} person */
const lost = (person) =>
  person.page
    .getByText(/^Connection lost/)
    .first()
    .waitFor();
/** The texts in a group, in order. @param {{ hub: import("../../hubbub.js").Hubbub }} reader @param {string} group */
async function said(reader, group) {
  const { messages } = await reader.hub.history(group);
  return messages.filter(({ kind }) => kind === 'text').map(({ text }) => text);
}
/** @param {Person} person */
const groupOf = (person) => decodeURIComponent(new URL(person.page.url()).hash.slice('#/g/'.length));

test('two tabs without a line show each other what they wrote, and lose and double none of it when both are closed', async () => {
  const line = await stage.line();
  const [one, bo] = [await stage.member('Ada', { url: line.url }), await stage.client('Bo')];
  const group = await bo.hub.create({ name: 'Twins', members: [one.username] });
  await one.chat('Twins').click();
  await one.page.waitForURL(/#\/g\//);
  const two = await one.tab();
  await two.field.waitFor();
  line.cut();
  await Promise.all([lost(one), lost(two)]);
  await one.say('from the first');
  await two.say('from the second');
  await one.sees('from the second', 'Sending');
  await two.sees('from the first', 'Sending');
  const url = one.page.url();
  const context = one.page.context();
  const keeper = await context.newPage();
  await Promise.all([one.page.close(), two.page.close()]);
  line.mend();
  await keeper.close();
  const again = await one.tab(url);
  await again.sees('from the first', /Stored|Delivered/);
  await again.sees('from the second', /Stored|Delivered/);
  assert.deepEqual(await again.transcript(), ['from the first', 'from the second']);
  assert.deepEqual(await said(bo, group.id), ['from the first', 'from the second']);
  for (const person of [one, two, again]) person.contented();
});

test('what a closed tab could not send goes out by the one that is left', async () => {
  const line = await stage.line();
  const [one, bo] = [await stage.member('Ada', { url: line.url }), await stage.client('Bo')];
  const group = await bo.hub.create({ name: 'Heirs', members: [one.username] });
  await one.chat('Heirs').click();
  await one.page.waitForURL(/#\/g\//);
  const two = await one.tab();
  await two.field.waitFor();
  line.cut();
  await Promise.all([lost(one), lost(two)]);
  await one.say('left behind');
  await two.sees('left behind', 'Sending');
  await one.page.close();
  line.mend();
  await two.sees('left behind', /Stored|Delivered/);
  await two.page.reload();
  await two.hears('left behind');
  assert.deepEqual(await two.transcript(), ['left behind']);
  assert.deepEqual(await said(bo, group.id), ['left behind']);
  two.contented();
});

test('who is removed meanwhile is told what was not sent and why, until it is deleted', async () => {
  const line = await stage.line();
  const [ada, bo] = [
    await stage.member('Ada', { url: line.url, permissions: ['clipboard-read', 'clipboard-write'] }),
    await stage.client('Bo'),
  ];
  const group = await bo.hub.create({ name: 'Choir', members: [ada.username] });
  await ada.chat('Choir').click();
  await ada.page.waitForURL(/#\/g\//);
  line.cut();
  await lost(ada);
  await ada.say('my last words');
  await ada.field.fill('and half a sen');
  await bo.hub.remove(group.id, [ada.username]);
  line.mend();

  const main = ada.page.getByRole('main');
  await main.getByRole('heading', { name: 'You are not in “Choir” any more' }).waitFor();
  const message = main.getByRole('listitem').filter({ hasText: 'my last words' });
  const draft = main.getByRole('listitem').filter({ hasText: 'and half a sen' });
  await message.getByText(/^Not sent: /).waitFor();
  await draft.waitFor();
  await message.getByRole('button', { name: 'Copy' }).click();
  await message.getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await ada.page.evaluate(() => navigator.clipboard.readText()), 'my last words');

  await ada.page.goto(`${line.url}/`);
  await ada.page.reload();
  const stranded = ada.page.getByRole('list', { name: 'Not sent' }).getByRole('link').filter({ hasText: 'Choir' });
  await stranded.click();
  await message.getByText(/^Not sent: /).waitFor();
  await message.getByRole('button', { name: 'Delete' }).click();
  await message.waitFor({ state: 'detached' });
  await draft.getByRole('button', { name: 'Delete' }).click();
  await draft.waitFor({ state: 'detached' });
  await stranded.waitFor({ state: 'detached' });
  await ada.page.reload();
  await ada.page.getByText('No chats yet').waitFor();
  assert.equal(await stranded.count(), 0);
  ada.contented();
});

test('who comes back into the group can try again', async () => {
  const line = await stage.line();
  const [ada, bo] = [await stage.member('Ada', { url: line.url }), await stage.client('Bo')];
  const group = await bo.hub.create({ name: 'Revolving', members: [ada.username] });
  await ada.chat('Revolving').click();
  await ada.page.waitForURL(/#\/g\//);
  line.cut();
  await lost(ada);
  await ada.say('wait for me');
  await bo.hub.remove(group.id, [ada.username]);
  line.mend();
  await ada.page
    .getByRole('main')
    .getByText(/^Not sent: /)
    .waitFor();
  await bo.hub.add(group.id, [ada.username]);
  await ada.message('wait for me').getByRole('button', { name: 'Try again' }).click();
  await ada.sees('wait for me', /Stored|Delivered/);
  assert.deepEqual(await said(bo, group.id), ['wait for me']);
  ada.contented();
});

test('what an earlier version of the page left goes out once', async () => {
  const [ada, bo] = [await stage.member('Ada'), await stage.client('Bo')];
  const group = await bo.hub.create({ name: 'Attic', members: [ada.username] });
  await ada.chat('Attic').click();
  await ada.page.waitForURL(/#\/g\//);
  const left = [{ cid: 'of-before', group: group.id, text: 'from the attic', time: Date.now() }];
  await ada.page.evaluate(
    ([key, value]) => localStorage.setItem(key, value),
    [`hubbub.outbox.${ada.username}`, JSON.stringify(left)],
  );
  await ada.page.reload();
  await ada.sees('from the attic', /Stored|Delivered/);
  await ada.page.waitForFunction((key) => localStorage.getItem(key) === null, `hubbub.outbox.${ada.username}`);
  await ada.page.reload();
  await ada.hears('from the attic');
  assert.deepEqual(await said(bo, groupOf(ada)), ['from the attic']);
  ada.contented();
});

test('where the browser keeps nothing, the page says so and works', async () => {
  const bo = await stage.client('Bo');
  const ada = await stage.person('Ada');
  await ada.page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('no storage in private windows', 'SecurityError');
    };
  });
  await ada.register(stage.url);
  const group = await bo.hub.create({ name: 'Private', members: [ada.username] });
  await ada.chat('Private').click();
  await ada.page.getByRole('status').filter({ hasText: 'This browser keeps nothing for this page' }).waitFor();
  await ada.say('still heard');
  await ada.sees('still heard', /Stored|Delivered/);
  await ada.field.fill('a draft');
  await ada.page.getByRole('link', { name: 'Private' }).waitFor();
  await ada.page.evaluate(() => {
    window.location.hash = '#/';
  });
  await ada.page.getByText('Pick up a conversation').waitFor();
  await ada.chat('Private').click();
  await ada.drafts('a draft');
  assert.deepEqual(await said(bo, group.id), ['still heard']);
  ada.contented();
});
