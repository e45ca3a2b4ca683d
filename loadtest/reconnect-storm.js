// All are cut off and come back at the same moment, and again: does everybody get what was said meanwhile?
//
// Needs of the hub: max_connections_per_address of at least USERS, or SOCKETS with --local-ips.

import { comesBack, contractOf, timeBehaviour } from './lib/fitness.js';
import { crowdScript, evenly } from './lib/script.js';
import { isFirst } from './lib/groups.js';
import { planOf } from './lib/plan.js';
import { sleep, until } from './lib/wait.js';

const plan = planOf('reconnect-storm', { USERS: 1000, GROUP: 10, RAMP: 20, STORMS: 3, AWAY: 2, BETWEEN: 10, SAID: 5 });

const seconds = plan.ramp + plan.storms * (plan.away + plan.between);

const script = crowdScript(plan, seconds, {
  thresholds: { ...comesBack, ...contractOf(plan.users), ...timeBehaviour },
  joins: evenly(plan, plan.ramp / 2),
  meanwhile: weather,
});

export const { options, setup, teardown, handleSummary } = script;
export default script.run;

/** Storms until the end: the first of each group stays, and talks while the others are away. */
async function weather(_, client, group, end, place) {
  for (let left = plan.storms; left > 0; left -= 1) {
    await until(end - left * (plan.away + plan.between) * 1000);
    if (isFirst(plan, place)) await talk(client, group);
    else client.cut(plan.away * 1000);
  }
}

async function talk(client, group) {
  for (let i = 0; i < plan.said; i += 1) {
    await sleep((plan.away * 1000) / plan.said);
    client.send(group);
  }
}
