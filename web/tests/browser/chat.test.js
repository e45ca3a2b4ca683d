import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHub } from './hubs.js';
import { PASSWORD } from './person.js';
import { Stage } from './stage.js';

/** @type {Stage} */
let stage;
before(async () => {
  stage = await Stage.set(() => startHub());
});
after(() => stage?.end());

test('an account is made, kept over a reload, left and entered again', async () => {
  const ada = await stage.member('Ada');
  await ada.page.getByText('No chats yet').waitFor();
  await ada.page.reload();
  await ada.page.getByText('No chats yet').waitFor();
  await ada.page.getByLabel('You: Ada').click();
  await ada.page.getByRole('button', { name: 'Log out' }).click();

  await ada.page.getByLabel('Username').fill(ada.username);
  await ada.page.getByLabel('Password').fill('something else');
  await ada.page.getByRole('button', { name: 'Log in' }).click();
  await ada.page.getByRole('alert').filter({ hasText: 'Wrong username or password' }).waitFor();
  await ada.page.getByLabel('Password').fill(PASSWORD);
  await ada.page.getByRole('button', { name: 'Log in' }).click();
  await ada.page.getByRole('navigation', { name: 'Chats' }).waitFor();
  ada.contented();
});

test('what one says in a group is shown at once, marked when stored, delivered and read, and seen live', async () => {
  const [ada, bo] = await Promise.all([stage.member('Ada'), stage.member('Bo')]);
  await ada.makeGroup('Lunch', [bo]);
  await ada.say('Soup or salad?');
  await ada.sees('Soup or salad?', /Stored|Delivered/);

  const line = bo.chat('Lunch');
  await line.getByText('Ada: Soup or salad?').waitFor();
  await line.getByText('1 unread message').waitFor();
  await bo.page.waitForFunction(() => document.title === '(1) hubbub');
  await ada.sees('Soup or salad?', 'Delivered');

  await line.click();
  await bo.hears('Soup or salad?');
  await ada.sees('Soup or salad?', 'Read');
  await ada.page.getByText('Read by Bo').waitFor();
  await bo.page.waitForFunction(() => document.title === 'hubbub');

  await bo.say('Soup.\nWith bread, see https://bread.example/rye.');
  const reply = ada.messages.getByRole('listitem').filter({ hasText: 'With bread' });
  assert.equal(await reply.getByRole('link').getAttribute('href'), 'https://bread.example/rye');
  assert.deepEqual(await ada.transcript(), ['Soup or salad?', 'Soup.\nWith bread, see https://bread.example/rye.']);
  for (const person of [ada, bo]) person.contented();
});

test('text is text, whatever it looks like', async () => {
  const [ada, bo] = await Promise.all([stage.member('Ada'), stage.member('Bo')]);
  await ada.makeGroup('<b>Bold</b>', [bo]);
  const text = "<img src=x onerror=\"document.title='caught'\"> & </li><script>document.title='caught'</script>";
  await ada.say(text);
  await bo.chat('<b>Bold</b>').click();
  await bo.hears(text);
  assert.deepEqual(await bo.transcript(), [text]);
  assert.equal(await bo.page.locator('img[src=x], main b').count(), 0);
  for (const person of [ada, bo]) person.contented();
});

