import { Emitter } from '../../../client/emitter.js';

/**
 * @typedef {import("../../../hubbub.js").Presence} PersonPresence
 */

/**
 * Who is online, and when the others were last seen.
 *
 * @extends {Emitter<{ changed: undefined }>}
 */
export class Presence extends Emitter {
  /** @type {Map<string, PersonPresence>} */
  #people = new Map();

  /** @param {string} id @returns {PersonPresence} */
  of(id) {
    return this.#people.get(id) ?? { id, online: false, last_seen: 0 };
  }

  /** @param {Iterable<PersonPresence>} people */
  see(people) {
    for (const presence of people) this.#people.set(presence.id, presence);
    this.emit('changed', undefined);
  }

  /** Without a connection nobody knows who is there. */
  loseSight() {
    this.#people.clear();
    this.emit('changed', undefined);
  }
}
