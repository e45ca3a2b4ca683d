/**
 * From samples of counters to what they mean: rates, latencies, faults. Nothing here touches the page.
 *
 * @typedef {import("./api.js").Sample} Sample
 * @typedef {import("./api.js").Node} Node
 * @typedef {{ time: number, value: number }} Point
 * @typedef {{ time: number, node: string, kind: string, count: number }} Fault
 */

/** How much a counter grew; one that fell began anew. @param {number} before @param {number} now */
const grown = (before, now) => (now >= before ? now - before : now);

/**
 * The nodes of a sample that were in the one before as well.
 *
 * @param {Sample} before
 * @param {Sample} now
 * @returns {[Node, Node][]}
 */
function pairs(before, now) {
  const old = new Map(before.nodes.map((node) => [node.node, node]));
  return now.nodes.flatMap((node) => {
    const known = old.get(node.node);
    return known === undefined ? [] : [[known, node]];
  });
}

/**
 * The sum over the nodes of a present number, at each sample.
 *
 * @param {Sample[]} samples
 * @param {(node: Node) => number} of
 * @returns {Point[]}
 */
export function sums(samples, of) {
  return samples.map(({ time, nodes }) => ({ time, value: nodes.reduce((sum, node) => sum + of(node), 0) }));
}

/**
 * How much a counter grew a second, all nodes together. Each node's numbers have a time of their own: they reach the
 * one that tells with the beat of their node.
 *
 * @param {Sample[]} samples @param {(node: Node) => number} of @returns {Point[]}
 */
export function rates(samples, of) {
  return samples.slice(1).map((now, index) => {
    const each = pairs(samples[index], now).map(([old, node]) => {
      const seconds = (node.vitals.time - old.vitals.time) / 1000;
      return seconds > 0 ? grown(of(old), of(node)) / seconds : 0;
    });
    return { time: now.time, value: each.reduce((sum, rate) => sum + rate, 0) };
  });
}

/**
 * How much a counter grew over the samples, all nodes together.
 *
 * @param {Sample[]} samples
 * @param {(node: Node) => number} of
 */
export function growth(samples, of) {
  return samples
    .slice(1)
    .reduce(
      (sum, now, index) =>
        pairs(samples[index], now).reduce((more, [old, node]) => more + grown(of(old), of(node)), sum),
      0,
    );
}

/**
 * Counts by latency that were added over the samples, all nodes together.
 *
 * @param {Sample[]} samples
 * @param {(node: Node) => number[]} of
 * @returns {number[]}
 */
export function added(samples, of) {
  /** @type {number[]} */
  const total = [];
  for (let at = 1; at < samples.length; at += 1) {
    for (const [old, node] of pairs(samples[at - 1], samples[at])) {
      const before = of(old);
      of(node).forEach((count, edge) => {
        total[edge] = (total[edge] ?? 0) + grown(before[edge] ?? 0, count);
      });
    }
  }
  return total;
}

/**
 * The latency that a share of the messages did not exceed: within its bucket taken to be spread evenly. Undefined when
 * there were none; infinite when it lies above the last edge.
 *
 * @param {number[]} counts one for each edge and one for longer
 * @param {number[]} edges in seconds
 * @param {number} share
 */
export function quantile(counts, edges, share) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  let left = share * all;
  for (let at = 0; at < edges.length; at += 1) {
    const count = counts[at] ?? 0;
    if (left <= count && count > 0) {
      const from = at === 0 ? 0 : edges[at - 1];
      return from + (edges[at] - from) * (left / count);
    }
    left -= count;
  }
  return Infinity;
}

/**
 * A latency over the samples, each over those of the last so many milliseconds.
 *
 * @param {Sample[]} samples
 * @param {(node: Node) => number[]} of
 * @param {number[]} edges
 * @param {number} share
 * @param {number} window
 * @returns {Point[]}
 */
export function latencies(samples, of, edges, share, window) {
  const points = [];
  for (let at = 1; at < samples.length; at += 1) {
    const { time } = samples[at];
    const value = quantile(added(since(samples.slice(0, at + 1), time - window), of), edges, share);
    if (value !== undefined) points.push({ time, value: Math.min(value, edges[edges.length - 1]) });
  }
  return points;
}

/**
 * The samples from a moment on, and the one before them, from which they grew.
 *
 * @param {Sample[]} samples
 * @param {number} time
 */
export function since(samples, time) {
  const first = samples.findIndex((sample) => sample.time >= time);
  return first < 0 ? [] : samples.slice(Math.max(first - 1, 0));
}

/** What a requests' code says of the hub; the other codes say something of the request. */
const TELLING = ['overloaded', 'unavailable', 'internal'];
/** The same fault within so many milliseconds is one. */
const TOGETHER = 60_000;

/**
 * What went wrong over the samples, the newest first. A node that was quick to drain may never have been seen to:
 * `ordered` are those that were told to.
 *
 * @param {Sample[]} samples @param {Set<string>} [ordered] @returns {Fault[]}
 */
export function faults(samples, ordered = new Set()) {
  /** @type {Fault[]} */
  const found = [];
  for (let at = 1; at < samples.length; at += 1) {
    const [before, now] = [samples[at - 1], samples[at]];
    for (const [old, node] of pairs(before, now)) {
      const name = base(node.node);
      for (const [kind, count] of Object.entries(node.vitals.faults)) {
        note(found, now.time, name, kind, grown(old.vitals.faults[kind] ?? 0, count));
      }
      for (const code of TELLING) {
        note(found, now.time, name, code, grown(old.vitals.rejected[code] ?? 0, node.vitals.rejected[code] ?? 0));
      }
    }
    const names = new Set(now.nodes.map(({ node }) => node));
    const left = before.nodes.filter(({ node }) => !names.has(node));
    for (const node of left) note(found, now.time, base(node.node), ending(node, samples.slice(at), ordered), 1);
  }
  return found.sort((one, other) => other.time - one.time);
}

/**
 * Why a node is seen no more: it ended in order, or not, and in the latter case was soon back or was not; or it goes
 * on under a new name, since it had lost its lease.
 *
 * @param {Sample["nodes"][number]} node @param {Sample[]} later from the sample on that lacks it @param {Set<string>}
 *   ordered
 */
function ending(node, later, ordered) {
  if (node.draining || ordered.has(node.node)) return 'node_left';
  const soon = later.filter(({ time }) => time - later[0].time < TOGETHER).flatMap(({ nodes }) => nodes);
  const back = soon.find((other) => base(other.node) === base(node.node));
  if (back === undefined) return 'node_gone';
  return leases(back) > leases(node) ? 'lease_lost' : 'node_restarted';
}

/** Leases that the node's process has lost. @param {Sample["nodes"][number]} node */
const leases = (node) => node.vitals.faults.lease_lost ?? 0;

/** @param {Fault[]} found @param {number} time @param {string} node @param {string} kind @param {number} count */
function note(found, time, node, kind, count) {
  if (count <= 0) return;
  const last = found.findLast((fault) => fault.node === node && fault.kind === kind);
  if (last !== undefined && time - last.time < TOGETHER) Object.assign(last, { time, count: last.count + count });
  else found.push({ time, node, kind, count });
}

/** A node's name without its epoch. @param {string} node */
export const base = (node) => node.replace(/\.\d+$/, '');
