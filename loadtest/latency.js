// How long does a message take? Each user sends to a group of its own and waits for what it sent.
//
// Needs of the hub: USERS connections from one address (max_connections_per_address), and 1 / INTERVAL
// requests a second of one connection (session_rate).

import { contractOf, timeBehaviour } from './lib/fitness.js';
import { crowdScript } from './lib/script.js';
import { planOf } from './lib/plan.js';

const plan = planOf('latency', { USERS: 100, GROUP: 1, INTERVAL: 1, RAMP: 5, HOLD: 30 });

const script = crowdScript(plan, plan.ramp + plan.hold, {
  thresholds: { ...timeBehaviour, ...contractOf(plan.users) },
  needs: { rate: 1 / plan.interval, variable: 'the rate (a longer INTERVAL)' },
});

export const { options, setup, teardown, handleSummary } = script;
export default script.run;
