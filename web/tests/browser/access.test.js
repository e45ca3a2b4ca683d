import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { withoutFlaws } from './flaws.js';
import { startHub } from './hubs.js';
import { fresh, NARROW, PASSWORD } from './person.js';
import { Stage } from './stage.js';

/** @type {Stage} */
let stage;
before(async () => {
  stage = await Stage.set(() => startHub());
});
after(() => stage?.end());

test('everything is within reach of the keyboard, and the focus is seen', async () => {
  const bo = await stage.client('Bo');
  const ada = await stage.person('Ada');
  const { page } = ada;
  const { keyboard } = page;
  /** Tab until the focus is on what has this name. @param {string | RegExp} name */
  const tabTo = async (name) => {
    for (let stop = 0; stop < 40; stop += 1) {
      const focused = page.locator(':focus');
      const label = (await focused.count()) > 0 ? await focused.evaluate(nameOf) : '';
      if (typeof name === 'string' ? label === name : name.test(label)) return;
      await keyboard.press('Tab');
    }
    assert.fail(`no way to ${name} by Tab`);
  };
  const outlineIsSeen = async () => {
    const { outlineStyle, outlineWidth, boxShadow } = await page
      .locator(':focus')
      .evaluate((element) => getComputedStyle(element.closest('.composer-box, .picker-box') ?? element));
    assert.ok(
      (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none',
      'the focus is not seen',
    );
  };

  await page.goto(stage.url);
  await tabTo('Make an account');
  await outlineIsSeen();
  await keyboard.press('Enter');
  await tabTo('Username');
  await keyboard.type(ada.username);
  await keyboard.press('Tab');
  await keyboard.type('Ada');
  await keyboard.press('Tab');
  await keyboard.type(PASSWORD);
  await keyboard.press('Enter');
  await page.getByText('No chats yet').waitFor();

  await tabTo('New group');
  await outlineIsSeen();
  await keyboard.press('Enter');
  await keyboard.type('By keys');
  await keyboard.press('Tab');
  await keyboard.type(bo.username);
  await page.getByRole('option', { name: bo.username, selected: true }).waitFor();
  await keyboard.press('Enter');
  await page.getByRole('button', { name: 'Take out Bo' }).waitFor();
  await tabTo('Create group');
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'By keys', level: 2 }).waitFor();

  await tabTo('Message');
  await outlineIsSeen();
  await keyboard.type('one');
  await keyboard.press('Shift+Enter');
  await keyboard.type('two');
  await keyboard.press('Enter');
  await page.getByRole('img', { name: /Stored|Delivered/ }).waitFor();
  assert.deepEqual(await ada.transcript(), ['one\ntwo']);

  await tabTo('Details');
  await keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'Details' }).waitFor();
  await keyboard.press('Escape');
  assert.equal(await page.locator(':focus').evaluate(nameOf), 'Details');

  await bo.hub.create({ name: 'Another', members: [ada.username] });
  await ada.chat('Another').waitFor();
  await tabTo('Search chats and find people');
  await keyboard.press('ArrowDown');
  await keyboard.press('ArrowDown');
  assert.match(await page.locator(':focus').innerText(), /By keys/);
  await keyboard.press('ArrowUp');
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Another', level: 2 }).waitFor();
  ada.contented();
});

test('what others say is told to who listens', async () => {
  const [ada, bo] = [await stage.member('Ada'), await stage.client('Bo')];
  const group = await bo.hub.create({ name: 'Radio', members: [ada.username] });
  await ada.chat('Radio').click();
  await ada.page.getByRole('heading', { name: 'Radio', level: 2 }).waitFor();
  await bo.hub.send({ group: group.id, text: 'Can you hear me?' });
  await ada.page.getByRole('log').getByText('Bo: Can you hear me?').waitFor();
});

