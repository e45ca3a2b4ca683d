// Many users in one virtual user, and what most scripts have them do.

import exec from 'k6/execution';
import { Client } from './client.js';
import { breakOff, isHopeless, whyNot } from './endings.js';
import { groupOf, isFirst, leaveGroups, makeGroups } from './groups.js';
import { brokenOff, held } from './metrics.js';
import { stop } from './plan.js';
import { preflight } from './preflight.js';
import { sleep, until, within } from './wait.js';

/** After the last send everything is on its way: then the last word is said. */
const QUIET = 2_000;
const LAST_WORD_LIMIT = 20_000;

/** A scenario that holds all users of the plan for so many seconds. */
export function crowdScenario(plan, seconds) {
  return {
    executor: 'per-vu-iterations',
    vus: plan.vus,
    iterations: 1,
    maxDuration: `${Math.ceil(seconds) + 90}s`,
    gracefulStop: '30s',
  };
}

/** Options that every script has. */
export const COMMON_OPTIONS = {
  setupTimeout: '10m',
  teardownTimeout: '10m',
  summaryTrendStats: ['min', 'avg', 'med', 'p(95)', 'p(99)', 'max', 'count'],
  // Without the address, which would make a series of each user's.
  systemTags: ['scenario', 'status', 'error_code', 'name', 'check', 'group'],
};

/** For `setup`: checks what is needed and makes the groups. */
export async function prepare(plan, needs) {
  await preflight(plan, needs);
  return { groups: await makeGroups(plan), begin: Date.now() };
}

/** For `teardown`. Notes also when the run is over before its time. */
export async function cleanUp(plan, data) {
  if (data && data.begin && Date.now() < data.begin + plan.seconds * 1000 + QUIET) brokenOff.add(1);
  if (data && data.groups) await leaveGroups(plan, data.groups);
}

/** Plays the users of this virtual user, all at once. */
export async function play(plan, role) {
  const first = exec.scenario.iterationInTest * plan.sockets;
  const places = Array.from({ length: Math.min(plan.sockets, plan.users - first) }, (_, i) => first + i);
  await Promise.all(places.map((place) => role(new Client(plan, place), place)));
}

/** Connects at its time and is in its group from then on; ends the run when that cannot be. */
export async function join(plan, client, group, moment) {
  await until(moment);
  try {
    const welcome = await client.keep();
    if (!welcome.groups.some(({ id }) => id === group)) await client.insist({ type: 'join', group });
  } catch (problem) {
    if (isHopeless(problem)) breakOff(plan, client.user, problem);
    stop(`${client.user}: ${whyNot(plan, problem)}`);
  }
}

/** Sends a text each `INTERVAL`, from a time of its own on, until the end. */
export async function chat(plan, client, group, end) {
  await sleep(Math.min(Math.random() * plan.interval * 1000, end - Date.now()));
  while (Date.now() < end) {
    client.send(group);
    await sleep(Math.min(plan.interval * 1000, end - Date.now()));
  }
}

/** The whole life of a user: joins at `moment`, chats (or else) until `end`, hears the last word. */
export async function live(plan, data, client, place, moment, end, meanwhile = chat) {
  const group = data.groups[groupOf(plan, place)];
  await join(plan, client, group, moment);
  await meanwhile(plan, client, group, end, place);
  await part(plan, client, group, place, end);
}

/** The end of a conversation: whoever stayed until here counts as held. */
async function part(plan, client, group, place, end) {
  await until(end);
  if (client.online && client.drops === 0) held.add(1);
  await sleep(QUIET);
  const said = isFirst(plan, place) ? client.sayLast(group) : null;
  await client.hearLast(group, LAST_WORD_LIMIT);
  await within(LAST_WORD_LIMIT, Promise.resolve(said), 'no ack').catch(() => {});
  client.finish();
}
