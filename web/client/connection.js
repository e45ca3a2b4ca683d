import { Backoff } from './backoff.js';
import { HubbubError, isPassing, mayReconnect, refusalOf } from './errors.js';
import { Link } from './link.js';
import { Renewal } from './renewal.js';
import { watchForWaking } from './wake.js';

/**
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").Bye} Bye
 * @typedef {import("./types.js").Welcome} Welcome
 * @typedef {import("./types.js").LinkState} LinkState
 * @typedef {import("./types.js").StateChange} StateChange
 *
 * @typedef {object} ConnectionOptions
 * @property {string | URL} url
 * @property {string | (() => string | Promise<string>)} [token]
 * @property {() => Promise<string>} [ticket]
 * @property {string} [device]
 * @property {any} [WebSocket]
 * @property {import("./codec.js").Codec} codec
 * @property {import("../hubbub.js").Timing} timing
 * @property {() => Record<string, number>} cursors what the hub is told in `hello`
 *
 * @typedef {object} Handlers
 * @property {(change: StateChange) => void} onState
 * @property {(welcome: Welcome) => void} onWelcome
 * @property {(frame: Frame) => void} onFrame every frame but the answers to what this class itself sent
 * @property {(closeCode: number) => void} onLost
 * @property {(error: HubbubError) => void} onError
 * @property {() => void} onTick
 */

const now = () => performance.now();

/** @param {string | URL} url the hub's address or its WebSocket's @param {string} [ticket] @returns {string} */
export function socketUrl(url, ticket) {
  const target = new URL(url, globalThis.location?.href);
  target.protocol = target.protocol.replace('http', 'ws');
  if (target.pathname.endsWith('/')) target.pathname += 'ws';
  if (ticket !== undefined) target.searchParams.set('ticket', ticket);
  return target.href;
}

/** Keeps one connection to the hub: opens it, says hello, watches it, and opens it again until it is told to stop. */
export class Connection {
  /** @type {LinkState} */
  state = 'idle';

  #options;
  #handlers;
  #backoff;
  #renewal;
  /** @type {Link | undefined} */
  #link;
  /** Counts attempts, so that what an abandoned one still brings can be told. */
  #generation = 0;
  /** @type {Bye | undefined} */
  #bye;
  /** Where a `bye` said to go, until an attempt there fails. @type {string | undefined} */
  #redirect;
  /** @type {string | undefined} */
  #token;
  /** A token that ran out, not to be tried again. @type {string | undefined} */
  #spentToken;
  /** What the hub had against the first frame. @type {HubbubError | undefined} */
  #refusal;
  #since = 0;
  /** Before this the hub wants no attempt but by hand. */
  #notBefore = 0;
  #pingedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticker;
  /** @type {(() => void) | undefined} */
  #ignoreWaking;

  /** @param {ConnectionOptions} options @param {Handlers} handlers */
  constructor(options, handlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#backoff = new Backoff({ min: options.timing.backoffMin, max: options.timing.backoffMax });
    this.#renewal = new Renewal(options.timing.backoffMin);
  }

  start() {
    if (this.state !== 'idle' && this.state !== 'stopped') return;
    this.#ticker = setInterval(() => this.#tick(), this.#options.timing.tick);
    // Whom the hub asks to wait may be impatient; a browser is not.
    this.#ignoreWaking = watchForWaking(() => now() >= this.#notBefore && this.wake());
    this.#spentToken = undefined;
    this.#backoff.reset();
    void this.#attempt();
  }

  /** Ends the connection for good, or until `start`. @param {HubbubError} error why */
  stop(error) {
    if (this.state === 'idle' || this.state === 'stopped') return;
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    this.#renewal.cancel();
    this.#ignoreWaking?.();
    this.#abandonLink(error.message);
    this.#enter('stopped', { error });
  }

  /** Looks at the connection now rather than later. */
  wake() {
    if (this.state === 'waiting') void this.#attempt();
    if (this.state === 'online') this.#ping();
  }

  /**
   * @param {Frame} frame
   * @returns {number | undefined} its size; undefined when there is no connection to send it on
   */
  send(frame) {
    return this.state === 'online' ? this.#link?.send(frame) : undefined;
  }

  async #attempt() {
    clearTimeout(this.#retry);
    this.#generation += 1;
    const generation = this.#generation;
    this.#refusal = undefined;
    this.#bye = undefined;
    this.#since = now();
    this.#enter('connecting');
    try {
      const token = await this.#freshToken();
      const ticket = await this.#options.ticket?.();
      if (generation !== this.#generation || this.state !== 'connecting') return;
      this.#token = token;
      this.#open(generation, ticket);
    } catch (error) {
      if (generation === this.#generation && this.state === 'connecting') this.#failBeforeOpening(error);
    }
  }

  /** @returns {Promise<string | undefined>} */
  async #freshToken() {
    const { token } = this.#options;
    const fresh = typeof token === 'function' ? await token() : token;
    if (fresh !== undefined && fresh === this.#spentToken) {
      throw new HubbubError('unauthorized', 'the token has run out', { closeCode: 4002 });
    }
    return fresh;
  }

  /** The token or the ticket could not be had. @param {unknown} cause */
  #failBeforeOpening(cause) {
    const known = cause instanceof HubbubError;
    const error = known ? cause : new HubbubError('unavailable', 'no token or ticket could be had', { cause });
    if (known && !isPassing(cause.code) && cause.code !== 'unreachable') return this.stop(error);
    this.#handlers.onError(error);
    this.#waitAndRetry(this.#backoff.next());
  }

