// What must be so before a run begins, each with a sentence when it is not.

import http from 'k6/http';
import { WebSocket } from 'k6/websockets';
import { Client } from './client.js';
import { lackOf, whyNot } from './endings.js';
import { closeSocket } from './link.js';
import { mistakesIn, nodeOf, stop } from './plan.js';
import { shortcomingOf } from './tokens.js';
import { within } from './wait.js';

/** More connections from one address than the hub's default (200) takes; a lower cap is found at once. */
const CAP_PROBES = 260;
const PROBE_LIMIT = 15_000;
/** More requests than fit in the burst that a hub allows (100 by default). */
const RATE_PROBES = 600;
/** Open files that k6 needs beside the connections. */
const OTHER_FILES = 50;

/** Ends the run unless the hub can be reached, knows the tokens, and allows what the run needs. */
export async function preflight(plan, needs = {}) {
  const users = needs.users || plan.users;
  const mistakes = mistakesIn(plan, users) || shortcomingOf(plan, users);
  if (mistakes) stop(mistakes);
  enoughFiles(users + (needs.further || 0));
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
  if (answer.status === 200 && isInternal(answer)) {
    stop(
      `${url} is the internal listener of a hub, where no users connect. HUB is the address of its public one, by default on port 8080.`,
    );
  }
  if (answer.status !== 200 || !`${answer.body}`.includes('hubbub')) {
    stop(
      `${url} answers (HTTP ${answer.status}), but not as a hubbub hub. HUB is the address of the hub's public listener.`,
    );
  }
}

/** Both listeners describe themselves; users find their place by the public one alone. */
function isInternal({ body }) {
  return `${body}`.includes('hubbub') && !`${body}`.includes('"/chat/location"');
}

/** `loadtest/run` tells how many files this machine lets k6 open. */
function enoughFiles(connections) {
  const allowed = Number(__ENV.OPEN_FILES);
  const needed = connections + OTHER_FILES;
  if (allowed > 0 && allowed < needed) {
    stop(
      `This machine lets a process open ${allowed} files and this run needs ${needed}, one a connection: raise that (ulimit -n ${needed}), or lower the number of users.`,
    );
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

function enoughMembers(plan, most, needed) {
  if (needed > most) {
    stop(
      `This run needs groups of ${needed} and the hub allows ${most}: start it with HUBBUB_MAX_MEMBERS=${needed}, or run with GROUP=${most}.`,
    );
  }
}

/** Opens as many connections as one virtual user will hold, or as show that the default cap stands. */
async function enoughConnections(plan, needed) {
  const probes = Math.min(needed, CAP_PROBES);
  const sockets = Array.from({ length: probes }, (_, place) => probe(plan, place));
  try {
    await within(PROBE_LIMIT, Promise.all(sockets.map(({ opened }) => opened)), 'they do not open');
  } catch (problem) {
    if (lackOf(problem)) stop(whyNot(plan, problem));
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
    `The hub does not take ${needed} connections from one address: start it with a higher HUBBUB_MAX_CONNECTIONS_PER_ADDRESS, `
      + 'lower SOCKETS, or give virtual users addresses of their own (on this machine: k6 run --local-ips 127.0.1.1-127.0.1.250).',
  );
}

/** Asks until it is told to wait: how long tells the rate at which requests are taken. */
async function enoughRequests(plan, needed, variable) {
  const client = new Client(plan, 0, { quiet: true });
  await client.open().catch((problem) => stop(whyNot(plan, problem)));
  let wait = 0;
  const probes = Array.from({ length: RATE_PROBES }, () =>
    client.request({ type: 'ping' }).catch((refusal) => {
      wait = Math.max(wait, refusal.retryAfter || 0);
    }));
  await Promise.all(probes);
  client.finish();
  const allowed = wait > 0 ? 1000 / wait : Infinity;
  if (allowed < needed) {
    stop(
      `This run needs ${needed} requests a second of one connection and the hub allows about ${Math.round(allowed)}: `
        + `start it with HUBBUB_SESSION_RATE=${needed} HUBBUB_USER_RATE=${needed} or more, or lower ${variable}.`,
    );
  }
}