test('a direct chat begins with somebody found by name; presence and typing show', async () => {
  const [ada, bo] = await Promise.all([stage.member('Ada'), stage.member('Bo')]);
  await ada.page.getByRole('searchbox').fill(bo.username);
  await ada.page.getByRole('list', { name: 'People' }).getByRole('link').filter({ hasText: 'Bo' }).click();
  await ada.page.getByRole('heading', { name: 'Bo', level: 2 }).waitFor();
  await ada.say('Psst');
  await ada.sees('Psst', /Stored|Delivered/);
  await ada.page.waitForURL(/#\/g\//);

  await bo.chat('Ada').getByText('Psst').waitFor();
  await bo.chat('Ada').click();
  await bo.page.getByRole('main').getByText('Online', { exact: true }).waitFor();
  await bo.field.pressSequentially('What is it');
  await ada.page.getByRole('main').getByText('Bo is typing…').waitFor();
  await ada.chat('Bo').getByText('typing…').waitFor();
  await bo.field.press('Enter');
  await ada.hears('What is it');
  await ada.page.getByRole('main').getByText('Bo is typing…').waitFor({ state: 'detached' });

  await bo.page.close();
  await ada.page
    .getByRole('main')
    .getByText(/^Last seen/)
    .waitFor();
  ada.contented();
});

test('admins add and remove people; who is out no longer sees the group', async () => {
  const [ada, bo, cy] = await Promise.all([stage.member('Ada'), stage.member('Bo'), stage.member('Cy')]);
  await ada.makeGroup('Band', [bo]);
  await ada.page.getByRole('button', { name: 'Details' }).click();
  const details = ada.page.getByRole('complementary', { name: 'Details' });
  await ada.pick(details.getByRole('combobox', { name: 'Add people' }), cy.username);
  await details.getByRole('button', { name: 'Add', exact: true }).click();
  await details.getByRole('listitem').filter({ hasText: 'Cy' }).waitFor();
  await ada.page.getByText('You added Cy').first().waitFor();
  await cy.chat('Band').click();
  await cy.page.getByRole('main').getByText('3 members').waitFor();

  await cy.page.getByRole('button', { name: 'Details' }).click();
  assert.equal(await cy.page.getByRole('button', { name: /^Remove/ }).count(), 0);

  await details.getByRole('button', { name: 'Remove Bo' }).click();
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await details.getByRole('listitem').filter({ hasText: 'Bo' }).waitFor({ state: 'detached' });
  await bo.page.getByText('No chats yet').waitFor();

  await cy.page.getByRole('button', { name: 'Leave group' }).click();
  await cy.page.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
  await cy.page.getByText('No chats yet').waitFor();
  await ada.page.getByRole('main').getByText('Cy left').waitFor();
  for (const person of [ada, bo, cy]) person.contented();
});

test('a link to an open group lets one join; a closed one does not', async () => {
  const [ada, bo] = await Promise.all([stage.member('Ada'), stage.member('Bo')]);
  await ada.makeGroup('Open house', [], { open: true });
  await bo.page.goto(ada.page.url());
  await bo.page.getByRole('button', { name: 'Join' }).click();
  await bo.page.getByRole('heading', { name: 'Open house', level: 2 }).waitFor();
  await bo.say('Hello everybody');
  await ada.hears('Hello everybody');

  await ada.makeGroup('Closed', []);
  await bo.page.goto(ada.page.url());
  await bo.page.getByRole('button', { name: 'Join' }).click();
  await bo.page.getByRole('alert').filter({ hasText: 'That did not work' }).waitFor();
  for (const person of [ada, bo]) person.contented();
});

test('one scrolls back through all pages, and what one looks at stays where it is', async () => {
  const ada = await stage.member('Ada');
  const writer = await stage.client('Writer');
  const group = await writer.hub.create({ name: 'Chronicle' });
  for (let line = 1; line <= 260; line += 1) await writer.hub.send({ group: group.id, text: `line ${line}` });
  await writer.hub.add(group.id, [ada.username]);

  await ada.chat('Chronicle').click();
  await ada.hears('line 260');
  for (let page = 0; (await ada.transcript())[0] !== 'line 1'; page += 1) {
    assert.ok(page < 10, 'the first line is not reached');
    const [first] = await ada.transcript();
    const top = () => ada.message(first).evaluate((row) => row.getBoundingClientRect().top);
    const { height, at } = await ada.messages.evaluate((scroller) => {
      scroller.scrollTo(0, 0);
      return {
        height: scroller.scrollHeight,
        at: scroller.querySelector('.message')?.getBoundingClientRect().top ?? NaN,
      };
    });
    await ada.page.waitForFunction(
      (was) => (document.querySelector('.scroller')?.scrollHeight ?? 0) > was + 100,
      height,
    );
    assert.ok(Math.abs((await top()) - at) < 60, `what was in view at ${at} jumped to ${await top()}`);
  }
  assert.deepEqual(
    await ada.transcript(),
    Array.from({ length: 260 }, (_, index) => `line ${index + 1}`),
  );

  await writer.hub.send({ group: group.id, text: 'line 261' });
  await ada.page.getByRole('button', { name: '1 new' }).click();
  await ada.hears('line 261');
  await ada.page.getByRole('button', { name: '1 new' }).waitFor({ state: 'hidden' });
  ada.contented();
});

test('what came while one was elsewhere stands below a line', async () => {
  const [ada, bo] = [await stage.member('Ada'), await stage.client('Bo')];
  await ada.makeGroup('First', []);
  const group = await bo.hub.create({ name: 'Second', members: [ada.username] });
  await ada.chat('Second').click();
  await bo.hub.send({ group: group.id, text: 'seen' });
  await ada.hears('seen');
  await ada.chat('First').click();
  await bo.hub.send({ group: group.id, text: 'not seen yet' });
  await ada.chat('Second').getByText('1 unread message').waitFor();
  await ada.chat('Second').click();
  await ada.messages.getByText('New', { exact: true }).waitFor();
  await ada.chat('Second').getByText('1 unread message').waitFor({ state: 'detached' });
  ada.contented();
});
