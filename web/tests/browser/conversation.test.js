import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { withoutFlaws } from './flaws.js';
import { startTalkingHub } from './hubs.js';
import { NARROW } from './person.js';
import { Stage } from './stage.js';

/** What happens to messages: edits, deletions, reactions, replies, pins. @type {Stage} */
let stage;
before(async () => {
  stage = await Stage.set(startTalkingHub);
});
after(() => stage?.end());

/** @typedef {import("./person.js").Person} Person */

/** @param {string} title @param {import("playwright-core").BrowserContextOptions} [options] */
async function twoIn(title, options) {
  const [ada, bo] = await Promise.all([stage.member('Ada', options), stage.member('Bo')]);
  await bo.makeGroup(title, [ada]);
  await ada.chat(title).click();
  await ada.page.getByRole('heading', { name: title, level: 2 }).waitFor();
  return { ada, bo };
}

/** A message by some of its words. @param {Person} person @param {string} text */
const line = (person, text) => person.messages.getByRole('listitem').filter({ hasText: text }).first();

/** Whether the browser keeps nothing with these words for the page. @param {string} words */
async function isKeptNowhere(words) {
  const database = await new Promise((resolve) => {
    const request = indexedDB.open('hubbub');
    request.onsuccess = () => resolve(request.result);
  });
  const all = [...database.objectStoreNames].map((name) => new Promise((resolve) => {
    const request = database.transaction(name).objectStore(name).getAll();
    request.onsuccess = () => resolve(request.result);
  }));
  const kept = JSON.stringify([await Promise.all(all), { ...localStorage }]);
  database.close();
  return !kept.includes(words);
}

/** @param {Person} person @param {string} text */
async function openMenu(person, text) {
  await line(person, text).hover();
  await line(person, text).getByRole('button', { name: 'Message actions' }).click();
  return person.page.getByRole('menu');
}

/** @param {Person} person @param {string} text @param {string} item */
async function choose(person, text, item) {
  await (await openMenu(person, text)).getByRole('menuitem', { name: item }).click();
}

test('an edit shows to both, with the time; arrow up edits the last own one, and Escape gives up', async () => {
  const { ada, bo } = await twoIn('Edits');
  assert.ok(await ada.field.evaluate((field) => field.clientHeight > 30), 'an empty field shows its line');
  await ada.say('Soop at noon');
  await bo.hears('Soop at noon');
  await choose(ada, 'Soop at noon', 'Edit');
  await ada.drafts('Soop at noon');
  await ada.field.fill('Soup at noon');
  await ada.field.press('Enter');
  for (const person of [ada, bo]) {
    await person.hears('Soup at noon');
    assert.match((await line(person, 'Soup').getByText('edited').getAttribute('title')) ?? '', /^Edited /);
  }
  await ada.drafts('');
  await bo.chat('Edits').getByText('Ada: Soup at noon').waitFor();

  await ada.field.fill('half a thought');
  await ada.field.press('ArrowUp');
  await ada.drafts('half a thought');
  await ada.field.fill('');
  await ada.field.press('ArrowUp');
  await ada.page.getByText('Editing a message').waitFor();
  await ada.drafts('Soup at noon');
  await ada.field.press('Escape');
  await ada.drafts('');
  assert.deepEqual(await bo.transcript(), ['Soup at noon']);
  for (const person of [ada, bo]) person.contented();
});

test('what is typed for an edit outlives the page, what was being written beside it too', async () => {
  const { ada } = await twoIn('Later');
  await ada.say('first');
  await ada.sees('first', /Stored|Delivered|Read/);
  await ada.field.fill('something new');
  await choose(ada, 'first', 'Edit');
  await ada.field.fill('first, and more');
  await ada.page.reload();
  await ada.drafts('first, and more');
  await ada.field.press('Enter');
  await ada.hears('first, and more');
  await ada.drafts('something new');
  ada.contented();
});

