import { affected, repliedTo, isAboutAnother, isShown, targetOf, withReplies } from './effects.js';

/**
 * What is held of one group: a run of events that ends at the newest, each with its state as of now. Nothing between
 * its first and its last is missing, so an event's replies can be counted: all of them are here.
 *
 * @typedef {import("./types.js").HubEvent} HubEvent
 *
 * @typedef {object} Entry
 * @property {HubEvent} event
 * @property {number} asOf effects up to this seq are in it; some later ones may be as well
 *
 * @typedef {Omit<import("./types.js").HistoryPage, "group">} Page
 */

export class Held {
  /** Whether there may be events before the first. */
  hasEarlier = true;
  /** Nothing is missing from here on; undefined while nothing has come. @type {number | undefined} */
  from;
  /** @type {Entry[]} those that people are shown, ascending */
  #entries = [];
  /** Nothing is missing up to here. */
  #upTo = 0;
  /** Event → those that reply to it. @type {Map<number, Set<number>>} */
  #replies = new Map();
  #me;

  /** @param {() => string | undefined} me who reads it */
  constructor(me) {
    this.#me = me;
  }

  /** @returns {HubEvent[]} */
  all() {
    return this.#entries.map(({ event }) => event);
  }

  /** A live event: each comes once and in order. Whether anything is another than before. @param {HubEvent} event */
  arrive(event) {
    if (this.from !== undefined && event.seq > this.#upTo + 1) this.clear();
    this.from ??= event.seq;
    const isCovered = event.seq <= this.#upTo;
    this.#upTo = Math.max(this.#upTo, event.seq);
    if (isAboutAnother(event)) return this.#apply(event);
    if (isCovered || !isShown(event)) return false;
    this.#entries.push({ event, asOf: event.seq });
    this.#count([event]);
    return true;
  }

  /**
   * A page of what came before `before`, or the newest one where that is undefined. False when it does not follow on
   * what is held by now, and another one has to be asked for.
   *
   * @param {Page} page brought up to date
   * @param {number | undefined} before what was asked
   */
  take({ messages, more, next, as_of: asOf = 0 }, before) {
    const last = Math.max(messages.at(-1)?.seq ?? 0, asOf);
    const isNewest = before === undefined;
    if (isNewest && this.from !== undefined && last < this.from - 1) return false;
    if (!isNewest && before !== this.from) return false;
    const first = this.from ?? Infinity;
    const earlier = messages.filter((event) => isShown(event) && event.seq < first);
    this.#entries.unshift(...earlier.map((event) => ({ event, asOf: Math.max(asOf, event.seq) })));
    if (this.from === undefined) this.#upTo = last;
    this.from = Math.min(first, more ? (next ?? messages[0]?.seq ?? before ?? last + 1) : 1);
    this.hasEarlier = more;
    this.#count(earlier);
    return true;
  }

  /** What is at or below is not held any more. Whether anything was. @param {number} to */
  forgetTo(to) {
    if (this.from === undefined || this.from > to) {
      if (this.from === undefined) this.#startAt(to + 1);
      return false;
    }
    const before = this.#entries.length;
    this.#entries = this.#entries.filter(({ event }) => event.seq > to);
    this.#startAt(to + 1);
    for (const target of this.#replies.keys()) if (target <= to) this.#replies.delete(target);
    return this.#entries.length !== before;
  }

  /** What came before is not kept any more, by anybody. Whether anything of it was held. @param {number} first */
  expire(first) {
    if (this.from === undefined || this.from >= first) return false;
    const { hasEarlier } = this;
    const had = this.forgetTo(first - 1);
    this.hasEarlier = hasEarlier;
    return had;
  }

  /** Nothing of it is known any more. */
  clear() {
    this.#entries = [];
    this.#replies.clear();
    this.hasEarlier = true;
    this.from = undefined;
    this.#upTo = 0;
  }

  /** @param {number} seq */
  #startAt(seq) {
    this.from = seq;
    this.#upTo = Math.max(this.#upTo, seq - 1);
    this.hasEarlier = true;
  }

  /** @param {HubEvent} effect whether it changed anything */
  #apply(effect) {
    const entry = this.#at(targetOf(effect));
    if (entry === undefined || effect.seq <= entry.asOf) return false;
    const was = entry.event;
    entry.event = affected(was, effect, this.#me());
    entry.asOf = effect.seq;
    if (entry.event.deleted !== undefined) this.#uncount(was);
    return entry.event !== was;
  }

  /** Counts the replies among these, and those to them. @param {HubEvent[]} events */
  #count(events) {
    const targets = new Set(events.map(({ seq }) => seq));
    for (const event of events) {
      const target = repliedTo(event);
      if (target !== undefined) {
        this.#replies.set(target, (this.#replies.get(target) ?? new Set()).add(event.seq));
        targets.add(target);
      }
    }
    for (const target of targets) this.#tell(target);
  }

  /** A reply is none any more. @param {HubEvent} event */
  #uncount(event) {
    const target = repliedTo(event);
    if (target === undefined || !this.#replies.get(target)?.delete(event.seq)) return;
    this.#tell(target);
  }

  /** @param {number} target */
  #tell(target) {
    const entry = this.#at(target);
    if (entry) entry.event = withReplies(entry.event, this.#replies.get(target)?.size ?? 0);
  }

  /** @param {number | undefined} seq @returns {Entry | undefined} */
  #at(seq) {
    if (seq === undefined) return undefined;
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#entries[middle].event.seq < seq) low = middle + 1;
      else high = middle;
    }
    const entry = this.#entries[low];
    return entry?.event.seq === seq ? entry : undefined;
  }
}
