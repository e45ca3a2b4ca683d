import { timesOf } from './renewal.js';
import { watchForWaking } from './wake.js';

/**
 * @typedef {{ token: string, since?: number }} Kept `since`: when it was got, by this machine's clock; Unix
 *   milliseconds
 *
 * @typedef {object} KeeperOptions
 * @property {(token: string) => Promise<{ token: string }>} renew gets another token for a good one
 * @property {() => Kept | undefined} [load] what is kept now: another tab may have renewed it
 * @property {(kept: Kept) => void} [save]
 * @property {(work: () => Promise<void>) => Promise<void>} [lock] does the work while no other tab does
 * @property {() => number} [now] Unix milliseconds
 * @property {() => number} [random] from 0 to 1
 */

/**
 * A token is renewed at some moment between these parts of its life: not all of a hub's users at once, and with time
 * for many tries.
 */
const EARLIEST = 0.6;
const LATEST = 0.7;
/** After a try that may succeed later. */
const RETRY_MS = 30_000;
/** Another issuer's token, a login that counts no more, or a hub that renews none: the token serves until it ends. */
const FINAL = new Set(['unsupported', 'unauthorized', 'forbidden', 'not_found', 'http_404']);
/** A machine that slept wakes with its timers behind: the clock is looked at this often at least. */
const LOOK_MS = 30_000;

/**
 * Keeps the token of an account good while it is in use: renews it well before it runs out, once for all that share
 * where it is kept. Give `() => keeper.fresh()` to `Hubbub` as its `token`.
 */
export class TokenKeeper {
  #renew;
  #load;
  #save;
  #lock;
  #now;
  #part;
  /** @type {Kept} */
  #kept;
  /** When the next renewal is due. */
  #due = Infinity;
  /** @type {Promise<void> | undefined} */
  #renewing;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {(() => void) | undefined} */
  #ignoreWaking;
  #started = false;

  /** @param {Kept} kept @param {KeeperOptions} options */
  constructor(
    kept,
    { renew, load = () => undefined, save = () => {}, lock = (work) => work(), now = Date.now, random = Math.random },
  ) {
    this.#renew = renew;
    this.#load = load;
    this.#save = save;
    this.#lock = lock;
    this.#now = now;
    this.#part = EARLIEST + (LATEST - EARLIEST) * random();
    this.#kept = kept;
    this.#schedule();
  }

  /** The newest that there is, good or not. */
  get token() {
    return this.#kept.token;
  }

  /** From now on renews when it is time, until `stop`. */
  start() {
    this.#started = true;
    this.#ignoreWaking = watchForWaking(() => this.look());
    this.look();
  }

  stop() {
    this.#started = false;
    clearTimeout(this.#timer);
    this.#ignoreWaking?.();
  }

  /** A token, renewed before where that is due and can be had. */
  async fresh() {
    this.#adopt();
    if (this.#now() >= this.#due) await this.#renewOnce();
    return this.#kept.token;
  }

  /** Looks whether it is time, and when next. */
  look() {
    clearTimeout(this.#timer);
    void this.fresh().then(() => {
      clearTimeout(this.#timer);
      if (this.#started && this.#due !== Infinity) {
        this.#timer = setTimeout(() => this.look(), Math.min(Math.max(0, this.#due - this.#now()), LOOK_MS));
      }
    });
  }

  /** Takes over what another tab has got. */
  #adopt() {
    const kept = this.#load();
    if (kept === undefined || kept.token === this.#kept.token) return;
    this.#kept = kept;
    this.#schedule();
  }

  #schedule() {
    const { issued, expires } = timesOf(this.#kept.token);
    if (expires === undefined) {
      this.#due = Infinity;
      return;
    }
    // Reckoned from when it was got, by the clock that it is waited by: the maker's may be another.
    const since = this.#kept.since ?? issued ?? this.#now();
    this.#due = since + this.#part * (expires - (issued ?? since));
  }

  #renewOnce() {
    this.#renewing ??= this.#lock(async () => {
      this.#adopt();
      if (this.#now() >= this.#due) await this.#renewNow();
    })
      .catch(() => {
        // Without the lock, whoever holds it renews; the next look finds what came of it. Not at once: it may never be
        // had.
        this.#due = this.#now() + RETRY_MS;
      })
      .finally(() => {
        this.#renewing = undefined;
      });
    return this.#renewing;
  }

  async #renewNow() {
    try {
      const { token } = await this.#renew(this.#kept.token);
      this.#kept = { token, since: this.#now() };
      this.#save(this.#kept);
      this.#schedule();
    } catch (cause) {
      const { code, retryAfter = 0 } = /** @type {import("./errors.js").HubbubError} */ (cause);
      this.#due = FINAL.has(code) ? Infinity : this.#now() + Math.max(retryAfter, RETRY_MS);
    }
  }
}