  /** @param {number} generation @param {string} [ticket] */
  #open(generation, ticket) {
    this.#link = new Link({
      WebSocket: this.#options.WebSocket ?? globalThis.WebSocket,
      url: socketUrl(this.#redirect ?? this.#options.url, ticket),
      codec: this.#options.codec,
      now,
      hello: () => this.#hello(),
      onFrame: (frame) => generation === this.#generation && this.#receive(frame),
      onBrokenFrame: (cause) =>
        this.#handlers.onError(new HubbubError('bad_frame', 'a frame could not be read', { cause })),
      onClose: (closeCode, reason) => generation === this.#generation && this.#lost(closeCode, reason),
    });
  }

  /** @returns {Frame} */
  #hello() {
    const { device, cursors } = this.#options;
    return { type: 'hello', id: 'hello', token: this.#token, device, cursors: cursors() };
  }

  /** @param {Frame} frame */
  #receive(frame) {
    if (frame.type === 'welcome') {
      if (this.state === 'connecting') this.#welcomed(/** @type {any} */ (frame));
      return;
    }
    if (frame.type === 'error' && (frame.re === 'hello' || frame.re === 'renewal')) {
      this.#refusal = new HubbubError(frame.code, frame.message, { retryAfter: frame.retry_after });
      this.#handlers.onError(this.#refusal);
      return;
    }
    if (frame.type === 'bye') {
      this.#bye = /** @type {any} */ (frame);
      this.#pingedAt = now();
    }
    this.#handlers.onFrame(frame);
  }

  /** @param {Welcome} welcome */
  #welcomed(welcome) {
    this.#since = now();
    this.#pingedAt = 0;
    if (this.#token !== undefined) {
      this.#renewal.schedule(this.#token, () => {
        void this.#renew();
      });
    }
    this.#handlers.onWelcome(welcome);
    this.#enter('online');
  }

  /** Extends the session with a new token before the old one runs out. */
  async #renew() {
    if (typeof this.#options.token !== 'function') return;
    const generation = this.#generation;
    try {
      const token = await this.#options.token();
      if (generation !== this.#generation || this.state !== 'online' || token === this.#token) return;
      this.#token = token;
      this.send({ type: 'hello', id: 'renewal', token });
      this.#renewal.schedule(token, () => {
        void this.#renew();
      });
    } catch (cause) {
      this.#handlers.onError(new HubbubError('unauthorized', 'the token could not be renewed', { cause }));
    }
  }

  /** @param {number} closeCode @param {string} reason */
  #lost(closeCode, reason) {
    const wasOnline = this.state === 'online';
    this.#link = undefined;
    this.#renewal.cancel();
    if (wasOnline && now() - this.#since > this.#options.timing.stableAfter) this.#backoff.reset();
    this.#redirect = this.#bye?.url ?? (wasOnline ? this.#redirect : undefined);
    this.#handlers.onLost(closeCode);

    // Where the line broke right after a bye, its code is the one that was meant.
    const code = this.#bye?.code ?? closeCode;
    const wait = this.#waitAfter(code);
    if (wait !== undefined) this.#waitAndRetry(wait);
    else {
      this.stop(
        this.#refusal ?? new HubbubError(refusalOf(code), reason || 'the hub ended the session', { closeCode: code }),
      );
    }
  }

  /**
   * How long to wait before coming back; undefined when it must not.
   *
   * @param {number} closeCode
   * @returns {number | undefined}
   */
  #waitAfter(closeCode) {
    const comesBack = this.#bye?.reconnect ?? mayReconnect(closeCode);
    if (comesBack) return Math.max(this.#bye?.after ?? 0, this.#backoff.next());
    if (closeCode !== 4002 || typeof this.#options.token !== 'function') return undefined;
    this.#spentToken = this.#token;
    // At once, but for a token that does no better: it may go on like that for ever.
    const isFirst = this.#backoff.attempts === 0;
    const wait = this.#backoff.next();
    return isFirst ? 0 : wait;
  }

  /** @param {number} wait milliseconds */
  #waitAndRetry(wait) {
    const passing = this.#refusal !== undefined && isPassing(this.#refusal.code) ? (this.#refusal.retryAfter ?? 0) : 0;
    const retryIn = Math.max(wait, passing);
    this.#notBefore = now() + Math.max(passing, this.#bye?.after ?? 0);
    this.#retry = setTimeout(() => {
      void this.#attempt();
    }, retryIn);
    this.#enter('waiting', { retryIn });
  }

  #ping() {
    this.#pingedAt = now();
    this.send({ type: 'ping' });
  }

  #tick() {
    const { welcomeTimeout, silence, pongTimeout } = this.#options.timing;
    const link = this.#link;
    const time = now();
    if (this.state === 'connecting' && time - this.#since > welcomeTimeout) {
      if (link) link.drop('no welcome in time');
      else this.#waitAndRetry(this.#backoff.next());
    } else if (this.state === 'online' && link) {
      const asked = this.#pingedAt > link.heardAt || this.#bye !== undefined;
      if (asked && time - this.#pingedAt > pongTimeout) link.drop('no answer');
      else if (!asked && time - link.heardAt > silence) this.#ping();
    }
    this.#handlers.onTick();
  }

  /** @param {string} reason */
  #abandonLink(reason) {
    this.#generation += 1;
    this.#link?.drop(reason);
    this.#link = undefined;
  }

  /** @param {LinkState} state @param {{ retryIn?: number, error?: HubbubError }} [details] */
  #enter(state, details = {}) {
    this.state = state;
    this.#handlers.onState({ state, attempt: this.#backoff.attempts, ...details });
  }
}
