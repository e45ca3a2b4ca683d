import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHub } from './hubs.js';
import { Person } from './person.js';
import { Stage } from './stage.js';

/** @type {Stage} */
let stage;
before(async () => {
  stage = await Stage.set(() => startHub());
});
after(() => stage?.end());

test('a lost line is shown, comes back by itself, and loses and doubles nothing', async () => {
  const line = await stage.line();
  const [ada, bo] = [await stage.member('Ada', { url: line.url }), await stage.client('Bo')];
  await ada.makeGroup('Ferry', []);
  await ada.page.getByRole('button', { name: 'Details' }).click();
  const details = ada.page.getByRole('complementary', { name: 'Details' });
  await ada.pick(details.getByRole('combobox'), bo.username);
  await details.getByRole('button', { name: 'Add', exact: true }).click();
  await ada.page.getByText('You added Bo').first().waitFor();
  const group = decodeURIComponent(new URL(ada.page.url()).hash.slice('#/g/'.length));

  const expected = [];
  for (let round = 1; round <= 3; round += 1) {
    line.cut();
    await ada.page
      .getByRole('navigation')
      .getByText(/^Connection lost/)
      .waitFor();
    await ada.say(`ada, round ${round}, one`);
    await ada.say(`ada, round ${round}, two`);
    await ada.sees(`ada, round ${round}, two`, 'Sending');
    await bo.hub.send({ group, text: `bo, round ${round}` });
    line.mend();
    await ada.page.getByRole('navigation').getByText('Back online').waitFor();
    await ada.sees(`ada, round ${round}, two`, /Stored|Delivered|Read/);
    await ada.hears(`bo, round ${round}`);
    expected.push(`bo, round ${round}`, `ada, round ${round}, one`, `ada, round ${round}, two`);
  }
  assert.deepEqual(await ada.transcript(), expected);
  const { messages } = await bo.hub.history(group);
  assert.deepEqual(
    messages.filter(({ kind }) => kind === 'text').map(({ text }) => text),
    expected,
  );
  ada.contented();
});

test('one need not wait for the next try', async () => {
  const line = await stage.line();
  const ada = await stage.member('Ada', { url: line.url });
  await ada.makeGroup('Alone', []);
  line.cut();
  // Long enough that it is not over before the button is pressed.
  await ada.page
    .getByText(/Next try in ([6-9]|\d\d) s/)
    .first()
    .waitFor();
  line.mend();
  await ada.page.getByRole('navigation').getByRole('button', { name: 'Try now' }).click();
  await ada.page.getByRole('navigation').getByText('Back online').waitFor();
  ada.contented();
});

test('what was written without a line outlives the page, and goes out with the next, once', async () => {
  const line = await stage.line();
  const ada = await stage.member('Ada', { url: line.url });
  await ada.makeGroup('Letters', []);
  await ada.say('before');
  await ada.sees('before', 'Stored');
  line.cut();
  await ada.page
    .getByRole('navigation')
    .getByText(/^Connection lost/)
    .waitFor();
  await ada.say('into the dark');
  await ada.sees('into the dark', 'Sending');
  const url = ada.page.url();
  const { origins } = await ada.page.context().storageState({ indexedDB: true });
  assert.match(JSON.stringify(origins[0]), /into the dark/);
  await ada.page.close();

  line.mend();
  const again = new Person(await ada.page.context().newPage(), 'Ada');
  await again.page.goto(url);
  await again.sees('into the dark', 'Stored');
  // History may come after the ack of what was in the outbox.
  await again.hears('before');
  assert.deepEqual(await again.transcript(), ['before', 'into the dark']);
  await again.page.reload();
  await again.hears('into the dark');
  assert.deepEqual(await again.transcript(), ['before', 'into the dark']);
  again.contented();
});
