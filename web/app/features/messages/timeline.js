/**
 * What is known of one group's events: a run of seqs without holes that ends at the newest.
 *
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 */

/** So many events are kept when those before are let go; they are fetched again when somebody scrolls back. */
const KEPT = 200;

export class Timeline {
  /** Ascending, each seq one above the one before. @type {HubEvent[]} */
  events = [];
  /** Whether its newest page was fetched, so that what came before the first live event is known. */
  loaded = false;
  hasEarlier = true;
  loading = false;
  /** Why the last page could not be fetched. @type {string | undefined} */
  failure;

  get first() {
    return this.events[0]?.seq;
  }

  get last() {
    return this.events.at(-1)?.seq ?? 0;
  }

  /** A live event. After one that did not follow on, what came before is no longer known. @param {HubEvent} event */
  add(event) {
    if (this.events.length > 0 && event.seq <= this.last) return;
    if (this.events.length > 0 && event.seq !== this.last + 1) this.clear();
    this.events.push(event);
  }

  /** A page of events from before the first. @param {HubEvent[]} page ascending @param {boolean} more */
  prepend(page, more) {
    const first = this.first ?? Infinity;
    this.events.unshift(...page.filter((event) => event.seq < first));
    this.hasEarlier = more;
    this.loaded = true;
  }

  /** The events up to the next are not to be had live; scrolling back fetches them. */
  clear() {
    this.events = [];
    this.hasEarlier = true;
    this.loaded = false;
  }

  /** What is at or above `from` never was. @param {number} from */
  cut(from) {
    this.events = this.events.filter((event) => event.seq < from);
  }

  /** Lets go of what nobody looks at. */
  trim() {
    if (this.events.length <= KEPT) return;
    this.events = this.events.slice(-KEPT);
    this.hasEarlier = true;
  }

  /** @param {number} seq */
  at(seq) {
    const { first } = this;
    return first === undefined ? undefined : this.events[seq - first];
  }
}
