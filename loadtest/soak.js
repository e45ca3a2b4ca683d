// Does it last? A steady load for a long time, in which devices come and go.
//
// Needs of the hub: max_connections_per_address of at least USERS, or SOCKETS with --local-ips; tokens
// that are good for the whole run (hubbub token --ttl).

import { comesBack, contractOf, timeBehaviour, timeToOthers, uptime } from './lib/fitness.js';
import { COMMON_OPTIONS, chat, cleanUp, crowdScenario, join, part, play, prepare } from './lib/crowd.js';
import { groupOf } from './lib/groups.js';
import { planOf } from './lib/plan.js';
import { summaryOf } from './lib/summary.js';
import { sleep } from './lib/wait.js';

const plan = planOf('soak', { USERS: 500, GROUP: 10, INTERVAL: 10, RAMP: 30, DURATION: 1800, CHURN: 300 });

const seconds = plan.ramp + plan.duration;

export const options = {
  ...COMMON_OPTIONS,
  scenarios: { soak: crowdScenario(plan, seconds) },
  thresholds: { ...timeBehaviour, ...timeToOthers, ...contractOf(plan.users), ...uptime, ...comesBack },
};

export const setup = () => prepare(plan);
export const teardown = (data) => cleanUp(plan, data);
export const handleSummary = summaryOf(plan);

export default async function (data) {
  const end = data.begin + seconds * 1000;
  await play(plan, async (client, place) => {
    const group = data.groups[groupOf(plan, place)];
    await join(plan, client, group, data.begin + (place / plan.users) * plan.ramp * 1000);
    await Promise.all([chat(plan, client, group, end), change(client, end)]);
    await part(plan, client, group, place, end);
  });
}

/** Changes networks now and then: CHURN seconds on average. */
async function change(client, end) {
  for (;;) {
    const pause = -Math.log(1 - Math.random()) * plan.churn * 1000;
    if (Date.now() + pause > end) return;
    await sleep(pause);
    client.cut();
  }
}
