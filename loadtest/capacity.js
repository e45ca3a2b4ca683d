// How many users at once? Rises in steps to USERS, who talk meanwhile, and holds them.
//
// Needs of the hub: max_connections of all nodes together above USERS, and from one address
// (max_connections_per_address) as many as come from one: USERS, or SOCKETS with --local-ips.

import { capacityOf, contractOf, timeBehaviour, timeToOthers } from './lib/fitness.js';
import { COMMON_OPTIONS, cleanUp, crowdScenario, live, play, prepare } from './lib/crowd.js';
import { planOf } from './lib/plan.js';
import { summaryOf } from './lib/summary.js';

const plan = planOf('capacity', { USERS: 10_000, GROUP: 10, INTERVAL: 60, STEPS: 4, RAMP: 120, STEP_HOLD: 10, HOLD: 60 });

/** Seconds from the beginning to the end of the rise: its steps, and a plateau after each but the last. */
const rise = plan.ramp + (plan.steps - 1) * plan.step_hold;

export const options = {
  ...COMMON_OPTIONS,
  scenarios: { capacity: crowdScenario(plan, rise + plan.hold) },
  thresholds: { ...capacityOf(plan.users), ...timeBehaviour, ...timeToOthers, ...contractOf(plan.users) },
};

export const setup = () => prepare(plan);
export const teardown = (data) => cleanUp(plan, data);
export const handleSummary = summaryOf(plan);

export default async function (data) {
  const end = data.begin + (rise + plan.hold) * 1000;
  await play(plan, (client, place) => live(plan, data, client, place, data.begin + joinsAfter(place), end));
}

/** Milliseconds until this user joins. */
function joinsAfter(place) {
  const part = place / plan.users;
  const step = Math.floor(part * plan.steps);
  return (part * plan.ramp + step * plan.step_hold) * 1000;
}
