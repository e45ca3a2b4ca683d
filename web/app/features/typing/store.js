import { Emitter } from '../../../client/emitter.js';

/**
 * @typedef {import("../../../hubbub.js").Hubbub} Hubbub
 */

/** A `typing` holds so long; who goes on typing says so again before. */
const TYPING_MS = 5_000;
/** Views look again when it surely holds no more. */
const LOOK_AGAIN_MS = TYPING_MS + 50;

/**
 * Who is typing, in which group.
 *
 * @extends {Emitter<{ changed: undefined }>}
 */
export class Typing extends Emitter {
  #hub;
  #later;
  /** @type {Map<string, Map<string, number>>} group → user → until when */
  #groups = new Map();

  /** @param {Pick<Hubbub, "typing">} hub @param {(work: () => void, ms: number) => void} [later] */
  constructor(
    hub,
    later = (work, ms) => {
      setTimeout(work, ms);
    },
  ) {
    super();
    this.#hub = hub;
    this.#later = later;
  }

  /** Tells the others in a group that this user types. @param {string} group */
  tell(group) {
    this.#hub.typing(group);
  }

  /** @param {string} group @param {number} [now] @returns {string[]} user ids */
  of(group, now = Date.now()) {
    return [...(this.#groups.get(group) ?? [])].filter(([, until]) => until > now).map(([user]) => user);
  }

  /** @param {string} group @param {string} user @param {number} [now] */
  start(group, user, now = Date.now()) {
    const users = this.#groups.get(group) ?? new Map();
    this.#groups.set(group, users.set(user, now + TYPING_MS));
    this.#later(() => this.emit('changed', undefined), LOOK_AGAIN_MS);
    this.emit('changed', undefined);
  }

  /** @param {string} group @param {string} user */
  stop(group, user) {
    if (this.#groups.get(group)?.delete(user)) this.emit('changed', undefined);
  }

  /** Without a connection nobody knows who types. */
  loseSight() {
    this.#groups.clear();
    this.emit('changed', undefined);
  }
}
