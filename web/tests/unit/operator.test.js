import assert from 'node:assert/strict';
import { test } from 'node:test';
import { added, faults, growth, latencies, quantile, rates, since, sums } from '../../operator/series.js';

const EDGES = [0.001, 0.01, 0.1];

/** @typedef {import("../../operator/api.js").Node} Node */

/**
 * @param {string} name
 * @param {Partial<import("../../operator/api.js").Vitals>} vitals
 * @param {Partial<Node>} [more]
 * @returns {Node}
 */
const node = (name, vitals, more = {}) => ({
  node: name,
  public_url: null,
  zone: null,
  connections: 0,
  capacity: 100,
  draining: false,
  roles: ['clients', 'followers', 'owner'],
  version: '1',
  since: 0,
  vitals: {
    time: 0,
    users: 0,
    pending_sends: 0,
    partitions: 0,
    lag: 0,
    pending: 0,
    accepted: 0,
    acked: 0,
    delivered: 0,
    rejected: {},
    faults: {},
    latency: [0, 0, 0, 0],
    probe: [],
    stages: {},
    ...vitals,
  },
  ...more,
});

/** @param {Node[][]} moments five seconds from each other */
const samples = (...moments) =>
  moments.map((nodes, index) => ({
    time: 5000 * index,
    nodes: nodes.map((one) => ({ ...one, vitals: { ...one.vitals, time: 5000 * index - 700 } })),
  }));
const accepted = (/** @type {Node} */ { vitals }) => vitals.accepted;

test('rates are summed over nodes, and neither a restart nor a new node makes a jump', () => {
  const seen = samples(
    [node('a.1', { accepted: 1000 })],
    [node('a.1', { accepted: 1010 }), node('b.1', { accepted: 7000 })],
    [node('a.1', { accepted: 5 }), node('b.1', { accepted: 7010 })],
    [node('a.2', { accepted: 9000 }), node('b.1', { accepted: 7010 })],
  );
  assert.deepEqual(
    rates(seen, accepted).map(({ value }) => value),
    [2, 3, 0],
  );
  assert.equal(growth(seen, accepted), 25);
  assert.deepEqual(
    sums(seen, accepted).map(({ value }) => value),
    [1000, 8010, 7015, 16010],
  );
  assert.deepEqual(
    since(seen, 9000).map(({ time }) => time),
    [5000, 10_000, 15_000],
  );
  assert.deepEqual(since(seen, 99_000), []);
});

test('latencies are those of what was added, within their bucket', () => {
  const seen = samples(
    [node('a.1', { latency: [50, 0, 0, 0] })],
    [node('a.1', { latency: [50, 10, 0, 0] })],
    [node('a.1', { latency: [50, 10, 0, 2] })],
  );
  const latency = (/** @type {Node} */ { vitals }) => vitals.latency;
  assert.deepEqual(added(seen, latency), [0, 10, 0, 2]);
  assert.equal(quantile([0, 10, 0, 2], EDGES, 0.5)?.toFixed(6), '0.006400');
  assert.equal(quantile([0, 10, 0, 2], EDGES, 0.99), Infinity);
  assert.equal(quantile([0, 0, 0, 0], EDGES, 0.5), undefined);
  assert.deepEqual(
    latencies(seen, latency, EDGES, 1, 5000).map(({ value }) => value.toFixed(6)),
    ['0.010000', '0.100000'],
  );
});

test('faults are told once while they last, with the nodes that went', () => {
  const seen = samples(
    [node('a.1', { faults: { store_error: 2 } }), node('b.1', {}), node('c.1', {}, { draining: true })],
    [node('a.1', { faults: { store_error: 3 }, rejected: { overloaded: 1, forbidden: 9 } }), node('b.1', {})],
    [node('a.1', { faults: { store_error: 7 }, rejected: { overloaded: 1, forbidden: 10 } })],
  );
  assert.deepEqual(
    faults(seen).map(({ time, node: where, kind, count }) => [time, where, kind, count]),
    [
      [10_000, 'a', 'store_error', 5],
      [10_000, 'b', 'node_gone', 1],
      [5000, 'a', 'overloaded', 1],
      [5000, 'c', 'node_left', 1],
    ],
  );
  assert.equal(faults(seen, new Set(['b.1'])).find(({ node: where }) => where === 'b')?.kind, 'node_left');
});

test('a node that is soon back was restarted, unless it had only lost its lease', () => {
  const kinds = (/** @type {import("../../operator/api.js").Sample[]} */ seen) =>
    faults(seen).map(({ node: where, kind }) => [where, kind]);
  const [a, old, back] = [node('a.1', {}), node('b.1', {}), node('b.2', {})];
  assert.deepEqual(kinds(samples([a, old], [a, back])), [['b', 'node_restarted']]);
  assert.deepEqual(kinds(samples([a, old], [a], [a], [a, back])), [['b', 'node_restarted']]);
  const goesOn = node('b.2', { faults: { lease_lost: 1 } });
  assert.deepEqual(kinds(samples([a, old], [a, goesOn])), [['b', 'lease_lost']]);
  const late = samples([a, old], [a], [a, back]);
  late[2].time = late[1].time + 60_000;
  assert.deepEqual(kinds(late), [['b', 'node_gone']]);
});
