/** Reads Prometheus' text format, as far as the page needs it. */

/** @typedef {{ edges: number[], counts: number[] }} Histogram counts: one for each edge, and one for more */

const LINE = /^(\w+)(?:\{([^}]*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** @param {string} text @returns {{ name: string, labels: Record<string, string>, value: number }[]} */
export function parse(text) {
  return text.split("\n").flatMap((line) => {
    const found = LINE.exec(line);
    if (found === null) return [];
    const labels = Object.fromEntries([...(found[2] ?? "").matchAll(LABEL)].map(([, name, value]) => [name, value]));
    return [{ name: found[1], labels, value: Number(found[3]) }];
  });
}

/**
 * The histograms of a metric by the values of one of its labels.
 *
 * @param {ReturnType<typeof parse>} series @param {string} name @param {string} label
 * @returns {Map<string, Histogram>}
 */
export function histograms(series, name, label) {
  /** @type {Map<string, Histogram>} */
  const all = new Map();
  for (const { labels, value } of series.filter((one) => one.name === `${name}_bucket`)) {
    const histogram = all.get(labels[label]) ?? { edges: [], counts: [] };
    const before = histogram.counts.reduce((sum, count) => sum + count, 0);
    if (labels.le !== "+Inf") histogram.edges.push(Number(labels.le));
    histogram.counts.push(value - before);
    all.set(labels[label], histogram);
  }
  return all;
}
