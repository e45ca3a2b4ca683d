import { h } from '/app/ui/dom.js';
import { advisories as askAdvisories, cluster as askCluster, history, keepToken, TokenNeeded } from './api.js';
import { keepAsking, ordered } from './drain.js';
import { card, fitness } from './fitness.js';
import { clock, latency, short, whole } from './format.js';
import { plot, SHOWN } from './plot.js';
import { base, faults, latencies, rates, sums } from './series.js';
import { faultList, nodes, partitions, stages } from './tables.js';

/** The operator's page: asks the node that serves it every few seconds, and shows the cluster. */

const EVERY = 3_000;
/** Latencies are of the messages of so long. */
const WINDOW = 60_000;

const root = /** @type {HTMLElement} */ (document.getElementById('operator'));
/** @type {import("./api.js").Sample[]} */
let samples = [];
/** @type {import("./api.js").Advisories} */
let advisories;

const status = h('p', { class: 'status', role: 'status' });
const title = h('p', { class: 'subtitle' });
const regions = Object.fromEntries(
  ['fitness', 'nodes', 'plots', 'stages', 'partitions', 'faults'].map((name) => {
    // Tables that are wider than their place are scrolled, with the keyboard too.
    const scrolled = ['nodes', 'stages', 'partitions'].includes(name)
      ? { tabindex: 0, role: 'group', 'aria-labelledby': `${name}-title` }
      : {};
    return [name, h('div', { class: `region-${name}`, ...scrolled })];
  }),
);

/** @param {string} name @param {string} heading @param {string} [note] */
const section = (name, heading, note) =>
  h(
    'section',
    { class: `panel panel-${name}`, 'aria-labelledby': `${name}-title` },
    h('h2', { id: `${name}-title` }, heading, note ? h('small', {}, note) : null),
    regions[name],
  );

function build() {
  root.replaceChildren(
    h('header', { class: 'top' }, h('h1', {}, h('span', { class: 'brand' }, 'hubbub'), ' operator'), title, status),
    h(
      'main',
      {},
      section('fitness', 'Fitness', 'the last 5 minutes'),
      section('nodes', 'Nodes', 'rates and latency over the last minute'),
      section('plots', 'The last 15 minutes', 'all nodes together'),
      section('stages', 'Stages', 'all nodes, the last 5 minutes'),
      section('partitions', 'Partitions'),
      section('faults', 'Recent faults', 'and what they mean'),
    ),
  );
}

/** @param {HTMLElement} region @param {...Node} children */
function show(region, ...children) {
  // What somebody is about to press must not vanish under the pointer.
  if (region.contains(document.activeElement) && document.activeElement?.matches('button:active')) return;
  const pressed = region.contains(document.activeElement);
  region.replaceChildren(...children);
  if (pressed) region.querySelector('button')?.focus();
}

/** @param {import("./api.js").Cluster} cluster */
function render(cluster) {
  const { latency_edges: edges, time } = cluster;
  const rated = fitness(cluster, samples, advisories);
  const worst = rated.filter(({ grade }) => grade === 'bad' || grade === 'warn');
  const bad = cluster.not_ready !== null || worst.some(({ grade }) => grade === 'bad');
  const well = worst.length > 0 ? 'is-warn' : 'is-good';
  status.className = `status ${bad ? 'is-bad' : well}`;
  status.textContent = cluster.not_ready
    ?? (worst.length === 0 ? 'All is well' : `Look at: ${worst.map(({ name }) => name.toLowerCase()).join(', ')}`);
  title.textContent = `${base(cluster.node)} · ${cluster.nodes.length === 1 ? '1 node' : `${cluster.nodes.length} nodes`} · ${clock(time)}`;
  show(regions.fitness, h('ul', { class: 'cards' }, ...rated.map(card)));
  show(regions.nodes, nodes(cluster, samples));
  const how = { now: time, least: 1, format: short };
  const refused = (/** @type {string[]} */ ...codes) =>
    rates(samples, ({ vitals }) => codes.reduce((sum, code) => sum + (vitals.rejected[code] ?? 0), 0));
  const times = { now: time, least: 0.002, format: latency, threshold: 1 };
  show(
    regions.plots,
    plot(
      'Users online',
      [
        { name: 'users', points: sums(samples, ({ vitals }) => vitals.users) },
        { name: 'sessions', points: sums(samples, (node) => node.connections) },
      ],
      { ...how, least: 10, format: whole },
    ),
    plot(
      'Sends a second',
      [
        { name: 'taken in', points: rates(samples, ({ vitals }) => vitals.accepted) },
        { name: 'acked', points: rates(samples, ({ vitals }) => vitals.acked) },
      ],
      how,
    ),
    plot('Deliveries a second', [{ name: 'delivered', points: rates(samples, ({ vitals }) => vitals.delivered) }], how),
    plot(
      'Time to the ack',
      [
        { name: 'p50', points: latencies(samples, ({ vitals }) => vitals.latency, edges, 0.5, WINDOW) },
        { name: 'p99', points: latencies(samples, ({ vitals }) => vitals.latency, edges, 0.99, WINDOW) },
      ],
      times,
    ),
    plot(
      'Lag and pending',
      [
        { name: 'lag', points: sums(samples, ({ vitals }) => vitals.lag) },
        { name: 'pending', points: sums(samples, ({ vitals }) => vitals.pending) },
      ],
      { ...how, least: 10, format: whole },
    ),
    plot(
      'Refused a second',
      [
        { name: 'slow down', points: refused('rate_limited', 'overloaded') },
        { name: 'failed', points: refused('unavailable', 'internal') },
      ],
      how,
    ),
  );
  show(regions.stages, stages(cluster, samples));
  show(regions.partitions, partitions(cluster));
  show(regions.faults, faultList(faults(samples, ordered)));
  keepAsking(cluster);
}

async function look() {
  const cluster = await askCluster();
  samples = [
    ...samples.filter(({ time }) => cluster.time - time < SHOWN && time < cluster.time),
    { time: cluster.time, nodes: cluster.nodes },
  ];
  render(cluster);
}

/** @param {unknown} error */
function troubled(error) {
  if (error instanceof TokenNeeded) return askForToken(error.refused);
  status.className = 'status is-bad';
  status.textContent = `This node does not answer: ${/** @type {Error} */ (error).message}`;
}

/** @param {boolean} refused whether one was given that the node does not take */
function askForToken(refused) {
  const field = h('input', {
    type: 'password',
    class: 'field',
    'aria-label': 'Service token',
    autocomplete: 'off',
    required: true,
  });
  const button = h('button', { class: 'button button-main' }, 'Continue');
  const problem = refused ? h('p', { class: 'problem', role: 'alert' }, 'The node does not take this token.') : null;
  const form = h(
    'form',
    { class: 'token' },
    h('h1', {}, h('span', { class: 'brand' }, 'hubbub'), ' operator'),
    h('p', {}, 'This node wants its service token. It is kept until this tab is closed.'),
    field,
    problem,
    button,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    button.disabled = true;
    keepToken(field.value);
    void start();
  });
  root.replaceChildren(form);
  field.focus();
}

async function start() {
  try {
    [samples, advisories] = await Promise.all([history(), askAdvisories()]);
    build();
    await look();
  } catch (error) {
    if (!(error instanceof TokenNeeded)) build();
    troubled(error);
    if (error instanceof TokenNeeded) return;
  }
  const again = async () => {
    await look().catch(troubled);
    setTimeout(again, EVERY);
  };
  setTimeout(again, EVERY);
}

void start();