test('of a deleted message nothing is left in the page of anybody', async () => {
  const { ada, bo } = await twoIn('Secrets');
  await ada.say('the safe is behind the mirror');
  await bo.hears('the safe is behind the mirror');
  await choose(bo, 'behind the mirror', 'Reply');
  await bo.say('which mirror?');
  await line(ada, 'which mirror?').getByRole('button', { name: /In reply to You ?: the safe/ }).waitFor();
  await choose(bo, 'behind the mirror', 'Reply');
  await bo.field.fill('wait, I');
  await choose(ada, 'the safe is behind', 'Edit');
  await ada.field.fill('the safe is behind the mirror, left');
  const other = await ada.tab();
  await other.drafts('the safe is behind the mirror, left');
  await choose(other, 'You: the safe is', 'Delete');
  await other.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();

  for (const person of [ada, other, bo]) {
    await person.messages.locator('.text-deleted').waitFor();
    await line(person, 'which mirror?').getByRole('button', { name: /This message was deleted/ }).waitFor();
    await person.page.waitForFunction(() => !document.documentElement.outerHTML.includes('behind the'));
    await person.page.waitForFunction(isKeptNowhere, 'behind the');
  }
  await bo.drafts('wait, I');
  await ada.drafts('');
  assert.deepEqual(await bo.transcript(), ['which mirror?']);
  for (const person of [ada, bo, other]) person.contented();
});

test('reactions count, are pressed where they are mine, and are taken back', async () => {
  const { ada, bo } = await twoIn('Cheers');
  await ada.say('We won');
  const menu = await openMenu(bo, 'We won');
  await menu.getByRole('menuitemcheckbox', { name: '🎉' }).click();
  await line(bo, 'We won').getByRole('button', { name: '🎉 1', pressed: true }).waitFor();
  await line(ada, 'We won').getByRole('button', { name: '🎉 1', pressed: false }).click();
  await line(ada, 'We won').getByRole('button', { name: '🎉 2', pressed: true }).waitFor();
  await line(bo, 'We won').getByRole('button', { name: '🎉 2', pressed: true }).click();
  await line(bo, 'We won').getByRole('button', { name: '🎉 1', pressed: false }).waitFor();
  await ada.page.reload();
  await line(ada, 'We won').getByRole('button', { name: '🎉 1', pressed: true }).click();
  for (const person of [ada, bo]) {
    await line(person, 'We won').getByRole('group', { name: 'Reactions' }).waitFor({ state: 'detached' });
  }
  for (const person of [ada, bo]) person.contented();
});

test('a reply quotes what it replies to, and leads there', async () => {
  const { ada, bo } = await twoIn('Questions');
  await ada.say('<b>Who</b> has the key?');
  await bo.hears('<b>Who</b> has the key?');
  for (let number = 1; number <= 80; number += 1) await bo.say(`filler ${number}`);
  await ada.hears('filler 80');
  await ada.page.reload();
  await ada.hears('filler 80');
  await line(bo, 'has the key?').scrollIntoViewIfNeeded();
  await choose(bo, 'has the key?', 'Reply');
  await bo.page.getByText('Replying to Ada').waitFor();
  await bo.field.fill('I do');
  await bo.page.reload();
  await bo.page.getByText('Replying to Ada').waitFor();
  await bo.drafts('I do');
  await bo.field.press('Enter');
  await line(ada, 'I do').getByRole('button', { name: /In reply to You ?: <b>Who<\/b> has the key\?/ }).click();
  await ada.page.waitForFunction(() => document.activeElement?.matches('.message[data-seq]'));
  assert.equal(await ada.page.locator(':focus .text').textContent(), '<b>Who</b> has the key?');
  assert.equal(await bo.page.getByText('Replying to Ada').count(), 0);
  for (const person of [ada, bo]) person.contented();
});

test('admins pin and delete what others said, members neither', async () => {
  const { ada, bo } = await twoIn('Board');
  await ada.say('Meeting at six');
  await choose(bo, 'Meeting at six', 'Pin');
  await line(ada, 'Meeting at six').getByRole('img', { name: 'Pinned' }).waitFor();
  await bo.say('Bring chairs');
  const menu = await openMenu(ada, 'Bring chairs');
  assert.deepEqual(await menu.getByRole('menuitem').allTextContents(), ['Reply', 'Copy text']);
  await ada.page.keyboard.press('Escape');
  await choose(bo, 'Meeting at six', 'Unpin');
  await line(ada, 'Meeting at six').getByRole('img', { name: 'Pinned' }).waitFor({ state: 'detached' });
  await choose(bo, 'Meeting at six', 'Delete');
  await bo.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await ada.messages.getByText('This message was deleted').waitFor();
  for (const person of [ada, bo]) person.contented();
});

