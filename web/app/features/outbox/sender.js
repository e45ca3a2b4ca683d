import { Emitter } from '../../../client/emitter.js';
import { newCid } from '../../../hubbub.js';
import { chatKey } from '../drafts/store.js';

/**
 * @typedef {import("../drafts/store.js").Drafts} Drafts
 * @typedef {import("../drafts/store.js").Target} Target
 * @typedef {import("./store.js").Outbox} Outbox
 * @typedef {import("./store.js").Pending} Pending
 *
 * @typedef {object} Events
 * @property {{ to: string, group: string }} opened a direct chat came to be for what was sent to a user
 */

/**
 * Sends what was written until the hub has it, whichever tab it was written in: sends are repeated under their `cid`,
 * and the hub stores each once.
 *
 * @extends {Emitter<Events>}
 */
export class Sender extends Emitter {
  #hub;
  #outbox;
  #drafts;
  #titleOf;
  /** What this tab has handed to the hub and has no answer for. @type {Set<string>} */
  #underWay = new Set();

  /**
   * @param {Pick<import("../../../hubbub.js").Hubbub, "send">} hub
   * @param {Outbox} outbox
   * @param {Drafts} drafts
   * @param {(target: Target) => string} titleOf what a chat is called
   */
  constructor(hub, outbox, drafts, titleOf) {
    super();
    this.#hub = hub;
    this.#outbox = outbox;
    this.#drafts = drafts;
    this.#titleOf = titleOf;
  }

  /**
   * Sends a text; it is no draft any more from the moment that it is in the outbox.
   *
   * @param {Target} target
   * @param {string} text
   */
  say(target, text) {
    const cid = newCid();
    const title = this.#titleOf(target);
    const chat = chatKey(target);
    const seq = this.#drafts.repliesTo(chat);
    const ref = seq === undefined ? undefined : `${target.group}:${seq}`;
    // What is still on its way to the user must not be overtaken by what goes to the group.
    const earlier = this.#outbox.of(target).find(({ to, state }) => to !== undefined && state === 'sending');
    this.#outbox.add({ ...target, to: target.to ?? earlier?.to, cid, title, text, ref }, this.#drafts.take(chat));
    this.#transmit(cid);
  }

  /** @param {string} cid of what the hub had refused */
  retry(cid) {
    this.#outbox.update(cid, { state: 'sending', reason: undefined });
    this.#transmit(cid);
  }

  /** Takes on what was written and nobody may be sending: in an earlier page, or in a tab that was closed. */
  adopt() {
    for (const { cid, state } of this.#outbox.all()) if (state === 'sending') this.#transmit(cid);
  }

  /** @param {string} cid */
  #transmit(cid) {
    const { group, to, text, ref } = /** @type {Pending} */ (this.#outbox.get(cid));
    if (this.#underWay.has(cid)) return;
    this.#underWay.add(cid);
    const reply = ref === undefined ? {} : { ref };
    const sent = this.#hub.send({ cid, text, ...reply, ...(to === undefined ? { group } : { to }) });
    const done = () => this.#underWay.delete(cid);
    sent.finally(done).then(
      (ack) => this.#stored(ack, to),
      (error) => this.#refused(cid, error),
    );
  }

  /** @param {import("../../../hubbub.js").Ack} ack @param {string} [to] */
  #stored({ group, cid, seq, time }, to) {
    this.#outbox.update(cid, { state: 'stored', group, seq, time });
    if (to !== undefined) this.emit('opened', { to, group });
  }

  /** @param {string} cid @param {import("../../../hubbub.js").HubbubError} error */
  #refused(cid, error) {
    // The page went away or the session ended: it is still in the outbox and goes out with the next.
    if (error.code === 'closed') return;
    this.#outbox.update(cid, { state: 'failed', reason: error.message });
  }
}
