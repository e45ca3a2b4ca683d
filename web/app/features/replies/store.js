import { affected, isAboutAnother, targetOf } from '../../../client/effects.js';
import { Emitter } from '../../../client/emitter.js';

/**
 * The messages that others reply to, as they are now: from the timeline, or asked for one by one where it does not
 * reach that far.
 *
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 * @typedef {import("../../../hubbub.js").Hubbub} Hubbub
 * @typedef {import("../messages/store.js").Timelines} Timelines
 */

/** So many that no timeline holds are remembered. */
const KEPT = 2000;
/** Errors that say nothing about the message. */
const PASSING = new Set(['timeout', 'closed']);

/** @extends {Emitter<{ changed: string }>} `changed`: the group of what is another one than before */
export class Originals extends Emitter {
  #hub;
  #timelines;
  #me;
  /** The event's id → the event, or null where there is none. @type {Map<string, HubEvent | null>} */
  #found = new Map();
  /** @type {Set<string>} */
  #asked = new Set();

  /** @param {Pick<Hubbub, "history">} hub @param {Timelines} timelines @param {string} me who reads them */
  constructor(hub, timelines, me) {
    super();
    this.#hub = hub;
    this.#timelines = timelines;
    this.#me = me;
  }

  /**
   * @param {string} group
   * @param {number} seq
   * @returns {HubEvent | null | undefined} null: it is not there any more; undefined: not known yet
   */
  of(group, seq) {
    const held = this.#timelines.of(group).at(seq);
    if (held) return held;
    const id = `${group}:${seq}`;
    if (!this.#found.has(id)) void this.#ask(group, seq, id);
    return this.#found.get(id);
  }

  /** A live event, which may change what was found. @param {HubEvent} event */
  hear(event) {
    const id = `${event.group}:${targetOf(event)}`;
    const found = this.#found.get(id);
    if (!found || !isAboutAnother(event)) return;
    this.#found.set(id, affected(found, event, this.#me));
    this.emit('changed', event.group);
  }

  /** What is known of a group may be another by now. @param {string} group */
  forget(group) {
    for (const id of this.#found.keys()) if (id.startsWith(`${group}:`)) this.#found.delete(id);
    this.emit('changed', group);
  }

  /** @param {string} group @param {number} seq @param {string} id */
  async #ask(group, seq, id) {
    if (this.#asked.has(id)) return;
    this.#asked.add(id);
    try {
      const { messages } = await this.#hub.history(group, { before: seq + 1, limit: 1 });
      this.#keep(id, messages.find((event) => event.seq === seq) ?? null);
    } catch (error) {
      const { code } = /** @type {import("../../../hubbub.js").HubbubError} */ (error);
      if (!PASSING.has(code)) this.#keep(id, null);
    } finally {
      this.#asked.delete(id);
    }
    this.emit('changed', group);
  }

  /** @param {string} id @param {HubEvent | null} event */
  #keep(id, event) {
    this.#found.set(id, event);
    const [oldest] = this.#found.keys();
    if (this.#found.size > KEPT) this.#found.delete(oldest);
  }
}
