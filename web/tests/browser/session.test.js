import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fakeHub } from './hubs.js';
import { Stage } from './stage.js';

/**
 * Sessions that end, and those that are kept from ending.
 *
 * @type {Stage & { node: import("../fake/server.js").FakeNode }}
 */
let stage;
before(async () => {
  const hub = await fakeHub(1);
  stage = Object.assign(await Stage.set(async () => hub), { node: hub.nodes[0] });
});
after(() => stage?.end());

/** @param {() => any} condition @param {string} what */
async function until(condition, what) {
  for (const end = Date.now() + 45_000; Date.now() < end;) {
    if (condition()) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  assert.fail(`still not so: ${what}`);
}

/** Sends are swallowed from now on. */
function swallowSends() {
  stage.node.intercept = (/** @type {any} */ frame) => frame.type === 'send';
}

test('when the session has ended, what was written is still there for the same user, and goes out', async () => {
  const ada = await stage.member('Ada');
  await ada.makeGroup('Late', []);
  swallowSends();
  await ada.say('in the outbox');
  await ada.sees('in the outbox', 'Sending');
  await ada.field.pressSequentially('in the middle of a wo');
  stage.node.session.close(4002, 'token expired');
  await ada.page.getByRole('alert').filter({ hasText: 'what you wrote is still here' }).waitFor();
  stage.node.intercept = undefined;
  await ada.logIn();
  await ada.drafts('in the middle of a wo');
  await ada.sees('in the outbox', 'Stored');
  ada.contented();
});

test('nobody else who logs in sees or sends it', async () => {
  const [ada, bo] = [await stage.member('Ada'), await stage.member('Bo')];
  await ada.makeGroup('Secret', []);
  const url = ada.page.url();
  swallowSends();
  await ada.say('unsent secret');
  await ada.field.pressSequentially('typed secret');
  stage.node.sessions.findLast(({ user }) => user === ada.username)?.close(4002, 'token expired');
  await ada.page.getByRole('alert').waitFor();
  stage.node.intercept = undefined;
  const { username } = ada;
  ada.username = bo.username;
  await ada.logIn();
  await ada.page.goto(url);
  await ada.page.reload();
  await ada.page.getByRole('heading', { name: 'You are not in this group' }).waitFor();
  assert.equal(await ada.page.getByText('secret').count(), 0);
  await ada.page.goto(`${stage.url}/#/`);
  await ada.page.getByText('No chats yet').waitFor();
  assert.equal(await ada.page.getByRole('list', { name: 'Not sent' }).getByRole('listitem').count(), 0);
  const [group] = [...stage.node.world.groups.values()].filter(({ name }) => name === 'Secret');
  assert.ok(group.events.every(({ text }) => text === undefined));

  await ada.page.getByLabel('You: Bo').click();
  await ada.page.getByRole('button', { name: 'Log out' }).click();
  ada.username = username;
  await ada.logIn();
  await ada.chat('Secret').click();
  await ada.drafts('typed secret');
  await ada.sees('unsent secret', 'Stored');
  assert.deepEqual(
    group.events.filter(({ kind }) => kind === 'text').map(({ from, text }) => [from, text]),
    [[username, 'unsent secret']],
  );
  ada.contented();
});

test('who logs out by hand chooses whether the unsent waits or goes', async () => {
  const ada = await stage.member('Ada');
  await ada.makeGroup('Parting', []);
  await ada.field.pressSequentially('half a thought');
  await ada.logOut();
  const dialog = ada.page.getByRole('dialog');
  await dialog.getByText('You have 1 draft that was not sent').waitFor();
  await dialog.getByRole('button', { name: 'Log out' }).click();
  await ada.logIn();
  await ada.drafts('half a thought');
  await ada.logOut();
  await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: 'Log out' }).click();
  await ada.logIn();
  await ada.field.waitFor();
  await ada.drafts('');
  await ada.logOut();
  await ada.page.getByRole('button', { name: 'Log in' }).waitFor();
  ada.contented();
});

test('while the page is open its token is renewed, once for all tabs, and no word is interrupted', async () => {
  stage.node.world.tokenTtl = 10_000;
  const one = await stage.member('Ada');
  await one.makeGroup('Long day', []);
  const tabs = [one, await one.tab(), await one.tab()];
  for (const { field } of tabs) await field.waitFor();
  await one.field.pressSequentially('a long sent');
  const sessions = stage.node.sessions.filter(({ user }) => user === one.username);
  const renewed = () => sessions.map(({ received }) => received.find(({ id }) => id === 'renewal')?.token);
  await until(() => renewed().every((token) => token !== undefined), 'all sessions are extended');
  const tokens = new Set([...renewed(), ...sessions.map(({ received }) => received[0].token)]);
  assert.equal(tokens.size, 2, 'the first token, and one more for all');
  stage.node.world.tokenTtl = 3_600_000;
  await one.field.pressSequentially('ence');
  await one.field.press('Enter');
  await one.sees('a long sentence', 'Stored');
  await until(
    () => stage.node.session.received.filter(({ id }) => id === 'renewal').length > 1,
    'they are extended again',
  );
  assert.ok(
    stage.node.sessions.filter(({ user }) => user === one.username).length === tabs.length,
    'no connection was made anew',
  );
  for (const person of tabs) person.contented();
});

test('a machine that has slept renews when it wakes, whatever its timers think', async () => {
  const ada = await stage.person('Ada');
  await ada.page.clock.install();
  await ada.register(stage.url);
  await ada.page.getByText('No chats yet').waitFor();
  const token = () => ada.page.evaluate(() => JSON.parse(localStorage.getItem('hubbub.login') ?? '{}').token);
  const first = await token();
  const now = await ada.page.evaluate(() => Date.now());
  await ada.page.clock.pauseAt(now + 1_000);
  await ada.page.clock.setSystemTime(now + 0.9 * stage.node.world.tokenTtl);
  const renewed = ada.page.waitForResponse((response) => response.url().endsWith('/auth/renew'));
  await ada.page.evaluate(() => dispatchEvent(new Event('online')));
  assert.equal((await renewed).status(), 200);
  const end = Date.now() + 30_000;
  while ((await token()) === first) assert.ok(Date.now() < end, 'the new token is not kept');
  ada.contented();
});

test('who logs out in one tab is out in all of them', async () => {
  const one = await stage.member('Ada');
  await one.makeGroup('Doors', []);
  const two = await one.tab();
  await two.field.waitFor();
  await one.logOut();
  await two.page.getByRole('alert').filter({ hasText: 'logged out in another tab' }).waitFor();
  for (const person of [one, two]) person.contented();
});
