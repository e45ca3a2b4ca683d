// The groups of a run: made before it and left after it, over the public protocol.

import { Client } from './client.js';
import { isHopeless, whyNot } from './endings.js';
import { stop } from './plan.js';
import { eachOf } from './wait.js';

const AT_ONCE = 20;

/** The group of the user at this place. */
export function groupOf(plan, place) {
  return Math.floor(place / plan.group);
}

/** Whether this user made the group, and ends its conversation. */
export function isFirst(plan, place) {
  return place % plan.group === 0;
}

/** Makes the run's groups, each by its first user and open to the others; their ids. */
export function makeGroups(plan) {
  const places = Array.from({ length: plan.groups }, (_, group) => group * plan.group);
  return eachOf(places, AT_ONCE, async (place, group) => {
    const client = new Client(plan, place, { quiet: true });
    try {
      await client.open();
      const name = `load test ${plan.name} ${group}`;
      const made = await client.insist({
        type: 'create',
        name,
        members: [],
        access: 'open',
        cid: `${plan.run}-${group}`,
      });
      client.finish();
      return made.id;
    } catch (problem) {
      if (isHopeless(problem)) stop(whyNot(plan, problem));
      return stop(`Group ${group} could not be made: ${problem.message} (${problem.code || 'no answer'}).`);
    }
  });
}

/** Removes everybody from the run's groups; what was said stays in the hub's store. */
export async function leaveGroups(plan, ids) {
  let hopeless = false;
  await eachOf(ids, AT_ONCE, async (group, number) => {
    if (hopeless) return;
    const first = number * plan.group;
    const others = plan.accounts.slice(first + 1, Math.min(first + plan.group, plan.users)).map(({ user }) => user);
    const client = new Client(plan, first, { quiet: true });
    try {
      await client.open();
      if (others.length > 0) await client.insist({ type: 'remove', group, users: others });
      await client.insist({ type: 'leave', group });
      client.finish();
    } catch (problem) {
      if (hopeless) return;
      hopeless = isHopeless(problem);
      console.warn(
        `Group ${group} could not be left${hopeless ? ', nor the others' : ''}: ${hopeless ? whyNot(plan, problem) : problem.message}`,
      );
    }
  });
}
