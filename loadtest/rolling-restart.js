// Users talk while the nodes are restarted one after another: is anything lost, is anybody away for long?
//
// Needs of the hub: several nodes, all of them in HUB, and somebody who restarts them during DURATION
// (kill -TERM, start again, wait for /readyz, the next); max_connections_per_address as for soak.

import { comesBack, contractOf, timeBehaviour, uptime } from './lib/fitness.js';
import { crowdScript } from './lib/script.js';
import { planOf } from './lib/plan.js';

const plan = planOf('rolling-restart', { USERS: 300, GROUP: 10, INTERVAL: 5, RAMP: 10, DURATION: 180 });

const script = crowdScript(plan, plan.ramp + plan.duration, {
  thresholds: { ...timeBehaviour, ...contractOf(plan.users), ...uptime, ...comesBack },
  notes: ({ hubbub_dropped_connections: cut }) =>
    (cut && cut.values.count > 0 ? [] : ['No connection was cut: was no node restarted?']),
});

export const { options, setup, teardown, handleSummary } = script;
export default script.run;
