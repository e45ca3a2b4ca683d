import { isAboutAnother } from '../../../client/effects.js';
import { Held } from '../../../client/held.js';

/**
 * What is known of one group's events: what people are shown of a run without holes that ends at the newest, each as it
 * is now.
 *
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 *
 * @typedef {object} Asked how a page was asked for, and what the hub said of it
 * @property {number} [before] it was asked for what came before; the newest one, where that is undefined
 * @property {number} [next] the seq that the page before it begins below
 * @property {number} [asOf] effects of events up to this seq are in it
 */

/** So many events are kept when those before are let go; they are fetched again when somebody scrolls back. */
const KEPT = 200;

export class Timeline {
  /** Whether its newest page was fetched, so that what came before the first live event is known. */
  loaded = false;
  loading = false;
  /** Why the last page could not be fetched. @type {string | undefined} */
  failure;
  #held;
  /** What is known has in it no effect of an event above this seq. */
  #affected = 0;
  /** @type {HubEvent[] | undefined} */
  #events;

  /** @param {() => string | undefined} [me] who looks at it */
  constructor(me = () => undefined) {
    this.#held = new Held(me);
  }

  /** Ascending. An event that has changed is another object. @returns {HubEvent[]} */
  get events() {
    this.#events ??= this.#held.all();
    return this.#events;
  }

  get hasEarlier() {
    return this.#held.hasEarlier;
  }

  /** Nothing is missing from there on, or nothing is kept before it; undefined while nothing has come. */
  get first() {
    return this.hasEarlier ? this.#held.from : (this.events[0]?.seq ?? this.#held.from);
  }

  get last() {
    return this.events.at(-1)?.seq ?? 0;
  }

  /**
   * A live event, which may change another one. After one that did not follow on, what came before is no longer known.
   *
   * @param {HubEvent} event
   */
  add(event) {
    const { from } = this.#held;
    if (isAboutAnother(event)) this.#affected = Math.max(this.#affected, event.seq);
    this.#held.arrive(event);
    if (from !== undefined && this.#held.from !== from) this.loaded = false;
    this.#events = undefined;
  }

  /**
   * A page of events from before the first. False when it does not follow on what is known by now.
   *
   * @param {HubEvent[]} messages ascending
   * @param {boolean} more
   * @param {Asked} [asked]
   */
  prepend(messages, more, asked = { before: this.first }) {
    const page = { messages, more, next: asked.next, as_of: asked.asOf };
    const follows = this.#held.take(page, asked.before);
    this.loaded ||= follows;
    this.#affected = Math.max(this.#affected, asked.asOf ?? 0);
    this.#events = undefined;
    return follows;
  }

  /** The events up to the next are not to be had live; scrolling back fetches them. */
  clear() {
    this.#held.clear();
    this.loaded = false;
    this.#events = undefined;
  }

  /**
   * What is at or above `from` never was, and neither was what it did to others: where that may show, all of it is to
   * be fetched again.
   *
   * @param {number} from
   */
  cut(from) {
    const { events, hasEarlier } = this;
    const next = this.#held.from;
    const messages = this.#affected < from ? events.filter(({ seq }) => seq < from) : [];
    this.#affected = 0;
    this.#held.clear();
    if (messages.length > 0) this.#held.take({ messages, more: hasEarlier, next, as_of: from - 1 }, undefined);
    else this.loaded = false;
    this.#events = undefined;
  }

  /** What is below is not kept any more. @param {number} first */
  expire(first) {
    this.#held.expire(first);
    this.#events = undefined;
  }

  /** Lets go of what nobody looks at. */
  trim() {
    if (this.events.length <= KEPT) return;
    this.#held.forgetTo(this.events[this.events.length - KEPT].seq - 1);
    this.#events = undefined;
  }

  /** @param {number} seq */
  at(seq) {
    const event = this.#upTo(seq);
    return event?.seq === seq ? event : undefined;
  }

  /** How many events up to this one make something unread; undefined where that is not known. @param {number} seq */
  countAt(seq) {
    return this.#upTo(seq)?.n;
  }

  /** The last event that is shown at or below a seq. @param {number} seq */
  #upTo(seq) {
    let [low, high] = [0, this.events.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.events[middle].seq <= seq) low = middle + 1;
      else high = middle;
    }
    return this.events[low - 1];
  }
}
