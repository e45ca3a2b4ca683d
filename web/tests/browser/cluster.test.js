import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCluster } from './cluster.js';
import { Stage } from './stage.js';

/** @type {Stage & { cluster: import("./cluster.js").Cluster }} */
let stage;
before(async () => {
  const cluster = await startCluster();
  stage = Object.assign(await Stage.set(async () => cluster), { cluster });
});
after(() => stage?.end());

test('two people on two nodes talk, see each other and type; then one node is killed under the open page', async () => {
  const [first, second] = stage.hub.urls;
  const balancer = await stage.line(first);
  const [ada, bo] = await Promise.all([
    stage.member('Ada', { url: balancer.url }),
    stage.member('Bo', { url: second }),
  ]);
  await ada.makeGroup('Bridge', [bo]);
  await bo.chat('Bridge').click();
  await ada.say('From the first node');
  await bo.hears('From the first node');
  await ada.sees('From the first node', 'Read');
  await bo.field.pressSequentially('From the sec');
  await ada.page.getByRole('main').getByText('Bo is typing…').waitFor();
  await bo.field.fill('From the second node');
  await bo.field.press('Enter');
  await ada.hears('From the second node');

  const expected = ['From the first node', 'From the second node'];
  /** @param {import("./person.js").Person} person @param {string} text */
  const say = async (person, text) => {
    await person.say(text);
    expected.push(text);
  };
  balancer.cut();
  await stage.cluster.kill(0);
  await ada.page
    .getByRole('navigation')
    .getByText(/Connection lost|Reconnecting/)
    .waitFor();
  await say(ada, 'Is anybody there?');
  await ada.sees('Is anybody there?', 'Sending');
  await bo.say('Ada?');
  balancer.mend(second);

  await ada.page.getByRole('navigation').getByText('Back online').waitFor();
  await ada.sees('Is anybody there?', /Stored|Delivered|Read/);
  await ada.hears('Ada?');
  await bo.hears('Is anybody there?');
  await bo.sees('Ada?', /Stored|Delivered|Read/);
  const [seenByAda, seenByBo] = [await ada.transcript(), await bo.transcript()];
  assert.deepEqual(seenByAda, seenByBo);
  assert.deepEqual([...seenByAda].sort(), [...expected, 'Ada?'].sort());
  for (const person of [ada, bo]) person.contented();
});

test("an operator sees every node's stages, and has another node drained", async () => {
  const operator = await stage.person('Operator');
  const { page } = operator;
  await page.goto(stage.cluster.internals[1]);
  await page.getByRole('row', { name: /node-2 this node/ }).waitFor();
  await page
    .getByRole('row', { name: /^store stored/ })
    .getByText(/node-\d · /)
    .waitFor();
  await page.getByRole('button', { name: 'Drain node-3' }).click();
  const dialog = page.getByRole('dialog', { name: 'Drain node-3?' });
  await dialog.getByText(/They go to the other node/).waitFor();
  await dialog.getByRole('button', { name: 'Drain this node' }).click();
  await page.getByRole('row', { name: /^node-3/ }).waitFor({ state: 'detached' });
  assert.equal((await fetch(`${stage.cluster.internals[1]}/readyz`)).ok, true);
  operator.contented();
});
