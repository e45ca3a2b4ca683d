// What a run tells at its end: the fitness functions with a verdict, figures, and all of it as JSON.

const WORDS = {
  hubbub_held: 'users online at once',
  hubbub_self_message: 'a message to oneself',
  hubbub_end_to_end: 'a message to others',
  hubbub_self_effect: 'a reaction or edit to oneself',
  hubbub_channel_capacity: 'messages a second in a channel',
  hubbub_clear_refusals: 'refusals with a clear code',
  hubbub_uptime: 'uptime of the clients',
  hubbub_reconnect: 'away until welcomed again',
  hubbub_finished: 'users there to the end',
  hubbub_lost: 'messages lost',
  hubbub_out_of_order: 'messages out of order',
  hubbub_acked: 'sends answered as stored',
  hubbub_received: 'messages that arrived',
  checks: 'checks',
};

const WORDS_OF = {
  held: 'All fitness functions were held.',
  failed: 'Some fitness functions were not held.',
  none: 'No verdict on the hub',
};

const FIGURES = [
  ['hubbub_connect', 'dialling until welcomed'],
  ['hubbub_ack', 'send until ack'],
  ['hubbub_self_message', 'a message to oneself'],
  ['hubbub_end_to_end', 'a message to any member'],
  ['hubbub_self_effect', 'a reaction or edit to oneself'],
  ['hubbub_reconnect', 'away until welcomed again'],
];

const COUNTS = [
  ['ws_sessions', 'connections made'],
  ['hubbub_received', 'messages that arrived'],
  ['hubbub_repeated', 'of them repeated'],
  ['hubbub_did_text', 'texts said'],
  ['hubbub_did_reaction', 'reactions'],
  ['hubbub_did_edited', 'edits'],
  ['hubbub_did_read', 'read marks'],
  ['hubbub_did_typing', 'typing shown'],
  ['hubbub_gaps', 'events told as gaps'],
  ['hubbub_dropped_connections', 'connections cut by the hub'],
  ['hubbub_refused', 'refusals'],
];

/** What ended a run from its own side, by the metric that counts it. */
const FAULTS = {
  hubbub_fault_tokens: 'tokens ended during the run; make tokens that outlast it, with hubbub token --ttl',
  hubbub_fault_refused:
    'the hub sent users away for good, and without them the run is not the one that was planned; the error says why',
  hubbub_fault_machine: 'this machine had no open files or ports left for connections; the error says which',
};

/** A `handleSummary` that prints the verdict and writes `SUMMARY` (a path), if one is given. */
export function summaryOf(plan, notes = () => []) {
  return (data) => {
    const { metrics } = data;
    const rows = verdicts(metrics);
    const why = whyNoVerdict(plan, metrics);
    const begun = countOf(metrics, 'hubbub_connect') > 0 || countOf(metrics, 'iterations') > 0;
    const told = begun
      ? text(plan, data, rows, why, notes(metrics))
      : `${WORDS_OF.none}: ${why}. Nothing was measured.`;
    const outputs = { stdout: `${told}\n` };
    if (__ENV.SUMMARY) outputs[__ENV.SUMMARY] = `${JSON.stringify(report(plan, data, rows, why), null, 2)}\n`;
    return outputs;
  };
}

/** Why the figures say nothing about the hub; undefined when they do. */
function whyNoVerdict(plan, metrics) {
  const fault = Object.keys(FAULTS).find((name) => countOf(metrics, name) > 0);
  if (fault) return FAULTS[fault];
  const played = countOf(metrics, 'iterations');
  if (played === 0 && countOf(metrics, 'hubbub_connect') === 0) return 'the run ended before it had begun';
  // A hub that holds users up has them play too long, not too short.
  const early = countOf(metrics, 'hubbub_broken_off') > 0 && played < (plan.iterations || plan.vus);
  return early ? 'the run was broken off before its end, and the figures are those so far' : undefined;
}

function countOf(metrics, name) {
  return metrics[name] ? metrics[name].values.count : 0;
}

function verdicts(metrics) {
  const rows = [];
  for (const [metric, { thresholds, values }] of Object.entries(metrics)) {
    for (const [rule, { ok }] of Object.entries(thresholds || {})) {
      rows.push({ metric, what: WORDS[metric] || metric, rule, measured: measured(rule, values), ok });
    }
  }
  const order = Object.keys(WORDS);
  return rows.sort((a, b) => order.indexOf(a.metric) - order.indexOf(b.metric));
}

/** The figure that a rule such as `p(99)<1000` is about. */
function measured(rule, values) {
  const value = values[/^[a-z]+(\(\d+\))?/.exec(rule)[0]];
  return value === undefined ? null : value;
}

function text(plan, data, rows, why, notes) {
  const { metrics } = data;
  const verdict = (ok) => (ok ? 'ok    ' : 'FAILED');
  const mark = (ok) => (why ? '-     ' : verdict(ok));
  return [
    '',
    `hubbub load test "${plan.name}": ${plan.users} users, groups of ${plan.group}, ${plan.encoding}, ${(data.state.testRunDurationMs / 1000).toFixed(0)} s`,
    '',
    ...rows.map(
      ({ what, rule, measured: value, ok }) => `  ${mark(ok)}  ${what.padEnd(32)} ${rule.padEnd(14)} ${figure(value)}`,
    ),
    '',
    ...figures(metrics),
    '',
    ...COUNTS.filter(([name]) => metrics[name]).map(
      ([name, what]) => `  ${what.padEnd(32)} ${figure(metrics[name].values.count)}`,
    ),
    ...notes.map((note) => `  ${note}`),
    '',
    WORDS_OF[verdictOf(rows, why)] + (why ? `: ${why}.` : ''),
  ].join('\n');
}

function verdictOf(rows, why) {
  if (why) return 'none';
  return rows.every(({ ok }) => ok) ? 'held' : 'failed';
}

function figures(metrics) {
  const there = FIGURES.filter(([name]) => metrics[name] && metrics[name].values.count > 0);
  if (there.length === 0) return [];
  const head = `  ${'in milliseconds'.padEnd(32)} ${['p50', 'p95', 'p99', 'max', 'count'].map((name) => name.padStart(9)).join('')}`;
  return [head].concat(
    there.map(([name, what]) => {
      const { values } = metrics[name];
      const columns = [values.med, values['p(95)'], values['p(99)'], values.max, values.count];
      return `  ${what.padEnd(32)} ${columns.map((value) => figure(value).padStart(9)).join('')}`;
    }),
  );
}

function figure(value) {
  if (value === null || value === undefined) return '-';
  return Number.isInteger(value) ? `${value}` : value.toFixed(value < 10 ? 3 : 1);
}

function report(plan, data, rows, why) {
  const metrics = {};
  for (const [name, { values }] of Object.entries(data.metrics)) metrics[name] = values;
  const { name, users, group, encoding, run } = plan;
  return {
    script: name,
    plan: { users, group, encoding, run },
    seconds: data.state.testRunDurationMs / 1000,
    verdict: verdictOf(rows, why),
    why,
    held: verdictOf(rows, why) === 'held',
    fitness: why ? rows.map(({ ok, ...row }) => row) : rows,
    metrics,
  };
}
