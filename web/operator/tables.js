import { h } from '/app/ui/dom.js';
import { confirmDrain } from './drain.js';
import { clock, latency, percent, short, span, whole } from './format.js';
import { meaning } from './meanings.js';
import { added, base, quantile, rates, since } from './series.js';

/**
 * Nodes, stages, partitions and faults.
 *
 * @typedef {import("./api.js").Cluster} Cluster
 * @typedef {import("./api.js").Sample} Sample
 */

const WINDOW = 60_000;
const STAGES_WINDOW = 5 * 60_000;

/** @param {string[]} heads those that begin with `#` are of numbers */
const head = (heads) =>
  h(
    'thead',
    {},
    h(
      'tr',
      {},
      ...heads.map((text) =>
        (text === ''
          ? h('td')
          : h('th', { scope: 'col', class: text.startsWith('#') ? 'number' : '' }, text.replace('#', '')))),
    ),
  );

/** @param {string | number} text */
const number = (text) => h('td', { class: 'number' }, text);

/** A bar that is filled to a share. @param {number} share */
function bar(share) {
  const meter = h('meter', { class: 'bar', min: 0, max: 1, high: 0.8, optimum: 0, value: Math.min(1, share) });
  return meter;
}

/** How full a node is; nothing where it takes no clients. @param {import("./api.js").Node} node */
function places(node) {
  if (node.capacity === 0) return [];
  const full = node.connections / node.capacity;
  return [bar(full), `${whole(node.connections)} · ${percent(1 - full)} free`];
}

/** @param {Cluster} cluster @param {Sample[]} samples */
export function nodes(cluster, samples) {
  const rows = cluster.nodes.map((node) => {
    const own = since(samples, cluster.time - WINDOW).map(({ time, nodes: all }) => ({
      time,
      nodes: all.filter((other) => other.node === node.node),
    }));
    const mean = (/** @type {(node: import("./api.js").Node) => number} */ of) => {
      const points = rates(own, of);
      return points.length === 0 ? 0 : points.reduce((sum, { value }) => sum + value, 0) / points.length;
    };
    const p99 = quantile(
      added(own, ({ vitals }) => vitals.latency),
      cluster.latency_edges,
      0.99,
    );
    const here = node.node === cluster.node;
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, base(node.node), ' ', here ? h('span', { class: 'here' }, 'this node') : null),
      h('td', {}, state(cluster, node)),
      h('td', {}, node.roles.join(', ')),
      h('td', { class: 'filled' }, ...places(node)),
      number(whole(node.vitals.users)),
      number(short(mean(({ vitals }) => vitals.accepted))),
      number(short(mean(({ vitals }) => vitals.delivered))),
      number(latency(p99)),
      number(whole(node.vitals.partitions)),
      number(`${whole(node.vitals.lag)} · ${whole(node.vitals.pending)}`),
      number(span(cluster.time - node.since)),
      h('td', {}, node.version),
      h(
        'td',
        { class: 'action' },
        h(
          'button',
          {
            type: 'button',
            class: 'button button-danger-quiet',
            'aria-label': `${node.draining ? 'Draining' : 'Drain'} ${base(node.node)}`,
            disabled: node.draining,
            onclick: () => confirmDrain(cluster, node),
          },
          node.draining ? 'Draining' : 'Drain',
        ),
      ),
    );
  });
  return h(
    'table',
    {},
    head([
      'Node',
      'State',
      'Roles',
      'Sessions',
      '#Users',
      '#Sends/s',
      '#Deliveries/s',
      '#Ack p99',
      '#Partitions',
      '#Lag · pending',
      '#Up',
      'Version',
      '',
    ]),
    h('tbody', {}, ...rows),
  );
}

/** @param {Cluster} cluster @param {import("./api.js").Node} node */
function state(cluster, node) {
  if (node.draining) return h('span', { class: 'pill pill-warn' }, 'draining');
  if (node.node === cluster.node && cluster.not_ready) {
    return h('span', { class: 'pill pill-bad', title: cluster.not_ready }, 'not ready');
  }
  return h('span', { class: 'pill pill-good' }, 'live');
}

const STAGES = [
  ['append', 'a place in the log', 'Redis'],
  ['log_wait', 'read by the owner', 'its load, a change of owner'],
  ['store', 'stored', 'MongoDB, or the disk'],
  ['route', 'committed and on its way', 'Redis'],
  ['inbox_wait', 'read by a node with recipients', "that node's load"],
  ['flush', 'given to the sockets', 'the number of recipients'],
  ['end_to_end', 'all of it, to the ack', 'any of these'],
];

