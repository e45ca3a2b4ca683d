// Does it last when people do what they do all day? They say, react, edit, read and type, in the proportions of
// lib/conversation.js.
//
// Needs of the hub: max_connections_per_address of at least USERS, or SOCKETS with --local-ips; 1 / INTERVAL requests
// a second of one connection (session_rate). Of a hub that does not know reactions or edits the summary says so, and
// texts are said in their place.

import { contractOf, timeBehaviour, timeOfEffects, timeToOthers } from './lib/fitness.js';
import { converse, notesOnKinds } from './lib/conversation.js';
import { crowdScript } from './lib/script.js';
import { planOf } from './lib/plan.js';

const plan = planOf('conversation', { USERS: 100, GROUP: 20, INTERVAL: 2, RAMP: 10, HOLD: 60 });

const script = crowdScript(plan, plan.ramp + plan.hold, {
  thresholds: { ...timeBehaviour, ...timeToOthers, ...timeOfEffects, ...contractOf(plan.users) },
  meanwhile: converse,
  needs: { rate: 1 / plan.interval, variable: 'the rate (a longer INTERVAL)' },
  notes: notesOnKinds,
});

export const { options, setup, teardown, handleSummary } = script;
export default script.run;
