// How long does a message take? Each user sends to a group of its own and waits for what it sent.
//
// Needs of the hub: USERS connections from one address (max_connections_per_address), and 1 / INTERVAL
// requests a second of one connection (session_rate).

import { contractOf, timeBehaviour } from './lib/fitness.js';
import { COMMON_OPTIONS, cleanUp, crowdScenario, live, play, prepare } from './lib/crowd.js';
import { planOf } from './lib/plan.js';
import { summaryOf } from './lib/summary.js';

const plan = planOf('latency', { USERS: 100, GROUP: 1, INTERVAL: 1, RAMP: 5, HOLD: 30 });

export const options = {
  ...COMMON_OPTIONS,
  scenarios: { latency: crowdScenario(plan, plan.ramp + plan.hold) },
  thresholds: { ...timeBehaviour, ...contractOf(plan.users) },
};

export const setup = () => prepare(plan, { rate: 1 / plan.interval, variable: 'the rate (a longer INTERVAL)' });
export const teardown = (data) => cleanUp(plan, data);
export const handleSummary = summaryOf(plan);

export default async function (data) {
  const end = data.begin + (plan.ramp + plan.hold) * 1000;
  const joins = (place) => data.begin + (place / plan.users) * plan.ramp * 1000;
  await play(plan, (client, place) => live(plan, data, client, place, joins(place), end));
}
