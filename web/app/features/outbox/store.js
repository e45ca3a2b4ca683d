import { Emitter } from '../../../client/emitter.js';

/**
 * What this user wrote and the hub has not been seen to store: shown at once, in every tab, kept until it is stored or
 * deleted by hand, and repeated under the same `cid` until then.
 *
 * @typedef {import("../../storage/safe.js").Safe} Safe
 * @typedef {object} SavedMessage
 * @property {string} cid
 * @property {string} [group]
 * @property {string} [to] whom it was addressed to, before there was a group
 * @property {string} [title] what the chat was called
 * @property {string} text
 * @property {string} [ref] the id of the message that it replies to
 * @property {number} time
 * @property {"sending" | "failed"} state
 * @property {string} [reason] why it failed
 *
 * @typedef {Omit<SavedMessage, "state"> & { state: "sending" | "stored" | "failed", seq?: number }} Pending
 */

/** @extends {Emitter<{ changed: Pending }>} `changed`: written, changed or gone, here or in another tab */
export class Outbox extends Emitter {
  #safe;
  /** @type {Map<string, Pending>} */
  #pending = new Map();
  #lastTime = 0;

  /** @param {Safe} safe */
  constructor(safe) {
    super();
    this.#safe = safe;
    for (const record of safe.all('outbox')) this.#pending.set(record.cid, { ...record });
    safe.on('changed', (changes) => {
      for (const change of changes) if (change.store === 'outbox') this.#changedElsewhere(change);
    });
  }

  /** In the order they were written. */
  all() {
    return [...this.#pending.values()].sort((one, other) => one.time - other.time);
  }

  /** Those that the hub does not have. */
  unsent() {
    return this.all().filter(({ state }) => state !== 'stored');
  }

  /** @param {string} cid */
  get(cid) {
    return this.#pending.get(cid);
  }

  /** @param {{ group?: string, to?: string }} target */
  of({ group, to }) {
    return this.all().filter((pending) =>
      (group !== undefined ? pending.group === group : pending.to === to && pending.group === undefined));
  }

  /**
   * @param {Omit<SavedMessage, "state" | "time">} message
   * @param {import("../../storage/safe.js").Change[]} together what is to change with it, or not at all
   */
  add(message, together) {
    // Two of the same millisecond would come back in any order.
    this.#lastTime = Math.max(Date.now(), this.#lastTime + 1);
    const pending = /** @type {Pending} */ ({ ...message, time: this.#lastTime, state: 'sending' });
    this.#pending.set(message.cid, pending);
    void this.#safe.write([changeOf(pending), ...together], { synced: true });
    this.emit('changed', pending);
  }

  /** @param {string} cid @param {Partial<Pending>} change */
  update(cid, change) {
    const pending = this.#pending.get(cid);
    if (pending === undefined) return;
    Object.assign(pending, change);
    void this.#safe.write([changeOf(pending)], { synced: true });
    this.emit('changed', pending);
  }

  /** @param {string} cid */
  remove(cid) {
    const pending = this.#pending.get(cid);
    if (pending === undefined) return;
    this.#pending.delete(cid);
    // What is stored is out of the safe already.
    if (pending.state !== 'stored') void this.#safe.write([{ store: 'outbox', id: cid, record: null }]);
    this.emit('changed', pending);
  }

  /**
   * What was written to somebody is in the direct chat with them from now on.
   *
   * @param {string} to
   * @param {string} group
   */
  moveInto(to, group) {
    for (const pending of this.of({ to })) this.update(pending.cid, { group });
  }

  /** Forgets what was seen stored at or below this seq. @param {string} group @param {number} seq */
  settle(group, seq) {
    for (const pending of this.#pending.values()) {
      if (pending.group === group && pending.seq !== undefined && pending.seq <= seq) this.remove(pending.cid);
    }
  }

  /** What was stored was deleted meanwhile. @param {string} group @param {number} seq */
  forget(group, seq) {
    for (const pending of this.of({ group })) if (pending.seq === seq) this.remove(pending.cid);
  }

  /** @param {import("../../storage/safe.js").Change} change */
  #changedElsewhere({ id, record, news }) {
    const known = this.#pending.get(id);
    const pending = record ?? known;
    if (pending === undefined) return;
    if (record) this.#pending.set(id, { ...record });
    else if (news) Object.assign(pending, news, { state: 'stored' });
    else if (pending.state !== 'stored') this.#pending.delete(id);
    this.emit('changed', pending);
  }
}

/** What the safe is to keep of it. @param {Pending} pending @returns {import("../../storage/safe.js").Change} */
function changeOf({ seq, ...message }) {
  const { cid, group, time } = message;
  if (message.state !== 'stored') return { store: 'outbox', id: cid, record: message };
  return { store: 'outbox', id: cid, record: null, news: { group, seq, time } };
}
