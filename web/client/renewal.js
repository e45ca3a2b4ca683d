/** Renew this long before a token runs out, or at a tenth of its remaining life if that is shorter. */
const MARGIN_MS = 60_000;
/** The longest wait that timers take; a later expiry is looked at again by then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * When a JWT runs out. Read without checking the signature: only the hub's word counts, this is for good timing.
 *
 * @param {string} token
 * @returns {number | undefined} Unix milliseconds; undefined for a token without expiry, or of another form
 */
export function expiryOf(token) {
  return timesOf(token).expires;
}

/**
 * When a JWT was made and runs out, in Unix milliseconds by the clock of its maker.
 *
 * @param {string} token
 * @returns {{ issued?: number, expires?: number }}
 */
export function timesOf(token) {
  try {
    const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const { iat, exp } = JSON.parse(atob(payload));
    /** @param {unknown} seconds */
    const millis = (seconds) => (typeof seconds === 'number' ? seconds * 1000 : undefined);
    return { issued: millis(iat), expires: millis(exp) };
  } catch {
    return {};
  }
}

/** Calls back shortly before a token runs out. */
export class Renewal {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #shortest;

  /** @param {number} shortest at most so often is a token renewed, in milliseconds */
  constructor(shortest) {
    this.#shortest = shortest;
  }

  /**
   * A token that seems to have run out although the hub took it says that the clocks differ: then only the hub knows
   * its end.
   *
   * @param {string} token @param {() => void} renew
   */
  schedule(token, renew) {
    this.cancel();
    const expiry = expiryOf(token);
    if (expiry === undefined) return;
    const remaining = expiry - Date.now();
    if (remaining <= 0) return;
    const wait = Math.max(this.#shortest, remaining - Math.min(MARGIN_MS, remaining / 10));
    if (wait > LONGEST_TIMER_MS) this.#timer = setTimeout(() => this.schedule(token, renew), LONGEST_TIMER_MS);
    else this.#timer = setTimeout(renew, wait);
  }

  cancel() {
    clearTimeout(this.#timer);
  }
}
