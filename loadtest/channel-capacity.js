// How much does one channel take? One member sends at rising rates until the bounds of time break.
//
// Needs of the hub: max_members and max_connections_per_address of at least GROUP, and a session_rate
// and user_rate of at least the highest of RATES.

import { channelCapacity as measured } from './lib/metrics.js';
import { channelCapacity, contractOf, FITNESS, timeBehaviour, withinTime } from './lib/fitness.js';
import { COMMON_OPTIONS, cleanUp, crowdScenario, join, prepare } from './lib/crowd.js';
import { Client } from './lib/client.js';
import { listOf, planOf } from './lib/plan.js';
import { summaryOf } from './lib/summary.js';
import { sleep, within } from './lib/wait.js';

const RATES = listOf('RATES', [0.2, 0.5, 1, 2, 5, 10, 20]);
const plan = planOf('channel-capacity', { GROUP: 50, STEP: 15 });
plan.users = plan.group;
plan.sockets = plan.group;
plan.groups = 1;
plan.vus = 1;

/** What is still on its way this long after the last send of a step came too late. */
const LATE = FITNESS.time_behaviour.max_ms;
/** Messages of a step: enough to tell, also at the lowest rate. */
const countAt = (rate) => Math.max(3, Math.round(rate * plan.step));

plan.seconds = RATES.reduce((all, rate) => all + countAt(rate) / rate + LATE / 1000, 0);

export const options = {
  ...COMMON_OPTIONS,
  scenarios: { ladder: crowdScenario(plan, plan.seconds) },
  thresholds: { ...channelCapacity, ...contractOf(plan.users), hubbub_received: timeBehaviour.hubbub_received },
};

export const setup = () => prepare(plan, { rate: Math.max(...RATES), variable: 'RATES' });
export const teardown = (data) => cleanUp(plan, data);
export const handleSummary = summaryOf(plan, ({ hubbub_channel_capacity: gauge }) => {
  const reached = gauge ? gauge.values.value : 0;
  const ideal = FITNESS.channel_capacity.ideal_per_second;
  const end = reached >= Math.max(...RATES) ? ', the highest that was tried' : '';
  return [
    `A channel of ${plan.group} took ${reached} messages a second${end}; `
      + `the ideal of ${ideal} a second is ${reached >= ideal ? 'reached' : 'not reached'}.`,
  ];
});

export default async function climb(data) {
  const [group] = data.groups;
  const clients = Array.from({ length: plan.group }, (_, place) => new Client(plan, place));
  await Promise.all(clients.map((client) => join(plan, client, group, data.begin)));
  measured.add(0);
  for (const rate of RATES) {
    if (!(await step(clients, group, rate))) break;
    measured.add(rate);
  }
  await clients[0].sayLast(group);
  await Promise.all(clients.map((client) => client.hearLast(group, LATE)));
  clients.forEach((client) => client.finish());
}

/** Sends at this rate for a while; whether everybody got everything in time. */
async function step(clients, group, rate) {
  const times = [];
  const count = countAt(rate);
  const expected = count * clients.length;
  const all = new Promise((resolve) => {
    const arrived = (where, took) => where === group && times.push(took) === expected && resolve();
    for (const client of clients) client.onText = arrived;
  });
  for (let i = 0; i < count; i += 1) {
    clients[0].send(group);
    await sleep(1000 / rate);
  }
  await within(LATE, all, 'late').catch(() => {});
  times.sort((a, b) => a - b);
  const [p99, slowest] = [times[Math.ceil(0.99 * times.length) - 1], times[times.length - 1]];
  const kept = times.length === expected && withinTime(p99, slowest);
  console.log(
    `${rate}/s: ${times.length} of ${expected} arrived, p99 ${Math.round(p99)} ms, slowest ${Math.round(slowest)} ms: ${kept ? 'kept' : 'broken'}`,
  );
  return kept;
}
