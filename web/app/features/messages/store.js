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
/** A page that does not follow on what came meanwhile is asked for again, so often. */
const TRIES = 3;
/** Who looks for a message is not led further back than this many of the largest pages. */
const FURTHEST = 25;

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
  #me;
  /** @type {Map<string, Timeline>} */
  #timelines = new Map();
  /** What is being fetched, by group. @type {Map<string, Promise<void>>} */
  #fetches = new Map();

  /** @param {Pick<Hubbub, "history">} hub @param {Groups} groups @param {string} [me] who looks at them */
  constructor(hub, groups, me) {
    super();
    this.#hub = hub;
    this.#groups = groups;
    this.#me = me;
  }

  /** @param {string} id */
  of(id) {
    const known = this.#timelines.get(id);
    if (known) return known;
    const timeline = new Timeline(() => this.#me);
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

  /** Fetches the page before what is known. @param {string} id @param {number} [limit] @returns {Promise<void>} */
  loadEarlier(id, limit = PAGE) {
    const underWay = this.#fetches.get(id);
    if (underWay) return underWay;
    if (!this.of(id).hasEarlier) return Promise.resolve();
    const fetched = this.#fetch(id, limit).finally(() => {
      this.#fetches.delete(id);
      this.emit('changed', id);
    });
    this.#fetches.set(id, fetched);
    this.emit('changed', id);
    return fetched;
  }

  /**
   * Fetches pages until a message is among them, unless it is very far back or not there any more.
   *
   * @param {string} id
   * @param {number} seq
   * @returns {Promise<boolean>} whether it is there
   */
  async reach(id, seq) {
    const timeline = this.of(id);
    for (let pages = 0; pages < FURTHEST && seq < (timeline.first ?? Infinity); pages += 1) {
      if (!timeline.hasEarlier) break;
      // eslint-disable-next-line no-await-in-loop -- a page begins where the one before it ends
      await this.loadEarlier(id, LARGEST_PAGE);
      if (timeline.failure !== undefined) break;
    }
    return timeline.at(seq) !== undefined;
  }

  /** @param {string} id @param {number} limit */
  async #fetch(id, limit) {
    const timeline = this.of(id);
    timeline.loading = true;
    timeline.failure = undefined;
    try {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const before = timeline.first;
        const asked = before === undefined ? { limit: Math.max(limit, this.#firstPage(id)) } : { before, limit };
        // eslint-disable-next-line no-await-in-loop -- asked for again only when more came than was asked for
        const { messages, more, next, as_of: asOf } = await this.#hub.history(id, asked);
        if (timeline.prepend(messages, more, { before, next, asOf })) return;
      }
      timeline.failure = 'the group changed faster than its pages could be fetched';
    } catch (error) {
      timeline.failure = /** @type {Error} */ (error).message;
    } finally {
      timeline.loading = false;
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

  /** The oldest event that the hub keeps of a group has become another one. @param {string} id @param {number} first */
  expire(id, first) {
    const timeline = this.#timelines.get(id);
    if (timeline?.first === undefined || timeline.first >= first) return;
    timeline.expire(first);
    this.emit('changed', id);
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