test('a narrow window shows one pane at a time, and back leads back', async () => {
  const [ada, bo] = [
    await stage.member('Ada', { viewport: NARROW, hasTouch: true, isMobile: true }),
    await stage.client('Bo'),
  ];
  const group = await bo.hub.create({ name: 'Pocket', members: [ada.username] });
  const list = ada.page.getByRole('navigation', { name: 'Chats' });
  await ada.chat('Pocket').tap();
  await list.waitFor({ state: 'hidden' });
  await bo.hub.send({ group: group.id, text: 'Does it fit?' });
  await ada.hears('Does it fit?');
  assert.equal(
    await ada.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
    true,
    'the page is wider than the window',
  );

  await ada.field.fill('It does');
  await ada.page.getByRole('button', { name: 'Send' }).tap();
  await ada.sees('It does', /Stored|Delivered/);
  await ada.page.getByRole('button', { name: 'Details' }).tap();
  await ada.page.getByRole('complementary', { name: 'Details' }).waitFor();
  await ada.page.getByRole('button', { name: 'Close details' }).tap();
  await ada.page.getByRole('button', { name: 'Back to the list' }).tap();
  await list.waitFor();
  await ada.page.goBack();
  await ada.hears('It does');
  ada.contented();
});

test('the page loads nothing from elsewhere, and its policy forbids it', async () => {
  const ada = await stage.person('Ada');
  /** @type {string[]} */
  const asked = [];
  ada.page.on('request', (request) => asked.push(new URL(request.url()).host));
  const response = await ada.page.goto(stage.url);
  await ada.page.getByRole('button', { name: 'Log in' }).waitFor();
  assert.deepEqual([...new Set(asked)], [new URL(stage.url).host]);
  const policy = response?.headers()['content-security-policy'] ?? '';
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe/);
  ada.contented();
});

test('a token is enough to come in', async () => {
  const { token } = await (
    await fetch(`${stage.url}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: fresh('Tok'), password: PASSWORD }),
    })
  ).json();
  const ada = await stage.person('Ada');
  await ada.page.goto(stage.url);
  await ada.page.getByRole('button', { name: 'Use a token' }).click();
  await ada.page.getByLabel('Token').fill('not a token');
  await ada.page.getByRole('button', { name: 'Continue' }).click();
  await ada.page.getByRole('alert').filter({ hasText: 'does not accept' }).waitFor();
  await ada.page.getByLabel('Token').fill(token);
  await ada.page.getByRole('button', { name: 'Continue' }).click();
  await ada.page.getByText('No chats yet').waitFor();
  ada.contented();
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`${colorScheme}: names, roles and contrast are as the accessibility guidelines ask`, async () => {
    const bo = await stage.client('Bo');
    const ada = await stage.person('Ada', { colorScheme });
    await ada.page.goto(stage.url);
    await withoutFlaws(ada.page, 'the way in');
    await ada.register(stage.url);
    await withoutFlaws(ada.page, 'the empty page');

    const group = await bo.hub.create({ name: 'Survey', members: [ada.username] });
    for (const text of ['one', 'https://two.example/', '🍰']) await bo.hub.send({ group: group.id, text });
    await ada.chat('Survey').getByText('3 unread messages').waitFor();
    await withoutFlaws(ada.page, 'the list');
    await ada.chat('Survey').click();
    const heard = new Promise((resolve) => {
      bo.hub.on('message', ({ text, seq }) => text === 'Mine' && resolve(seq));
    });
    await ada.say('Mine');
    await bo.hub.read(group.id, await heard);
    await ada.sees('Mine', 'Read');
    await withoutFlaws(ada.page, 'the conversation');
    await ada.page.getByRole('button', { name: 'Details' }).click();
    await ada.page.getByRole('complementary', { name: 'Details' }).waitFor();
    await withoutFlaws(ada.page, 'the details');
    await ada.page.getByRole('button', { name: 'New group' }).click();
    await ada.page.getByRole('dialog').getByRole('combobox').fill(bo.username);
    await ada.page.getByRole('option').waitFor();
    await withoutFlaws(ada.page, 'the dialog');
    ada.contented();
  });
}

/** What an element is called, as far as this page needs it. @param {Element} element */
function nameOf(element) {
  const labels = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.labels : null;
  return (element.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? element.textContent ?? '').trim();
}
