import { Emitter } from '../../../client/emitter.js';
import { unreadIn } from '../groups/store.js';
import { Timeline } from './timeline.js';

/**
 * @typedef {import("../../../hubbub.js").Gap} Gap
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 * @typedef {import("../../../hubbub.js").Hubbub} Hubbub
 * @typedef {import("../groups/store.js").Groups} Groups
 *
 * @typedef {object} Events
 * @property {string} changed the group whose timeline is another one
 * @property {HubEvent} arrived a new event, live
 * @property {string} opened the group that is looked at from now on
 */

const PAGE = 50;
/** The hub gives no larger page. */
const LARGEST_PAGE = 200;
/** So many read messages are shown above the first unread one. */
const CONTEXT = 20;

/**
 * What was said, by group: what the hub tells live, and the pages before it as they are asked for.
 *
 * @extends {Emitter<Events>}
 */
export class Timelines extends Emitter {
  /** The group that is looked at. @type {string | undefined} */
  open;
  #hub;
  #groups;
  /** @type {Map<string, Timeline>} */
  #timelines = new Map();

  /** @param {Pick<Hubbub, "history">} hub @param {Groups} groups */
  constructor(hub, groups) {
    super();
    this.#hub = hub;
    this.#groups = groups;
  }

  /** @param {string} id */
  of(id) {
    const known = this.#timelines.get(id);
    if (known) return known;
    const timeline = new Timeline();
    this.#timelines.set(id, timeline);
    return timeline;
  }

  /** Makes sure that a group's newest page is there. @param {string} id */
  async look(id) {
    this.open = id;
    this.emit('opened', id);
    if (!this.of(id).loaded) await this.loadEarlier(id);
  }

  /** Nobody looks at a group any more. @param {string} id */
  lookAway(id) {
    this.#timelines.get(id)?.trim();
  }

  /** Fetches the page before what is known. @param {string} id */
  async loadEarlier(id) {
    const timeline = this.of(id);
    if (timeline.loading || !timeline.hasEarlier) return;
    timeline.loading = true;
    timeline.failure = undefined;
    this.emit('changed', id);
    try {
      const before = timeline.first;
      const page = await this.#hub.history(
        id,
        before === undefined ? { limit: this.#firstPage(id) } : { before, limit: PAGE },
      );
      timeline.prepend(page.messages, page.more);
    } catch (error) {
      timeline.failure = /** @type {Error} */ (error).message;
    } finally {
      timeline.loading = false;
      this.emit('changed', id);
    }
  }

  /** A live event. @param {HubEvent} event */
  arrive(event) {
    const timeline = this.of(event.group);
    timeline.add(event);
    if (event.group !== this.open) timeline.trim();
    this.emit('changed', event.group);
    this.emit('arrived', event);
  }

  /** Events that the hub does not give live. @param {Gap} gap */
  skip({ group, from, reason }) {
    if (reason === 'reset') this.of(group).cut(from);
    else this.of(group).clear();
    if (group === this.open) void this.look(group);
    this.emit('changed', group);
  }

  /** @param {string} id */
  drop(id) {
    this.#timelines.delete(id);
  }

  /** Large enough to begin reading where one left off, unless that is very far back. @param {string} id */
  #firstPage(id) {
    const group = this.#groups.get(id);
    const wanted = group ? unreadIn(group) + CONTEXT : PAGE;
    return wanted > LARGEST_PAGE ? PAGE : Math.max(PAGE, wanted);
  }
}
