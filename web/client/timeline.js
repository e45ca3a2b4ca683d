import { Emitter } from './emitter.js';
import { HubbubError } from './errors.js';

/**
 * @typedef {import("./types.js").HubEvent} HubEvent
 * @typedef {import("./held.js").Held} Held
 *
 * @typedef {object} TimelineEvents
 * @property {readonly HubEvent[]} changed what is held, as it is now
 */

/** Pages that did not follow on what is held by then, because more went than came. */
const TRIES = 5;

/**
 * One group as somebody looks at it: its newest events and as many pages before them as were asked for, each with its
 * edits, reactions, replies and pins as of now.
 *
 * @extends {Emitter<TimelineEvents>}
 */
export class Timeline extends Emitter {
  /** The group's id. */
  group;
  #held;
  #load;
  #onClose;
  #closed = false;
  /** @type {readonly HubEvent[] | undefined} */
  #events;
  /** @type {Promise<void> | undefined} */
  #loading;

  /**
   * Made by `hub.timeline`.
   *
   * @param {string} group
   * @param {Held} held
   * @param {object} hands
   * @param {(page: { before?: number, limit: number }) => Promise<boolean>} hands.load asks for a page and has it held;
   *   false when it does not follow on what is held
   * @param {() => void} hands.onClose
   * @ignore
   */
  constructor(group, held, { load, onClose }) {
    super();
    this.group = group;
    this.#held = held;
    this.#load = load;
    this.#onClose = onClose;
  }

  /** What people are shown of the group, ascending. An event that has changed is another object. */
  get events() {
    this.#events ??= this.#held.all();
    return this.#events;
  }

  /** Whether there may be events before the first one. */
  get hasEarlier() {
    return this.#held.hasEarlier;
  }

  /**
   * Fetches the page before what is held: at first the newest.
   *
   * @param {number} [limit] at most 200
   * @returns {Promise<void>} when it is held
   */
  earlier(limit = 50) {
    this.#loading ??= this.#fetch(limit).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Lets go of what came before a seq, to be fetched again when it is wanted. @param {number} seq */
  trim(seq) {
    if (this.#held.forgetTo(seq - 1)) this.touch();
  }

  /** Holds nothing any more. */
  close() {
    this.#closed = true;
    this.#onClose();
  }

  /** What is held is another than before. @ignore */
  touch() {
    this.#events = undefined;
    if (!this.#closed) this.emit('changed', this.events);
  }

  /** @param {number} limit @param {number} [tries] @returns {Promise<void>} */
  async #fetch(limit, tries = TRIES) {
    const isHeld = await this.#load({ before: this.#held.from, limit });
    if (this.#closed) return;
    if (isHeld) return this.touch();
    if (tries > 1) return this.#fetch(limit, tries - 1);
    throw new HubbubError('timeout', 'the group changed faster than its pages could be fetched');
  }
}
