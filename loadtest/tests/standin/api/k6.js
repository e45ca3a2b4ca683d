import { sampled } from '../samples.js';

/** Each condition of `checks` is a sample of the metric `checks`. */
export function check(value, conditions) {
  const results = Object.values(conditions).map((condition) =>
    Boolean(typeof condition === 'function' ? condition(value) : condition));
  for (const passed of results) sampled('checks', 'rate', passed ? 1 : 0);
  return results.every(Boolean);
}
