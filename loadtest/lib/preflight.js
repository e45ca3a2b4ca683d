// What must be so before a run begins, each with a sentence when it is not.

import http from 'k6/http';
import { WebSocket } from 'k6/websockets';
import { Client } from './client.js';
import { closeSocket } from './link.js';
import { mistakesIn, nodeOf, stop } from './plan.js';
import { within } from './wait.js';

/** More connections from one address than the hub's default (200) takes; a lower cap is found at once. */
const CAP_PROBES = 260;
const PROBE_LIMIT = 15_000;
/** More requests than fit in the burst that a hub allows (100 by default). */
const RATE_PROBES = 600;

/** Ends the run unless the hub can be reached, knows the tokens, and allows what the run needs. */
export async function preflight(plan, needs = {}) {
  const mistakes = mistakesIn(plan, needs.users || plan.users);
  if (mistakes) stop(mistakes);
  plan.urls.forEach(reachable);
  const welcome = await welcomed(plan);
  enoughMembers(plan, welcome.limits.members, needs.members || plan.group);
  await enoughConnections(plan, needs.connections || Math.min(plan.users, plan.sockets));
  if (needs.rate) await enoughRequests(plan, needs.rate, needs.variable);
}

function reachable({ http: url }) {
  const answer = http.get(`${url}/openapi.json`, { timeout: '10s', tags: { name: 'preflight' } });
  if (answer.error_code && !answer.status) {
    stop(`${url} cannot be reached: ${answer.error}. Is the hub running, and HUB its address?`);
  }
  if (answer.status === 429) tooFewConnections(1);
  if (answer.status !== 200 || !`${answer.body}`.includes('hubbub')) {
    stop(`${url} answers (HTTP ${answer.status}), but not as a hubbub hub. HUB is the address of the hub's public listener.`);
  }
}

async function welcomed(plan) {
  const client = new Client(plan, 0, { quiet: true });
  try {
    const welcome = await client.open();
    client.finish();
    return welcome;
  } catch (problem) {
    return stop(whyNot(plan, problem));
  }
}

/** Why a user was not welcomed, and what to do. */
export function whyNot(plan, problem) {
  const { ws } = nodeOf(plan, 0);
  if (problem.code === 'unauthorized' || problem.code === 4001) {
    return `The hub at ${ws} does not accept the tokens: ${problem.message}. Make them with the hub's own key: hubbub token with the same jwt_secret, jwt_key_file or data_dir.`;
  }
  if (problem.code === 4002) return 'The tokens have run out; make new ones with hubbub token.';
  if (problem.code === 'handshake') {
    return `The hub at ${ws} refuses connections: too many from one address (HUBBUB_MAX_CONNECTIONS_PER_ADDRESS, or give virtual users addresses of their own with --local-ips), or it is full (HUBBUB_MAX_CONNECTIONS).`;
  }
  return `No welcome from ${ws}: ${problem.message}.`;
}

function enoughMembers(plan, most, needed) {
  if (needed > most) {
    stop(`This run needs groups of ${needed} and the hub allows ${most}: start it with HUBBUB_MAX_MEMBERS=${needed}, or run with GROUP=${most}.`);
  }
}

/** Opens as many connections as one virtual user will hold, or as show that the default cap stands. */
async function enoughConnections(plan, needed) {
  const probes = Math.min(needed, CAP_PROBES);
  const sockets = Array.from({ length: probes }, (_, place) => probe(plan, place));
  try {
    await within(PROBE_LIMIT, Promise.all(sockets.map(({ opened }) => opened)), 'they do not open');
  } catch {
    tooFewConnections(needed);
  } finally {
    sockets.forEach(({ socket }) => closeSocket(socket));
  }
}

function probe(plan, place) {
  const socket = new WebSocket(nodeOf(plan, place).ws, [plan.codec.subprotocol], { tags: { name: 'preflight' } });
  const opened = new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = (event) => reject(new Error(event.error));
  });
  return { socket, opened };
}

function tooFewConnections(needed) {
  stop(
    `The hub does not take ${needed} connections from one address: start it with a higher HUBBUB_MAX_CONNECTIONS_PER_ADDRESS, ` +
      'lower SOCKETS, or give virtual users addresses of their own (on this machine: k6 run --local-ips 127.0.1.1-127.0.1.250).',
  );
}

/** Asks until it is told to wait: how long tells the rate at which requests are taken. */
async function enoughRequests(plan, needed, variable) {
  const client = new Client(plan, 0, { quiet: true });
  await client.open();
  let wait = 0;
  const probes = Array.from({ length: RATE_PROBES }, () =>
    client.request({ type: 'ping' }).catch((refusal) => {
      wait = Math.max(wait, refusal.retryAfter || 0);
    }),
  );
  await Promise.all(probes);
  client.finish();
  const allowed = wait > 0 ? 1000 / wait : Infinity;
  if (allowed < needed) {
    stop(
      `This run needs ${needed} requests a second of one connection and the hub allows about ${Math.round(allowed)}: ` +
        `start it with HUBBUB_SESSION_RATE=${needed} HUBBUB_USER_RATE=${needed} or more, or lower ${variable}.`,
    );
  }
}
