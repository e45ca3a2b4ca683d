import { h } from '/app/ui/dom.js';
import { day, latency, percent, short, span, whole } from './format.js';
import { added, growth, quantile, since } from './series.js';

/**
 * The fitness functions, each with what is wanted and what is.
 *
 * @typedef {import("./api.js").Cluster} Cluster
 * @typedef {import("./api.js").Sample} Sample
 * @typedef {import("./api.js").Advisories} Advisories
 * @typedef {"good" | "warn" | "bad" | "unknown"} Grade
 * @typedef {{ name: string, value: string, note: string, wanted: string, grade: Grade }} Fitness
 */

const WINDOW = 5 * 60_000;
/** Users to be held at once, seconds that a message should and may take, share of requests answered. */
const [USERS, IDEAL, LONGEST, ANSWERED] = [10_000, 1, 10, 0.99];
/** A few who are told to slow down are floods held back; a larger share of the requests is a limit too low. */
const SLOWED = 0.01;
/** Below this share of free places it is time for another node. */
const HEADROOM = 0.2;

/** @param {Record<string, number>} counts */
const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** A list of advisories that is older than this says little: as the alert has it. */
const ADVISORIES_AGE = 14 * 86_400_000;

/** @param {Cluster} cluster @param {Sample[]} samples @param {Advisories} advisories @returns {Fitness[]} */
export function fitness(cluster, samples, advisories) {
  const recent = since(samples, cluster.time - WINDOW);
  return [
    capacity(cluster),
    time(cluster, recent),
    channel(cluster, recent),
    availability(recent),
    maturity(cluster, samples),
    libraries(cluster, advisories),
  ];
}

/** @param {boolean} isBad @param {boolean} isDoubtful @returns {"bad" | "warn" | "good"} */
function gradeOf(isBad, isDoubtful) {
  if (isBad) return 'bad';
  return isDoubtful ? 'warn' : 'good';
}

/** @param {Cluster} cluster @returns {Fitness} */
function capacity({ nodes }) {
  const [sessions, places] = [
    nodes.reduce((sum, node) => sum + node.connections, 0),
    nodes.reduce((sum, node) => sum + node.capacity, 0),
  ];
  const users = nodes.reduce((sum, node) => sum + node.vitals.users, 0);
  const free = places === 0 ? 0 : 1 - sessions / places;
  const grade = gradeOf(free <= 0.05, free < HEADROOM || places < USERS);
  return {
    name: 'Capacity',
    value: whole(users),
    note: `users online · ${percent(free)} of ${whole(places)} places free`,
    wanted: `room for ${whole(USERS)} at once`,
    grade,
  };
}

/** @param {Cluster} cluster @param {Sample[]} recent @returns {Fitness} */
function time({ latency_edges: edges }, recent) {
  const counts = added(recent, (node) => node.vitals.probe);
  const [p99, most] = [quantile(counts, edges, 0.99), quantile(counts, edges, 1)];
  const grade = p99 === undefined || most === undefined ? 'unknown' : gradeOf(most > LONGEST, p99 > IDEAL);
  return {
    name: 'Time behaviour',
    value: latency(p99),
    note: `99 % of messages to oneself · slowest ${latency(most)}`,
    wanted: `ideally within ${IDEAL} s, never over ${LONGEST} s`,
    grade,
  };
}

/** @param {Cluster} cluster @param {Sample[]} recent @returns {Fitness} */
function channel({ latency_edges: edges }, recent) {
  const p99 = quantile(
    added(recent, (node) => node.vitals.probe),
    edges,
    0.99,
  );
  const rate = p99 === undefined ? undefined : 1 / Math.max(p99, 0.0001);
  const grade = rate === undefined ? 'unknown' : gradeOf(rate < 0.2, rate < 1);
  return {
    name: 'Channel capacity',
    value: rate === undefined ? '–' : `${short(rate)}/s`,
    note: 'one after the other, each acked · ladder: hubbub probe',
    wanted: 'at least 1 in 5 s, ideally 1 a second',
    grade,
  };
}

/** @param {Sample[]} recent @returns {Fitness} */
function availability(recent) {
  const taken = growth(recent, (node) => node.vitals.accepted);
  const failed = growth(recent, ({ vitals: { rejected } }) => (rejected.unavailable ?? 0) + (rejected.internal ?? 0));
  const shed = growth(recent, ({ vitals: { rejected } }) => rejected.overloaded ?? 0);
  const slowed = growth(recent, ({ vitals: { rejected } }) => rejected.rate_limited ?? 0);
  const requests = taken + growth(recent, (node) => total(node.vitals.rejected));
  const share = requests === 0 ? 1 : 1 - failed / requests;
  const grade = gradeOf(share < ANSWERED, shed > 0 || slowed > SLOWED * requests);
  return {
    name: 'Availability',
    value: percent(share),
    note: `answered · ${whole(shed + slowed)} of ${whole(requests)} told to come back later`,
    wanted: `${percent(ANSWERED)} answered; load is shed with clear codes`,
    grade,
  };
}

/** @param {Cluster} cluster @param {Sample[]} samples @returns {Fitness} */
function maturity(cluster, samples) {
  const failures = growth(samples, ({ vitals: { faults } }) => (faults.probe_lost ?? 0) + (faults.node_reaped ?? 0));
  const probes = added(samples, (node) => node.vitals.probe).reduce((sum, count) => sum + count, 0);
  const share = probes + failures === 0 ? 1 : probes / (probes + failures);
  const oldest = Math.min(...cluster.nodes.map(({ since: began }) => began), cluster.time);
  const grade = gradeOf(share < ANSWERED, failures > 0);
  return {
    name: 'Maturity',
    value: percent(share),
    note: `up, of the last ${span(cluster.time - (samples[0]?.time ?? cluster.time))} · longest-running node ${span(cluster.time - oldest)}`,
    wanted: `${percent(ANSWERED)}; MTBF and MTRS: hubbub probe`,
    grade,
  };
}

/** @param {Cluster} cluster @param {Advisories} advisories @returns {Fitness} */
function libraries({ time: now }, { snapshot, libraries: all, known, not_counted: left }) {
  const base = { name: 'Known vulnerabilities', wanted: 'none; by advisories of at most 14 days' };
  if (snapshot === null) {
    return {
      ...base,
      value: '–',
      note: 'not looked for when this was built: scripts/check-advisories --record',
      grade: 'unknown',
    };
  }
  const old = now - snapshot > ADVISORIES_AGE;
  const grade = gradeOf(known.length > 0, old);
  const besides = left.length === 0 ? '' : ` · ${whole(left.length)} known and of no concern`;
  return {
    ...base,
    value: whole(known.length),
    note: `${known.length === 0 ? `in ${whole(all)} libraries` : known.join(', ')}, by advisories of ${day(snapshot)}${besides}`,
    grade,
  };
}

const WORDS = { good: 'as wanted', warn: 'look at it', bad: 'broken', unknown: 'no data yet' };

/** @param {Fitness} fitness */
export function card({ name, value, note, wanted, grade }) {
  return h(
    'li',
    { class: `card grade-${grade}` },
    h('h3', {}, name, ' ', h('span', { class: 'grade' }, WORDS[grade])),
    h('p', { class: 'value' }, value),
    h('p', { class: 'note' }, note),
    h('p', { class: 'wanted' }, wanted),
  );
}
