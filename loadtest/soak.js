// Does it last? A steady load for a long time, in which devices come and go.
//
// Needs of the hub: max_connections_per_address of at least USERS, or SOCKETS with --local-ips; tokens
// that are good for the whole run (hubbub token --ttl).

import { comesBack, contractOf, timeBehaviour, timeToOthers, uptime } from './lib/fitness.js';
import { chat } from './lib/crowd.js';
import { crowdScript } from './lib/script.js';
import { planOf } from './lib/plan.js';
import { sleep } from './lib/wait.js';

const plan = planOf('soak', { USERS: 500, GROUP: 10, INTERVAL: 10, RAMP: 30, DURATION: 1800, CHURN: 300 });

const script = crowdScript(plan, plan.ramp + plan.duration, {
  thresholds: { ...timeBehaviour, ...timeToOthers, ...contractOf(plan.users), ...uptime, ...comesBack },
  meanwhile: (_, client, group, end) => Promise.all([chat(plan, client, group, end), change(client, end)]),
});

export const { options, setup, teardown, handleSummary } = script;
export default script.run;

/** Changes networks now and then: CHURN seconds on average. */
async function change(client, end) {
  for (;;) {
    const pause = -Math.log(1 - Math.random()) * plan.churn * 1000;
    if (Date.now() + pause > end) return;
    await sleep(pause);
    client.cut();
  }
}
