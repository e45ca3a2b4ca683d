// Users talk while the nodes are restarted one after another: is anything lost, is anybody away for long?
//
// Needs of the hub: several nodes, all of them in HUB, and somebody who restarts them during DURATION
// (kill -TERM, start again, wait for /readyz, the next); max_connections_per_address as for soak.

import { comesBack, contractOf, timeBehaviour, uptime } from './lib/fitness.js';
import { COMMON_OPTIONS, cleanUp, crowdScenario, live, play, prepare } from './lib/crowd.js';
import { planOf } from './lib/plan.js';
import { summaryOf } from './lib/summary.js';

const plan = planOf('rolling-restart', { USERS: 300, GROUP: 10, INTERVAL: 5, RAMP: 10, DURATION: 180 });

const seconds = plan.ramp + plan.duration;

export const options = {
  ...COMMON_OPTIONS,
  scenarios: { restart: crowdScenario(plan, seconds) },
  thresholds: { ...timeBehaviour, ...contractOf(plan.users), ...uptime, ...comesBack },
};

export const setup = () => prepare(plan);
export const teardown = (data) => cleanUp(plan, data);
export const handleSummary = summaryOf(plan, ({ hubbub_dropped_connections: cut }) =>
  cut && cut.values.count > 0 ? [] : ['No connection was cut: was no node restarted?'],
);

export default async function (data) {
  const end = data.begin + seconds * 1000;
  const joins = (place) => data.begin + (place / plan.users) * plan.ramp * 1000;
  await play(plan, (client, place) => live(plan, data, client, place, joins(place), end));
}
