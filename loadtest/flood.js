// Some flood the hub with connections and messages: are the others still served, and is what is too much
// refused with clear codes?
//
// Needs of the hub: max_connections_per_address of at least SERVED + FLOODERS + 10. The lower of it and
// CONNECTIONS decides whether the flood of connections is refused.

import http from 'k6/http';
import { WebSocket } from 'k6/websockets';
import { availabilityUnderLoad, contractOf, timeBehaviour, timeToOthers, uptime } from './lib/fitness.js';
import { Client } from './lib/client.js';
import { breakOff, lackOf } from './lib/endings.js';
import { COMMON_OPTIONS, cleanUp, join, live, prepare } from './lib/crowd.js';
import { closeSocket } from './lib/link.js';
import { countRefusal, refused } from './lib/metrics.js';
import { groupOf } from './lib/groups.js';
import { nodeOf, planOf } from './lib/plan.js';
import { summaryOf } from './lib/summary.js';
import { sleep, until } from './lib/wait.js';

const plan = planOf('flood', { SERVED: 50, FLOODERS: 10, CONNECTIONS: 400, GROUP: 10, INTERVAL: 2, DURATION: 40 });
// The flooders have groups of their own: what they say is not what the others wait for.
plan.firstFlooder = Math.ceil(plan.served / plan.group) * plan.group;
plan.users = plan.firstFlooder + plan.flooders;
plan.groups = Math.ceil(plan.users / plan.group);
plan.seconds = plan.duration;
plan.iterations = 3;

/** Before and after the flood the others are alone. */
const CALM = 5_000;
/** Sends of one flooder in each burst, and the pause between two bursts in milliseconds. */
const BURST = 50;
const BURST_PAUSE = 50;
/** New connections in each burst. */
const DIALS = 20;

const once = (exec) => ({
  executor: 'per-vu-iterations',
  exec,
  vus: 1,
  iterations: 1,
  maxDuration: `${plan.duration + 90}s`,
});

export const options = {
  ...COMMON_OPTIONS,
  scenarios: { served: once('served'), messages: once('messages'), connections: once('connections') },
  thresholds: { ...timeBehaviour, ...timeToOthers, ...contractOf(plan.served), ...uptime, ...availabilityUnderLoad },
};

export const setup = () => prepare(plan, { connections: plan.served + plan.flooders, further: plan.connections });
export const teardown = (data) => cleanUp(plan, data);
export const handleSummary = summaryOf(plan, ({ hubbub_refused: count }) => {
  const none = 'Nothing was refused: the hub took the whole flood.';
  return count && count.values.count > 0 ? [] : [none];
});

const endOf = (data) => data.begin + plan.duration * 1000;

/** Those who behave. */
export async function served(data) {
  const places = Array.from({ length: plan.served }, (_, place) => place);
  await Promise.all(places.map((place) => live(plan, data, new Client(plan, place), place, data.begin, endOf(data))));
}

/** Sends far beyond any rate, whatever the answers. */
export async function messages(data) {
  const places = Array.from({ length: plan.flooders }, (_, i) => plan.firstFlooder + i);
  await Promise.all(places.map((place) => floodMessages(data, new Client(plan, place, { defiant: true }), place)));
}

async function floodMessages(data, client, place) {
  const group = data.groups[groupOf(plan, place)];
  await join(plan, client, group, data.begin);
  await until(data.begin + CALM);
  let number = 0;
  while (Date.now() < endOf(data) - CALM) {
    for (let i = 0; i < BURST && client.online; i += 1) {
      client.number += 1;
      number += 1;
      client.link.say({
        type: 'send',
        id: client.number,
        group,
        cid: `${plan.run}-flood-${number}`,
        text: 'flood',
      });
    }
    await sleep(BURST_PAUSE);
  }
  client.comesBack = false;
  client.ended = true;
  client.link.close();
}

/** Opens connections that never say hello. */
export async function connections(data) {
  const open = new Set();
  await until(data.begin + CALM);
  while (Date.now() < endOf(data) - CALM) {
    for (let i = 0; i < DIALS && open.size < plan.connections; i += 1) dial(open);
    await sleep(BURST_PAUSE);
  }
  open.forEach(closeSocket);
}

function dial(open) {
  const socket = new WebSocket(nodeOf(plan, 0).ws, [plan.codec.subprotocol], { tags: { name: 'flood' } });
  socket.binaryType = 'arraybuffer';
  open.add(socket);
  let told = false;
  socket.onmessage = (event) => {
    const { type, code } = plan.codec.decode(event.data);
    if (type !== 'error') return;
    told = true;
    countRefusal(code);
  };
  socket.onerror = (event) => {
    const problem = new Error(event.error);
    if (lackOf(problem)) breakOff(plan, 'The flood', problem);
    if (/bad handshake/.test(event.error)) whyRefused();
    // Far beyond the cap connections are dropped without a word: telling each would be work for a flooder.
    else if (!told) refused.add(1, { code: 'unanswered' });
  };
  socket.onclose = () => open.delete(socket);
}

/** k6 does not tell a refused handshake's status; a plain request from the same address is refused alike. */
function whyRefused() {
  const answer = http.get(`${nodeOf(plan, 0).http}/openapi.json`, { tags: { name: 'flood' }, timeout: '5s' });
  if (answer.status === 0) refused.add(1, { code: 'unanswered' });
  else if (answer.status !== 200) countRefusal(answer.json('code'));
}
