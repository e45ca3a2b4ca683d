import { repliedTo, isAboutAnother, targetOf } from './effects.js';

/**
 * The newest events of a group that have an effect, to bring a page up to date that is older than they are.
 *
 * @typedef {import("./types.js").HubEvent} HubEvent
 *
 * @typedef {object} Since what came about one event since a page
 * @property {HubEvent[]} effects ascending
 * @property {number} replies how many more replies it has
 */

const KEPT = 1000;

export class StateLog {
  /** State events at or below this may be missing here. */
  #floor;
  /** @type {HubEvent[]} ascending */
  #events = [];
  /** Deleted reply → the event that it replied to. @type {Map<number, number>} */
  #targets = new Map();

  /** @param {number} floor what came at or below is not known */
  constructor(floor) {
    this.#floor = floor;
  }

  /** Notes an event, which is newer than all before; most have no effect. @param {HubEvent} event */
  add(event) {
    if (event.seq <= (this.#events.at(-1)?.seq ?? this.#floor)) return;
    if (event.kind === 'deleted' && !this.#empty(targetOf(event))) return;
    if (repliedTo(event) !== undefined) this.#events.push(reference(event));
    else if (isAboutAnother(event) || event.kind === 'updated') this.#events.push(event);
    if (this.#events.length > KEPT) this.forgetTo(this.#events[0].seq);
  }

  /** Whether all that came since a page was read is here. @param {number} asOf the page's */
  reaches(asOf) {
    return asOf >= this.#floor;
  }

  /** @param {number} asOf @returns {HubEvent[]} what came since, ascending */
  above(asOf) {
    return this.#events.filter(({ seq }) => seq > asOf);
  }

  /** What came since, by the seq of the event that it is about. @param {number} asOf @returns {Map<number, Since>} */
  since(asOf) {
    /** @type {Map<number, Since>} */
    const found = new Map();
    const of = (/** @type {number} */ seq) => {
      const known = found.get(seq) ?? { effects: [], replies: 0 };
      found.set(seq, known);
      return known;
    };
    for (const event of this.above(asOf)) {
      const target = targetOf(event);
      if (target !== undefined && isAboutAnother(event)) of(target).effects.push(event);
      if (target !== undefined && event.kind === 'text') of(target).replies += 1;
      const counted = event.kind === 'deleted' && target !== undefined && target <= asOf && this.#targets.get(target);
      if (counted) of(counted).replies -= 1;
    }
    return found;
  }

  /** What came at or below is not needed, or not known, any more. @param {number} to */
  forgetTo(to) {
    this.#events = this.#events.filter(({ seq }) => seq > to);
    this.#floor = Math.max(this.#floor, to);
  }

  /** What came from there on never was. @param {number} from */
  cutFrom(from) {
    this.#events = this.#events.filter(({ seq }) => seq < from);
    this.#floor = Math.min(this.#floor, from - 1);
  }

  /**
   * Keeps nothing of what was said about an event that is deleted now. False when it was deleted before.
   *
   * @param {number | undefined} target
   */
  #empty(target) {
    const about = this.#events.filter((event) => isAboutAnother(event) && targetOf(event) === target);
    if (about.some(({ kind }) => kind === 'deleted')) return false;
    const reply = this.#events.find(({ seq, kind }) => seq === target && kind === 'text');
    if (reply) this.#targets.set(reply.seq, /** @type {number} */ (targetOf(reply)));
    if (this.#targets.size > KEPT) this.#targets = new Map([...this.#targets].slice(-KEPT));
    this.#events = this.#events.filter((event) => event !== reply && !about.includes(event));
    return true;
  }
}

/** A reply without what it says. @param {HubEvent} event @returns {HubEvent} */
function reference({ group, seq, n, from, time, kind, ref }) {
  return { group, seq, n, from, time, kind, ref };
}
