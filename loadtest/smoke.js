// Does everything work together? A few users join, talk, leave and come back, in some seconds.
//
// Needs of the hub: nothing beyond the defaults.

import { check } from 'k6';
import { availabilityUnderLoad, contractOf, timeBehaviour, timeToOthers } from './lib/fitness.js';
import { COMMON_OPTIONS, cleanUp, crowdScenario, join, part, play, prepare } from './lib/crowd.js';
import { groupOf, isFirst } from './lib/groups.js';
import { planOf } from './lib/plan.js';
import { summaryOf } from './lib/summary.js';
import { sleep } from './lib/wait.js';

const plan = planOf('smoke', { USERS: 12, GROUP: 4, SOCKETS: 6, HOLD: 6, INTERVAL: 1 });

export const options = {
  ...COMMON_OPTIONS,
  scenarios: { smoke: crowdScenario(plan, plan.hold) },
  thresholds: {
    ...timeBehaviour,
    ...timeToOthers,
    ...contractOf(plan.users),
    ...availabilityUnderLoad,
    checks: ['rate==1'],
  },
};

export const setup = () => prepare(plan);
export const teardown = (data) => cleanUp(plan, data);
export const handleSummary = summaryOf(plan);

export default async function (data) {
  await play(plan, async (client, place) => {
    const group = data.groups[groupOf(plan, place)];
    const end = data.begin + plan.hold * 1000;
    await join(plan, client, group, data.begin);
    await talk(client, group, place, end);
    await part(plan, client, group, place, end);
  });
}

async function talk(client, group, place, end) {
  const ack = await client.send(group, 'été');
  check(ack, { 'a send is acked with its seq': ({ seq }) => seq > 1 });
  const page = await client.request({ type: 'history', group, after: ack.seq - 1, limit: 1 });
  check(page, {
    'history has it as it was sent': ({ messages }) => messages.length === 1 && messages[0].text.includes(' été '),
  });
  const refusal = await client.request({ type: 'send', group: 'a'.repeat(26), cid: 'x', text: '' }).catch((error) => error);
  check(refusal, { 'what cannot be is refused with a code': ({ code }) => code === 'not_found' || code === 'forbidden' });
  if (!isFirst(plan, place)) client.cut();
  while (Date.now() < end) {
    await sleep(plan.interval * 1000);
    client.send(group);
  }
  check(client, { 'connected at the end': ({ online }) => online });
}
