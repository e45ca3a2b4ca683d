import { Emitter } from '../../../client/emitter.js';

/**
 * @typedef {import("../../../hubbub.js").Receipt} Receipt
 */

/**
 * How far everybody has read and been given each group.
 *
 * @extends {Emitter<{ changed: undefined }>}
 */
export class Receipts extends Emitter {
  #me;
  /** @type {Map<string, Map<string, Receipt>>} group → user → marks */
  #groups = new Map();

  /** @param {string} me */
  constructor(me) {
    super();
    this.#me = me;
  }

  /** Marks never go back; a receipt may tell of one of the two alone. @param {Receipt} receipt */
  mark({ group, user, read, delivered }) {
    const users = this.#groups.get(group) ?? new Map();
    const known = users.get(user) ?? { read: 0, delivered: 0 };
    const marks = { group, user, read: Math.max(read, known.read), delivered: Math.max(delivered, known.delivered) };
    this.#groups.set(group, users.set(user, marks));
    this.emit('changed', undefined);
  }

  /** Which others have read this event, and whether any has it. @param {string} group @param {number} seq */
  reached(group, seq) {
    const others = [...(this.#groups.get(group)?.values() ?? [])].filter(({ user }) => user !== this.#me);
    return {
      read: others.filter(({ read }) => read >= seq).map(({ user }) => user),
      delivered: others.some(({ read, delivered }) => Math.max(read, delivered) >= seq),
    };
  }
}