test('the keyboard does all of it, and the focus comes back', async () => {
  const { ada, bo } = await twoIn('Keys');
  await bo.say('By keys alone');
  await ada.hears('By keys alone');
  await bo.say('one more');
  await ada.hears('one more');
  const focused = ada.page.locator(':focus');
  await ada.field.focus();
  await ada.page.keyboard.press('Shift+Tab');
  assert.equal(await focused.getAttribute('aria-label'), 'Message actions');
  await ada.page.keyboard.press('ArrowUp');
  await ada.page.keyboard.press('Enter');
  await ada.page.getByRole('menu').waitFor();
  assert.equal(await focused.textContent(), '👍');
  await ada.page.keyboard.press('ArrowUp');
  assert.equal(await focused.textContent(), 'Copy text');
  await ada.page.keyboard.press('ArrowUp');
  await ada.page.keyboard.press('Escape');
  assert.equal(await focused.getAttribute('aria-label'), 'Message actions');
  await ada.page.keyboard.press('Enter');
  await ada.page.getByRole('menu').waitFor();
  await ada.page.keyboard.press('Enter');
  await line(bo, 'By keys alone').getByRole('button', { name: '👍 1' }).waitFor();
  await line(ada, 'By keys alone').getByRole('button', { name: '👍 1', pressed: true }).waitFor();
  await ada.page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Message actions');
  await ada.page.keyboard.press('Enter');
  await ada.page.getByRole('menuitem', { name: 'Reply' }).focus();
  await ada.page.keyboard.press('Enter');
  await ada.page.keyboard.type('and so is this');
  await ada.page.keyboard.press('Enter');
  await line(bo, 'and so is this').getByRole('button', { name: /In reply to You ?: By keys alone/ }).waitFor();
  await line(ada, 'By keys alone').getByRole('button', { name: 'Message actions' }).focus();
  await ada.page.keyboard.press('ArrowRight');
  await ada.page.keyboard.press('Space');
  await line(bo, 'By keys alone').getByRole('group', { name: 'Reactions' }).waitFor({ state: 'detached' });
  for (const person of [ada, bo]) person.contented();
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`${colorScheme}: names, roles and contrast of all that are as the guidelines ask`, async () => {
    const { ada, bo } = await twoIn('Guide', { colorScheme });
    await bo.say('one');
    await ada.say('two');
    await choose(bo, 'one', 'Pin');
    await choose(ada, 'one', 'Reply');
    await ada.say('three');
    const menu = await openMenu(ada, 'You: two');
    await withoutFlaws(ada.page, 'the menu');
    await menu.getByRole('menuitemcheckbox', { name: '👍' }).click();
    await line(ada, 'You: two').getByRole('button', { name: '👍 1' }).waitFor();
    await ada.field.press('ArrowUp');
    await ada.page.getByText('Editing a message').waitFor();
    await withoutFlaws(ada.page, 'an edit');
    await ada.field.fill('four');
    await ada.field.press('Enter');
    await line(ada, 'four').getByText('edited').waitFor();
    await choose(bo, 'one', 'Delete');
    await bo.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await ada.messages.locator('.text-deleted').waitFor();
    await withoutFlaws(ada.page, 'the conversation');
    ada.contented();
  });
}

test('a finger that rests on a message opens a sheet that fits the window', async () => {
  const { ada, bo } = await twoIn('Pocket', { viewport: NARROW, hasTouch: true, isMobile: true });
  await bo.say('press me');
  await ada.hears('press me');
  const box = /** @type {{ x: number, y: number }} */ (await line(ada, 'press me').locator('.bubble').boundingBox());
  const touch = await ada.page.context().newCDPSession(ada.page);
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: box.x + 20, y: box.y + 12 }] });
  await ada.page.getByRole('menu').waitFor();
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  const sheet = /** @type {{ y: number, height: number }} */ (await ada.page.locator('.popup').boundingBox());
  assert.ok(Math.abs(sheet.y + sheet.height - NARROW.height) <= 1, 'it lies at the foot');
  await ada.page.getByRole('menuitemcheckbox', { name: '❤️' }).tap();
  await line(bo, 'press me').getByRole('button', { name: '❤️ 1' }).waitFor();
  for (const person of [ada, bo]) person.contented();
});
