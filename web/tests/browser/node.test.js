import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mintToken, startNode } from './nodes.js';
import { Stage } from './stage.js';

/** A hub of this file's own, to be killed, stopped and started again. @type {Awaited<ReturnType<typeof startNode>>} */
let hub;
/** @type {Stage} */
let stage;
before(async () => {
  stage = await Stage.set(async () => {
    hub = await startNode('own');
    return { urls: [hub.url], stop: () => hub.node.remove() };
  });
});
after(() => stage?.end());

for (const [what, end] of /** @type {[string, () => Promise<void>][]} */ ([
  ['killed', () => hub.node.kill()],
  ['stopped', () => hub.node.terminate()],
])) {
  test(`a hub that is ${what} and started again finds the page waiting, and nothing lost or doubled`, async () => {
    const [ada, bo] = await Promise.all([stage.member('Ada'), stage.member('Bo')]);
    await ada.makeGroup(`Phoenix, ${what}`, [bo]);
    await bo.chat('Phoenix').click();
    await ada.say('before');
    await bo.hears('before');

    await end();
    await ada.page
      .getByRole('navigation')
      .getByText(/Connection lost|Reconnecting/)
      .waitFor();
    await ada.say('from the ashes');
    await ada.sees('from the ashes', 'Sending');
    await bo.page
      .getByRole('navigation')
      .getByText(/Connection lost|Reconnecting/)
      .waitFor();
    hub.node.startAgain();
    await hub.ready();

    await ada.sees('from the ashes', /Stored|Delivered|Read/);
    await bo.hears('from the ashes');
    await bo.say('and after');
    await ada.hears('and after');
    const expected = ['before', 'from the ashes', 'and after'];
    assert.deepEqual(await ada.transcript(), expected);
    assert.deepEqual(await bo.transcript(), expected);
    for (const person of [ada, bo]) person.contented();
  });
}

test('where accounts are off, one comes in with a token, and goes out when it has run out', async (context) => {
  const strict = await startNode('strict', { HUBBUB_ACCOUNTS: 'off' });
  context.after(() => strict.node.remove());
  const ada = await stage.person('Ada');
  const { page } = ada;
  await page.goto(strict.url);
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password').fill('whatever it is');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').filter({ hasText: 'keeps no accounts' }).waitFor();
  await page
    .getByLabel('Token')
    .fill(await mintToken(strict.env, '--user', 'ada', '--name', 'Ada Lovelace', '--ttl', '10s'));
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('You: Ada Lovelace').waitFor();

  await page.getByRole('alert').filter({ hasText: 'session has ended' }).waitFor();
  await page.getByLabel('Username').waitFor();
  ada.contented();
});
