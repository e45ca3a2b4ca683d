// What a refusal or the end of a connection means: for the client, for the run, and in a sentence.

import { faults } from './metrics.js';
import { nodeOf, stop } from './plan.js';

/** Close codes that say not to come back, where no `bye` says otherwise. */
const FINAL = { first: 4000, last: 4099 };
const TOKEN_ENDED = 4002;

/** What this machine, and not the hub, has run out of, by the words of its system. */
const OWN = {
  'too many open files': 'open files: a connection takes one, and "ulimit -n" tells how many there may be',
  'cannot assign requested address':
    'ports for connections to one address: give virtual users addresses of their own (--local-ips)',
  'no buffer space available': 'memory for sockets',
};

/** Whether a connection that ended so may not be opened again. A `bye` decides; without one the code does. */
export function isFinal(bye, code) {
  return bye ? bye.reconnect === false : code >= FINAL.first && code <= FINAL.last;
}

/** What this machine lacks, when that is why no connection could be made. */
export function lackOf({ message }) {
  const found = Object.keys(OWN).find((words) => `${message}`.includes(words));
  return found && OWN[found];
}

/** Whether no user should try any further: they are sent away, or this machine can open nothing more. */
export function isHopeless(problem) {
  return Boolean(problem.isFinal || lackOf(problem));
}

/** Whether a token's end is what ended a connection. */
export function isTokensEnd(problem) {
  return problem.closed === TOKEN_ENDED;
}

/** Whose fault a problem is. */
function faultOf(problem) {
  if (lackOf(problem)) return 'machine';
  return isTokensEnd(problem) ? 'tokens' : 'refused';
}

/** Ends the run while it is under way, without a verdict on the hub: it could not be measured as was planned. */
export function breakOff(plan, user, problem) {
  faults[faultOf(problem)].add(1);
  stop(`No verdict on the hub. ${user}: ${whyNot(plan, problem)}`);
}

/** Why a user was not welcomed or is welcome no longer, and what to do. */
export function whyNot(plan, problem) {
  const { ws } = nodeOf(plan, 0);
  const lack = lackOf(problem);
  if (lack) return `This machine, not the hub, has run out of ${lack}.`;
  if (isTokensEnd(problem)) {
    return 'The token has run out. Make tokens that outlast the run, with hubbub token --ttl, and compare the clocks of the hub and of this machine.';
  }
  if (problem.code === 'unauthorized' || problem.closed === 4001) {
    return `The hub at ${ws} does not accept the tokens: ${problem.message}. Make them with the hub's own key: hubbub token with the same jwt_secret, jwt_key_file or data_dir.`;
  }
  if (problem.isFinal) {
    return `The hub at ${ws} sent this user away for good (${problem.closed}): ${meaningOf(problem.closed)}.`;
  }
  if (problem.code === 'handshake') {
    return `The hub at ${ws} refuses connections: too many from one address (HUBBUB_MAX_CONNECTIONS_PER_ADDRESS, or give virtual users addresses of their own with --local-ips), or it is full (HUBBUB_MAX_CONNECTIONS).`;
  }
  return `No welcome from ${ws}: ${problem.message}.`;
}

function meaningOf(code) {
  if (code === 1008) return 'it sends more than the hub allows (HUBBUB_SESSION_RATE, or a longer INTERVAL)';
  if (code === 4003) return 'it is banned or removed';
  return 'docs/protocol.md tells what the code means';
}
