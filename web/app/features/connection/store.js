import { Emitter } from '../../../client/emitter.js';

/**
 * @typedef {import("../../../hubbub.js").Hubbub} Hubbub
 * @typedef {import("../../../hubbub.js").StateChange} StateChange
 */

/**
 * How the connection to the hub stands, and what the hub allows on it.
 *
 * @extends {Emitter<{ changed: StateChange }>}
 */
export class Connection extends Emitter {
  /** Set at each connect; the hub may cap texts otherwise than its default. */
  limits = { text: 4000 };
  #hub;
  #state = 'idle';

  /** @param {Pick<Hubbub, "wake">} hub */
  constructor(hub) {
    super();
    this.#hub = hub;
  }

  get isOnline() {
    return this.#state === 'online';
  }

  get isStopped() {
    return this.#state === 'stopped';
  }

  /** @param {StateChange} change */
  change(change) {
    this.#state = change.state;
    this.emit('changed', change);
  }

  /** @param {Record<string, number>} limits */
  allow(limits) {
    Object.assign(this.limits, limits);
  }

  reconnect() {
    this.#hub.wake();
  }
}
