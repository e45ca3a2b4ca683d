// Does everything work together? A few users join, talk, leave and come back, in some seconds.
//
// Needs of the hub: nothing beyond the defaults.

import { check } from 'k6';
import { availabilityUnderLoad, contractOf, timeBehaviour, timeToOthers } from './lib/fitness.js';
import { crowdScript } from './lib/script.js';
import { isFirst } from './lib/groups.js';
import { planOf } from './lib/plan.js';
import { sleep } from './lib/wait.js';

const plan = planOf('smoke', { USERS: 12, GROUP: 4, SOCKETS: 6, HOLD: 6, INTERVAL: 1 });

const script = crowdScript(plan, plan.hold, {
  thresholds: {
    ...timeBehaviour,
    ...timeToOthers,
    ...contractOf(plan.users),
    ...availabilityUnderLoad,
    checks: ['rate==1'],
  },
  joins: () => 0,
  meanwhile: talk,
});

export const { options, setup, teardown, handleSummary } = script;
export default script.run;

async function talk(_, client, group, end, place) {
  const ack = await client.send(group, 'été');
  check(ack, { 'a send is acked with its seq': ({ seq }) => seq > 1 });
  const page = await client.request({ type: 'history', group, after: ack.seq - 1, limit: 1 });
  check(page, {
    'history has it as it was sent': ({ messages }) => messages.length === 1 && messages[0].text.includes(' été '),
  });
  const refusal = await client
    .request({ type: 'send', group: 'a'.repeat(26), cid: 'x', text: '' })
    .catch((error) => error);
  check(refusal, {
    'what cannot be is refused with a code': ({ code }) => code === 'not_found' || code === 'forbidden',
  });
  if (!isFirst(plan, place)) client.cut();
  while (Date.now() < end) {
    await sleep(plan.interval * 1000);
    client.send(group);
  }
  check(client, { 'connected at the end': ({ online }) => online });
}
