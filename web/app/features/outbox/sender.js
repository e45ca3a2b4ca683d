import { newCid } from "../../../hubbub.js";
import { chatKey } from "../drafts/store.js";

/**
 * Sends what was written until the hub has it, whichever tab it was written in: sends are repeated under their `cid`, and the
 * hub stores each once.
 *
 * @typedef {import("../../shell/chat.js").Target} Target
 * @typedef {import("./store.js").Pending} Pending
 *
 * @typedef {object} Handlers
 * @property {(target: Target) => string} titleOf
 * @property {(group: string) => void} onStored
 * @property {(group: string) => void} onChange
 * @property {(to: string, group: string) => void} onOpened a direct chat came to be for what was sent to a user
 */
export class Sender {
  #hub;
  #outbox;
  #drafts;
  #handlers;
  /** What this tab has handed to the hub and has no answer for. @type {Set<string>} */
  #underWay = new Set();

  /**
   * @param {import("../../../hubbub.js").Hubbub} hub
   * @param {{ outbox: import("./store.js").Outbox, drafts: import("../drafts/store.js").Drafts }} kept
   * @param {Handlers} handlers
   */
  constructor(hub, { outbox, drafts }, handlers) {
    this.#hub = hub;
    this.#outbox = outbox;
    this.#drafts = drafts;
    this.#handlers = handlers;
  }

  /** Sends a text; it is no draft any more from the moment that it is in the outbox. @param {Target} target @param {string} text */
  say(target, text) {
    const cid = newCid();
    const title = this.#handlers.titleOf(target);
    // What is still on its way to the user must not be overtaken by what goes to the group.
    const earlier = this.#outbox.of(target).find(({ to, state }) => to !== undefined && state === "sending");
    this.#outbox.add({ ...target, to: target.to ?? earlier?.to, cid, title, text }, this.#drafts.take(chatKey(target)));
    this.#transmit(cid);
  }

  /** @param {string} cid of what the hub had refused */
  retry(cid) {
    this.#outbox.update(cid, { state: "sending", reason: undefined });
    this.#transmit(cid);
  }

  /** @param {string} cid */
  discard(cid) {
    const pending = this.#outbox.get(cid);
    this.#outbox.remove(cid);
    if (pending) this.#handlers.onChange(pending.group ?? "");
  }

  /** Takes on what was written and nobody may be sending: in an earlier page, or in a tab that was closed. */
  adopt() {
    for (const { cid, state } of this.#outbox.all()) if (state === "sending") this.#transmit(cid);
  }

  /** @param {string} cid */
  #transmit(cid) {
    const { group, to, text } = /** @type {Pending} */ (this.#outbox.get(cid));
    this.#handlers.onChange(group ?? "");
    if (this.#underWay.has(cid)) return;
    this.#underWay.add(cid);
    const sent = this.#hub.send({ cid, text, ...(to === undefined ? { group } : { to }) });
    const done = () => this.#underWay.delete(cid);
    sent.finally(done).then((ack) => this.#stored(ack, to), (error) => this.#refused(cid, error));
  }

  /** @param {import("../../../hubbub.js").Ack} ack @param {string} [to] */
  #stored({ group, cid, seq, time }, to) {
    this.#outbox.update(cid, { state: "stored", group, seq, time });
    this.#handlers.onStored(group);
    if (to !== undefined) this.#handlers.onOpened(to, group);
  }

  /** @param {string} cid @param {import("../../../hubbub.js").HubbubError} error */
  #refused(cid, error) {
    // The page went away or the session ended: it is still in the outbox and goes out with the next.
    if (error.code === "closed") return;
    this.#outbox.update(cid, { state: "failed", reason: error.message });
    this.#handlers.onChange(this.#outbox.get(cid)?.group ?? "");
  }
}