/** A stage's counts on one node. @param {import("./api.js").Node} node @param {string} stage */
const countsOf = ({ vitals }, stage) => (stage === 'end_to_end' ? vitals.latency : (vitals.stages[stage] ?? []));

/**
 * The stages of all nodes over the last minutes, and the node where each is slowest.
 *
 * @param {Cluster} cluster
 * @param {Sample[]} samples
 */
export function stages({ latency_edges: edges, time, nodes: live }, samples) {
  const recent = since(samples, time - STAGES_WINDOW);
  const rows = STAGES.map(([stage, what, grows]) => {
    const counts = added(recent, (node) => countsOf(node, stage));
    const [p50, p99] = [0.5, 0.99].map((share) => quantile(counts, edges, share));
    const slowest = slowestNode(live, recent, stage, edges);
    const grade = (/** @type {number | undefined} */ seconds = 0) => gradeOf(seconds, 1, 10);
    return h(
      'tr',
      { class: stage === 'end_to_end' ? 'sum' : '' },
      h('th', { scope: 'row' }, stage.replaceAll('_', ' '), ' ', h('span', { class: 'what' }, what)),
      number(whole(counts.reduce((sum, count) => sum + count, 0))),
      number(latency(p50)),
      h('td', { class: `number ${grade(p99)}` }, latency(p99)),
      h(
        'td',
        { class: grade(slowest?.p99) },
        slowest === undefined ? '–' : `${base(slowest.node)} · ${latency(slowest.p99)}`,
      ),
      h('td', { class: 'quiet' }, grows),
    );
  });
  return h(
    'table',
    {},
    head(['Stage', '#Messages', '#p50', '#p99', 'Slowest node · p99', 'Grows with']),
    h('tbody', {}, ...rows),
  );
}

/** @param {import("./api.js").Node[]} live @param {Sample[]} recent @param {string} stage @param {number[]} edges */
function slowestNode(live, recent, stage, edges) {
  const each = live.flatMap(({ node }) => {
    const own = recent.map(({ time, nodes: all }) => ({ time, nodes: all.filter((other) => other.node === node) }));
    const p99 = quantile(
      added(own, (one) => countsOf(one, stage)),
      edges,
      0.99,
    );
    return p99 === undefined ? [] : [{ node, p99 }];
  });
  return each.sort((one, other) => other.p99 - one.p99)[0];
}

/** @param {Cluster} cluster */
export function partitions({ partitions: all, group }) {
  if (all === null) {
    return h('p', { class: 'empty' }, 'The backplane does not answer: nothing is known of the partitions.');
  }
  const rows = all.map(({ owner, length, lag, pending }, index) =>
    h(
      'tr',
      { class: owner === null ? 'is-bad' : '' },
      h('th', { scope: 'row' }, String(index)),
      h('td', {}, owner === null ? 'nobody' : base(owner)),
      h('td', { class: 'quiet' }, group),
      number(whole(length)),
      h('td', { class: `number ${gradeOf(lag, 0, 1000)}` }, whole(lag)),
      h('td', { class: `number ${pending > 1000 ? 'is-bad' : ''}` }, whole(pending)),
    ));
  const table = (/** @type {HTMLElement[]} */ some) =>
    h('table', {}, head(['Partition', 'Owner', 'Group', '#Log', '#Lag', '#Pending']), h('tbody', {}, ...some));
  const half = Math.ceil(rows.length / 2);
  return h('div', { class: 'halves' }, table(rows.slice(0, half)), table(rows.slice(half)));
}

/** @param {import("./series.js").Fault[]} found */
export function faultList(found) {
  if (found.length === 0) return h('p', { class: 'empty' }, 'None in the last quarter of an hour.');
  const items = found.slice(0, 30).map(({ time, node, kind, count }) => {
    const { name, grade, meaning: text } = meaning(kind);
    return h(
      'li',
      { class: `fault ${grade}` },
      h('time', {}, clock(time)),
      h('span', { class: `pill ${grade === 'fault' ? 'pill-bad' : 'pill-quiet'}` }, grade),
      h(
        'div',
        {},
        h(
          'p',
          { class: 'fault-name' },
          name,
          h('span', { class: 'quiet' }, ` · ${node}${count > 1 ? ` · ${whole(count)} times` : ''}`),
        ),
        h('p', { class: 'quiet' }, text),
      ),
    );
  });
  return h('ul', { class: 'faults' }, ...items);
}

/**
 * The look of a number that is better small.
 *
 * @param {number} value
 * @param {number} warn above it
 * @param {number} bad above it
 */
function gradeOf(value, warn, bad) {
  if (value > bad) return 'is-bad';
  return value > warn ? 'is-warn' : '';
}
