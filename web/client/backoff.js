/**
 * How long to wait before the next attempt: exponential, and random between half and the whole of it, so that a
 * thousand clients of a node that died do not come back in the same moment.
 */
export class Backoff {
  #min;
  #max;
  #random;
  attempts = 0;

  /** @param {{ min: number, max: number, random?: () => number }} options `min` and `max` in milliseconds */
  constructor({ min, max, random = Math.random }) {
    this.#min = min;
    this.#max = max;
    this.#random = random;
  }

  /** Counts one more failed attempt and returns the milliseconds to wait. */
  next() {
    const ceiling = Math.min(this.#max, this.#min * 2 ** Math.min(this.attempts, 30));
    this.attempts += 1;
    return Math.round(ceiling * (0.5 + this.#random() / 2));
  }

  reset() {
    this.attempts = 0;
  }
}
