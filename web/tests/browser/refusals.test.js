import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fakeHub, teach } from './hubs.js';
import { Stage } from './stage.js';

/**
 * What a sound hub seldom does is brought about by the fake one.
 *
 * @type {Stage & { node: import("../fake/server.js").FakeNode }}
 */
let stage;
before(async () => {
  const hub = await fakeHub(1);
  stage = Object.assign(await Stage.set(async () => hub), { node: hub.nodes[0] });
});
after(() => stage?.end());

test('a message that the hub refuses says why, and can be tried again or deleted', async () => {
  const ada = await stage.member('Ada');
  await ada.makeGroup('Strict', []);
  stage.node.intercept = (frame, session) => {
    if (frame.type !== 'send') return false;
    session.say({ type: 'error', re: frame.id, code: 'forbidden', message: 'not today' });
    return true;
  };
  await ada.say('first');
  await ada.say('second');
  await ada.message('first').getByText('Not sent: not today.').waitFor();
  await ada.message('second').getByRole('button', { name: 'Delete' }).click();
  await ada.message('second').waitFor({ state: 'detached' });
  stage.node.intercept = undefined;
  await ada.message('first').getByRole('button', { name: 'Try again' }).click();
  await ada.sees('first', 'Stored');
  assert.deepEqual(await ada.transcript(), ['first']);
  ada.contented();
});

test('what the hub refuses to do with a message is said in its words, and nothing typed is lost', async () => {
  const ada = await stage.member('Ada');
  teach(stage.node.world);
  await ada.makeGroup('Late', []);
  await ada.say('first');
  await ada.sees('first', 'Stored');
  stage.node.intercept = (frame, session) => {
    if (frame.kind === undefined) return false;
    session.say({ type: 'error', re: frame.id, code: 'forbidden', message: `no ${frame.kind} after six` });
    return true;
  };
  const line = ada.message('first');
  const alert = (/** @type {string} */ text) => ada.page.getByRole('alert').filter({ hasText: text });
  const open = () => line.getByRole('button', { name: 'Message actions' }).click();
  await ada.field.press('ArrowUp');
  await ada.field.fill('first, but better');
  await ada.field.press('Enter');
  await alert('Not saved: no edited after six').waitFor();
  await ada.drafts('first, but better');

  await open();
  await ada.page.getByRole('menuitemcheckbox', { name: '👍' }).click();
  await alert('That did not work: no reaction after six').waitFor();
  assert.equal(await line.getByRole('group', { name: 'Reactions' }).count(), 0);
  await ada.page.getByRole('button', { name: 'Dismiss' }).click();
  await open();
  await ada.page.getByRole('menuitem', { name: 'Pin' }).click();
  await alert('That did not work: no pinned after six').waitFor();
  await open();
  await ada.page.getByRole('menuitem', { name: 'Delete' }).click();
  const dialog = ada.page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'no deleted after six' }).waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  stage.node.intercept = undefined;
  await ada.drafts('first, but better');
  await ada.field.press('Enter');
  await ada.hears('first, but better');
  await ada.drafts('');
  ada.contented();
});

test('after a gap the newest is shown without a hole', async () => {
  const ada = await stage.member('Ada');
  await ada.makeGroup('Leap', []);
  await ada.say('before');
  await ada.sees('before', 'Stored');
  const group = /** @type {any} */ ([...stage.node.world.groups.values()].at(-1));
  const line = stage.node.session;
  const held = group.events.length;
  for (let count = 1; count <= 80; count += 1) {
    group.events.push({
      ...group.events.at(-1),
      cid: undefined,
      seq: held + count,
      n: held + count - 1,
      text: `missed ${count}`,
    });
  }
  line.say({ type: 'gap', group: group.id, from: held + 1, to: held + 80, reason: 'too_many' });
  stage.node.world.append(group, ada.username, { text: 'after' });
  await ada.hears('after');
  await ada.hears('missed 80');
  await ada.messages.evaluate((scroller) => scroller.scrollTo(0, 0));
  await ada.hears('before');
  assert.deepEqual(await ada.transcript(), [
    'before',
    ...Array.from({ length: 80 }, (_, index) => `missed ${index + 1}`),
    'after',
  ]);
  ada.contented();
});

test('a page left open lets go of what is far above, and fetches it again for who scrolls up', async () => {
  const ada = await stage.member('Ada');
  await ada.makeGroup('Flood', []);
  const group = /** @type {any} */ ([...stage.node.world.groups.values()].at(-1));
  for (let count = 1; count <= 1100; count += 1) stage.node.world.append(group, 'ada', { text: `drop ${count}` });
  await ada.hears('drop 1100');
  await ada.page.waitForFunction(() => document.querySelectorAll('.message').length < 1000);
  const [first] = await ada.transcript();
  await ada.messages.evaluate((scroller) => scroller.scrollTo(0, 0));
  await ada.hears(`drop ${Number(first.split(' ')[1]) - 1}`);
  const texts = await ada.transcript();
  assert.deepEqual(
    texts,
    Array.from({ length: texts.length }, (_, index) => `drop ${1101 - texts.length + index}`),
  );
  ada.contented();
});

for (const [code, notice] of /** @type {[number, RegExp][]} */ ([
  [4002, /session has ended/],
  [4003, /no longer use/],
])) {
  test(`close code ${code} leads to the log-in with the reason`, async () => {
    const ada = await stage.member('Ada');
    stage.node.session.close(code, 'enough');
    await ada.page.getByRole('alert').filter({ hasText: notice }).waitFor();
    await ada.page.getByRole('button', { name: 'Log in' }).waitFor();
    ada.contented();
  });
}

test('where accounts are off, a token is asked for', async () => {
  stage.node.world.accountsOn = false;
  const ada = await stage.person('Ada');
  await ada.page.goto(stage.url);
  await ada.page.getByLabel('Username').fill('ada');
  await ada.page.getByLabel('Password').fill('whatever it is');
  await ada.page.getByRole('button', { name: 'Log in' }).click();
  await ada.page.getByRole('heading', { name: 'Sign in with a token' }).waitFor();
  await ada.page.getByRole('alert').filter({ hasText: 'keeps no accounts' }).waitFor();
  stage.node.world.accountsOn = true;
  ada.contented();
});
