import { loadOutbox, saveOutbox } from "./storage.js";

/**
 * What this user wrote and the hub has not been seen to store: shown at once, kept over a reload, and repeated under the
 * same `cid` until it is stored.
 *
 * @typedef {import("./storage.js").SavedMessage} SavedMessage
 * @typedef {SavedMessage & { state: "sending" | "stored" | "failed", seq?: number, reason?: string }} Pending
 */

export class Outbox {
  /** @type {Map<string, Pending>} */
  #pending;
  #user;

  /** @param {string} user */
  constructor(user) {
    this.#user = user;
    this.#pending = new Map(loadOutbox(user).map((message) => [message.cid, { ...message, state: "sending" }]));
  }

  /** In the order they were written. */
  all() {
    return [...this.#pending.values()];
  }

  /** @param {string} cid */
  get(cid) {
    return this.#pending.get(cid);
  }

  /** @param {{ group?: string, to?: string }} target */
  of({ group, to }) {
    return this.all().filter((pending) => (group !== undefined ? pending.group === group : pending.to === to && pending.group === undefined));
  }

  /** @param {SavedMessage} message */
  add(message) {
    this.#pending.set(message.cid, { ...message, state: "sending" });
    this.#save();
  }

  /** @param {string} cid @param {Partial<Pending>} change */
  update(cid, change) {
    const pending = this.#pending.get(cid);
    if (pending === undefined) return;
    Object.assign(pending, change);
    this.#save();
  }

  /** @param {string} cid */
  remove(cid) {
    if (this.#pending.delete(cid)) this.#save();
  }

  /** Forgets what was seen stored at or below this seq. @param {string} group @param {number} seq */
  settle(group, seq) {
    for (const pending of this.all()) if (pending.group === group && pending.seq !== undefined && pending.seq <= seq) this.remove(pending.cid);
  }

  #save() {
    const unstored = this.all().filter(({ state }) => state === "sending");
    saveOutbox(this.#user, unstored.map(({ cid, group, to, text, time }) => ({ cid, group, to, text, time })));
  }
}
