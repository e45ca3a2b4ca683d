// All are cut off and come back at the same moment, and again: does everybody get what was said meanwhile?
//
// Needs of the hub: max_connections_per_address of at least USERS, or SOCKETS with --local-ips.

import { comesBack, contractOf, timeBehaviour } from './lib/fitness.js';
import { COMMON_OPTIONS, cleanUp, crowdScenario, join, part, play, prepare } from './lib/crowd.js';
import { groupOf, isFirst } from './lib/groups.js';
import { planOf } from './lib/plan.js';
import { summaryOf } from './lib/summary.js';
import { sleep, until } from './lib/wait.js';

const plan = planOf('reconnect-storm', { USERS: 1000, GROUP: 10, RAMP: 20, STORMS: 3, AWAY: 2, BETWEEN: 10, SAID: 5 });

const seconds = plan.ramp + plan.storms * (plan.away + plan.between);

export const options = {
  ...COMMON_OPTIONS,
  scenarios: { storm: crowdScenario(plan, seconds) },
  thresholds: { ...comesBack, ...contractOf(plan.users), ...timeBehaviour },
};

export const setup = () => prepare(plan);
export const teardown = (data) => cleanUp(plan, data);
export const handleSummary = summaryOf(plan);

export default async function (data) {
  const end = data.begin + seconds * 1000;
  await play(plan, async (client, place) => {
    const group = data.groups[groupOf(plan, place)];
    await join(plan, client, group, data.begin + (place / plan.users) * plan.ramp * 500);
    for (let storm = 0; storm < plan.storms; storm++) {
      await until(data.begin + (plan.ramp + storm * (plan.away + plan.between)) * 1000);
      await (isFirst(plan, place) ? talk(client, group) : flee(client));
    }
    await part(plan, client, group, place, end);
  });
}

/** The first of each group stays, and talks while the others are away. */
async function talk(client, group) {
  for (let i = 0; i < plan.said; i++) {
    await sleep((plan.away * 1000) / plan.said);
    client.send(group);
  }
}

async function flee(client) {
  client.cut(plan.away * 1000);
}
