/** Groups that a `hello` may name: those that moved last. */
export const MAX_CURSORS = 1000;

/**
 * What this client holds of each group: the seq of the newest event it was given.
 *
 * How far a group is that no event came of yet is remembered apart from that: it tells the hub where to go on after a
 * reconnect, but drops nothing.
 */
export class Cursors {
  /** Those that moved last come last. @type {Map<string, number>} */
  #held;
  /** @type {Map<string, number>} */
  #heads = new Map();
  /** @type {Map<string, number>} */
  #unreported = new Map();
  /** Held when `hello` had no room for them: the hub replays nothing there. @type {Set<string>} */
  #leftOut = new Set();

  /** @param {Record<string, number>} [held] group id → last seq held */
  constructor(held = {}) {
    this.#held = new Map(Object.entries(held));
  }

  /** Notes an event; false when it is held already and must be dropped. @param {string} group @param {number} seq */
  accept(group, seq) {
    if (seq <= (this.#held.get(group) ?? 0)) return false;
    this.#held.delete(group);
    this.#held.set(group, seq);
    this.#unreported.set(group, seq);
    return true;
  }

  /** Notes how far a group is that the hub told of. @param {string} group @param {number} head */
  know(group, head) {
    this.#heads.set(group, Math.max(head, this.#heads.get(group) ?? 0));
  }

  /**
   * Notes a group that has just become this user's. The events that made it so are still to come, and its head may be
   * one of them: until the first has come, only the very beginning is sure to leave none out.
   *
   * @param {string} group
   */
  meet(group) {
    this.know(group, 0);
  }

  /**
   * The hub goes on behind the group's head, so what is at or below it is not to come.
   *
   * @param {string} group
   * @param {number} head
   * @returns {import("./types.js").Gap[]} what is missing of a group that `hello` had no room for
   */
  startAfter(group, head) {
    if (!this.#held.has(group)) this.#held.set(group, head);
    return this.startAfterIfLeftOut(group, head);
  }

  /**
   * The same of a group that is told of later, where `hello` had no room for it.
   *
   * @param {string} group
   * @param {number} head
   * @returns {import("./types.js").Gap[]}
   */
  startAfterIfLeftOut(group, head) {
    const held = this.#held.get(group) ?? 0;
    const isMissing = this.#leftOut.delete(group) && held < head;
    return isMissing ? [{ group, from: held + 1, to: head, reason: 'too_many' }] : [];
  }

  /** @param {import("./types.js").Gap} gap */
  skip({ group, from, to, reason }) {
    const held = this.#held.get(group) ?? 0;
    if (reason !== 'reset') {
      this.#held.set(group, Math.max(held, to));
      return;
    }
    this.#held.set(group, Math.min(held, from - 1));
    this.#heads.delete(group);
    this.#unreported.delete(group);
  }

  /** @param {string} group */
  forget(group) {
    for (const groups of [this.#held, this.#heads, this.#unreported, this.#leftOut]) groups.delete(group);
  }

  /** @returns {Record<string, number>} group id → last seq held */
  all() {
    return Object.fromEntries([...this.#heads, ...this.#held]);
  }

  /**
   * The same for `hello`: what the hub replays from there is all that is still to come.
   *
   * @returns {Record<string, number>}
   */
  forHello() {
    const known = [...this.#heads].filter(([group]) => !this.#held.has(group));
    this.#held = new Map([...known, ...this.#held]);
    this.#unreported.clear();
    const all = [...this.#held];
    this.#leftOut = new Set(all.slice(0, -MAX_CURSORS).map(([group]) => group));
    return Object.fromEntries(all.slice(-MAX_CURSORS));
  }

  /**
   * What was received since the last call: this device's delivered marks.
   *
   * @returns {Record<string, number> | undefined}
   */
  takeUnreported() {
    if (this.#unreported.size === 0) return undefined;
    const some = [...this.#unreported].slice(0, MAX_CURSORS);
    for (const [group] of some) this.#unreported.delete(group);
    return Object.fromEntries(some);
  }
}
