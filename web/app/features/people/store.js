/**
 * Who people are and what they are doing: names, presence, typing, and how far they have read.
 *
 * @typedef {import("../../../hubbub.js").Presence} Presence
 * @typedef {import("../../../hubbub.js").Receipt} Receipt
 */

/** A `typing` holds so long; who goes on typing says so again before. */
export const TYPING_MS = 5_000;

export class People {
  /** @type {Map<string, string>} */
  #names = new Map();
  /** @type {Map<string, Presence>} */
  #presence = new Map();
  /** @type {Map<string, Map<string, number>>} group → user → until when */
  #typing = new Map();
  /** @type {Map<string, Map<string, Receipt>>} group → user → marks */
  #receipts = new Map();

  /** @param {string} id */
  name(id) {
    return this.#names.get(id) ?? id;
  }

  /** @param {string} id */
  knows(id) {
    return this.#names.has(id);
  }

  /** @param {Iterable<{ id: string, name?: string }>} people */
  learn(people) {
    for (const { id, name } of people) if (name) this.#names.set(id, name);
  }

  /** @param {Iterable<Presence>} people */
  see(people) {
    for (const presence of people) this.#presence.set(presence.id, presence);
  }

  /** @param {string} id @returns {Presence} */
  presence(id) {
    return this.#presence.get(id) ?? { id, online: false, last_seen: 0 };
  }

  /** Without a connection nobody knows who is there. */
  loseSight() {
    this.#presence.clear();
    this.#typing.clear();
  }

  /** @param {string} group @param {string} user @param {number} [now] */
  startTyping(group, user, now = Date.now()) {
    const users = this.#typing.get(group) ?? new Map();
    this.#typing.set(group, users.set(user, now + TYPING_MS));
  }

  /** @param {string} group @param {string} user */
  stopTyping(group, user) {
    this.#typing.get(group)?.delete(user);
  }

  /** @param {string} group @param {number} [now] @returns {string[]} user ids */
  typing(group, now = Date.now()) {
    return [...(this.#typing.get(group) ?? [])].filter(([, until]) => until > now).map(([user]) => user);
  }

  /** Marks never go back; a receipt may tell of one of the two alone. @param {Receipt} receipt */
  mark({ group, user, read, delivered }) {
    const users = this.#receipts.get(group) ?? new Map();
    const known = users.get(user) ?? { read: 0, delivered: 0 };
    this.#receipts.set(group, users.set(user, { group, user, read: Math.max(read, known.read), delivered: Math.max(delivered, known.delivered) }));
  }

  /** Who has this event, and who has read it. @param {string} group @param {number} seq @param {string} me */
  reached(group, seq, me) {
    const others = [...(this.#receipts.get(group)?.values() ?? [])].filter(({ user }) => user !== me);
    return {
      read: others.filter(({ read }) => read >= seq).map(({ user }) => user),
      delivered: others.some(({ read, delivered }) => Math.max(read, delivered) >= seq),
    };
  }
}
