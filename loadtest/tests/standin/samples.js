// What a run measures, and whether its thresholds were met.

const metrics = new Map();

export function sampled(name, kind, value) {
  if (!metrics.has(name)) metrics.set(name, { kind, values: [] });
  metrics.get(name).values.push(value);
}

/** What a counter has come to. */
export function total(name) {
  return metrics.has(name) ? sum(metrics.get(name).values) : 0;
}

/** As `handleSummary` gets them. */
export function summarized(thresholds) {
  const all = {};
  for (const [name, { kind, values }] of metrics) all[name] = { type: kind, values: figures[kind](values) };
  for (const [name, rules] of Object.entries(thresholds)) {
    all[name] = all[name] || { type: 'counter', values: { count: 0 } };
    const judged = rules.map((rule) => [rule, { ok: isMet(rule, all[name].values) }]);
    all[name].thresholds = Object.fromEntries(judged);
  }
  return all;
}

const sum = (values) => values.reduce((all, value) => all + value, 0);

const figures = {
  counter: (values) => ({ count: sum(values) }),
  gauge: (values) => ({ value: values[values.length - 1] }),
  rate: (values) => ({ rate: sum(values) / values.length, passes: sum(values) }),
  trend: (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return {
      count: sorted.length,
      avg: sum(sorted) / sorted.length,
      min: sorted[0],
      max: at(1),
      med: at(0.5),
      'p(95)': at(0.95),
      'p(99)': at(0.99),
    };
  },
};

/** A figure that was never sampled meets any threshold; a counter is 0 then. */
function isMet(rule, values) {
  const [, figure, comparison, bound] = /^([a-z]+(?:\(\d+\))?)([<>=]=?)([\d.]+)$/.exec(rule);
  const value = values[figure];
  if (value === undefined) return true;
  const limit = Number(bound);
  return { '<': value < limit, '<=': value <= limit, '>': value > limit, '>=': value >= limit, '==': value === limit }[
    comparison
  ];
}
