// How many users at once? Rises in steps to USERS, who talk meanwhile, and holds them.
//
// Needs of the hub: max_connections of all nodes together above USERS, and from one address
// (max_connections_per_address) as many as come from one: USERS, or SOCKETS with --local-ips.

import { capacityOf, contractOf, timeBehaviour, timeToOthers } from './lib/fitness.js';
import { crowdScript, evenly } from './lib/script.js';
import { planOf } from './lib/plan.js';

const plan = planOf('capacity', {
  USERS: 10_000,
  GROUP: 10,
  INTERVAL: 60,
  STEPS: 4,
  RAMP: 120,
  STEP_HOLD: 10,
  HOLD: 60,
});

/** Seconds from the beginning to the end of the rise: its steps, and a plateau after each but the last. */
const rise = plan.ramp + (plan.steps - 1) * plan.step_hold;

const script = crowdScript(plan, rise + plan.hold, {
  thresholds: { ...capacityOf(plan.users), ...timeBehaviour, ...timeToOthers, ...contractOf(plan.users) },
  joins: (place) => evenly(plan, plan.ramp)(place) + Math.floor((place / plan.users) * plan.steps) * plan.step_hold,
});

export const { options, setup, teardown, handleSummary } = script;
export default script.run;
