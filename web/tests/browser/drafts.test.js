import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHub } from './hubs.js';
import { NARROW } from './person.js';
import { Stage } from './stage.js';

/** What is typed stays where it is typed. @type {Stage} */
let stage;
before(async () => {
  stage = await Stage.set(() => startHub());
});
after(() => stage?.end());

/** @typedef {import("./person.js").Person} Person */

/** Notes what becomes of the field from now on. @param {Person} person */
const watchField = (person) =>
  person.field.evaluate((field) => {
    Object.assign(window, { watched: field, blurred: 0 });
    field.addEventListener('blur', () => {
      /** @type {any} */ (window).blurred += 1;
    });
  });

/**
 * The field that was watched: whether it is the same one, focused all the time, and where its cursor is.
 *
 * @param {Person} person
 */
const fieldOf = (person) =>
  person.page.evaluate(() => {
    const { watched, blurred } = /** @type {any} */ (window);
    const { value, selectionStart } = /** @type {HTMLTextAreaElement} */ (watched);
    return { value, selectionStart, focused: document.activeElement === watched, blurred };
  });

for (const [width, options] of /** @type {const} */ ([
  ['wide', {}],
  ['narrow', { viewport: NARROW, hasTouch: true, isMobile: true }],
])) {
  test(`${width}: the other one writes first, and who is typing goes on typing`, async () => {
    const [ada, bo] = [await stage.member('Ada', options), await stage.client('Bo')];
    await ada.page.goto(`${stage.url}/#/u/${bo.username}`);
    await ada.field.pressSequentially('half a sentence');
    await ada.field.press('Home');
    await ada.field.press('ArrowRight');
    await watchField(ada);
    await bo.hub.send({ to: ada.username, text: 'Are you there?' });
    await ada.hears('Are you there?');
    await ada.page.waitForURL(/#\/g\//);
    assert.deepEqual(await fieldOf(ada), { value: 'half a sentence', selectionStart: 1, focused: true, blurred: 0 });
    await ada.page.keyboard.press('End');
    await ada.page.keyboard.type(' and the rest');
    await ada.page.getByRole('button', { name: 'Send' }).click();
    await ada.sees('half a sentence and the rest', /Stored|Delivered|Read/);
    assert.equal((await fieldOf(ada)).value, '');
    ada.contented();
  });
}

test('what is typed before the first message has arrived stays, and so does their order', async () => {
  const line = await stage.line();
  const [ada, bo] = [await stage.member('Ada', { url: line.url }), await stage.client('Bo')];
  await ada.page.goto(`${line.url}/#/u/${bo.username}`);
  await ada.field.waitFor();
  line.cut();
  await ada.page
    .getByText(/^Connection lost/)
    .first()
    .waitFor();
  await ada.say('first');
  await ada.say('second');
  await ada.field.pressSequentially('and the thi');
  await watchField(ada);
  line.mend();
  await ada.page.waitForURL(/#\/g\//);
  await ada.sees('second', /Stored|Delivered/);
  assert.deepEqual(await fieldOf(ada), { value: 'and the thi', selectionStart: 11, focused: true, blurred: 0 });
  await ada.page.keyboard.type('rd');
  await ada.page.keyboard.press('Enter');
  await ada.sees('and the third', /Stored|Delivered/);
  assert.deepEqual(await ada.transcript(), ['first', 'second', 'and the third']);
  await ada.page.reload();
  await ada.hears('and the third');
  await ada.drafts('');
  ada.contented();
});

test('a word that is being composed is composed to its end while the chat under it comes to be', async () => {
  const [ada, bo] = [await stage.member('Ada'), await stage.client('Bo')];
  await ada.page.goto(`${stage.url}/#/u/${bo.username}`);
  await ada.field.focus();
  await watchField(ada);
  const keyboard = await ada.page.context().newCDPSession(ada.page);
  await keyboard.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 });
  await bo.hub.send({ to: ada.username, text: 'Konnichiwa' });
  await ada.hears('Konnichiwa');
  await ada.page.waitForURL(/#\/g\//);
  await keyboard.send('Input.imeSetComposition', { text: '日本', selectionStart: 2, selectionEnd: 2 });
  await keyboard.send('Input.insertText', { text: '日本' });
  assert.deepEqual(await fieldOf(ada), { value: '日本', selectionStart: 2, focused: true, blurred: 0 });
  await ada.page.reload();
  await ada.drafts('日本');
  ada.contented();
});

test('a draft outlives the page, stays with its chat, and is no draft any more when it is sent or emptied', async () => {
  const ada = await stage.member('Ada');
  await ada.makeGroup('North', []);
  await ada.field.pressSequentially('for the north');
  await ada.makeGroup('South', []);
  await ada.drafts('');
  await ada.field.pressSequentially('for the south');
  await ada.page.reload();
  await ada.drafts('for the south');
  await ada.chat('North').click();
  await ada.drafts('for the north');
  await ada.field.press('Enter');
  await ada.sees('for the north', 'Stored');
  await ada.chat('South').click();
  await ada.drafts('for the south');
  await ada.field.fill('');
  await ada.page.reload();
  await ada.field.waitFor();
  await ada.drafts('');
  await ada.chat('North').click();
  await ada.hears('for the north');
  await ada.drafts('');
  ada.contented();
});

test('a draft to somebody one has never written to is found again', async () => {
  const [ada, bo] = [await stage.member('Ada'), await stage.client('Bo')];
  await ada.page.goto(`${stage.url}/#/u/${bo.username}`);
  await ada.page.getByRole('heading', { name: 'Bo', level: 2 }).waitFor();
  await ada.field.pressSequentially('Dear Bo');
  await ada.page.goto(`${stage.url}/#/`);
  await ada.page.reload();
  await ada.page
    .getByRole('list', { name: 'Not sent' })
    .getByRole('link')
    .filter({ hasText: 'Draft: Dear Bo' })
    .click();
  await ada.drafts('Dear Bo');
  ada.contented();
});

test('tabs share a draft: none overwrites what the other one holds', async () => {
  const one = await stage.member('Ada');
  await one.makeGroup('Desk', []);
  const two = await one.tab();
  await two.field.waitFor();
  await one.field.pressSequentially('begun in one');
  await two.drafts('begun in one');
  await two.field.press('End');
  await two.field.pressSequentially(', ended in two');
  await one.drafts('begun in one, ended in two');
  await two.field.press('Enter');
  await one.drafts('');
  await one.hears('begun in one, ended in two');
  for (const person of [one, two]) person.contented();
});
