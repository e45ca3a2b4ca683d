import { affected, withReplies } from './effects.js';
import { Groups } from './groups.js';
import { Held } from './held.js';
import { StateLog } from './state-log.js';
import { Timeline } from './timeline.js';

/**
 * What this client knows of its groups: what came about their events lately, and those that somebody looks at.
 *
 * @typedef {import("./types.js").HubEvent} HubEvent
 * @typedef {import("./types.js").HistoryPage} HistoryPage
 * @typedef {import("./types.js").Group} Group
 * @typedef {import("./types.js").Gap} Gap
 * @typedef {{ before?: number, after?: number, limit?: number, ref?: string, raw?: boolean }} Asked
 * @typedef {{ held: Held, timeline: Timeline }} Looked
 */

/** A page that is older than what is known of its time is asked for again, so often. */
const TRIES = 3;

export class Conversations {
  groups = new Groups();
  #me;
  #ask;
  /** @type {Map<string, StateLog>} */
  #logs = new Map();
  /** @type {Map<string, Looked>} */
  #looked = new Map();

  /**
   * @param {object} hands
   * @param {() => string | undefined} hands.me
   * @param {(group: string, page: Asked) => Promise<HistoryPage>} hands.ask asks the hub for a page
   */
  constructor({ me, ask }) {
    this.#me = me;
    this.#ask = ask;
  }

  /** The hub told of a group. @param {Group} group */
  meet(group) {
    if (group.gone) return this.#forget(group.id);
    this.groups.meet(group, (asOf) => this.#logs.get(group.id)?.above(asOf) ?? []);
    this.#change(group.id, (held) => held.expire(group.first ?? 1));
  }

  /** A live event, as its frame: each comes once, a group's in order. @param {HubEvent & { type?: string }} frame */
  hear({ type, ...event }) {
    const log = this.#logs.get(event.group) ?? new StateLog(event.seq - 1);
    this.#logs.set(event.group, log);
    log.add(event);
    this.groups.hear(event);
    this.#change(event.group, (held) => held.arrive(event));
  }

  /** @param {Gap} gap */
  skip({ group, from, to, reason }) {
    if (reason !== 'reset') {
      this.#logs.get(group)?.forgetTo(to);
      this.#change(group, (held) => held.forgetTo(to));
      return;
    }
    // What came from there on never was. Pages may show what it did to others, so that nothing of them stands.
    this.#logs.get(group)?.cutFrom(from);
    this.#clear(group);
  }

  /** A page as of now. @param {string} group @param {Asked} page @returns {Promise<HistoryPage>} */
  page(group, page) {
    const asked = Object.entries(page).filter(([, value]) => value !== undefined);
    return this.#pageAfter(group, Object.fromEntries(asked), TRIES);
  }

  /** @param {string} group @param {Asked} page @param {number} tries @returns {Promise<HistoryPage>} */
  async #pageAfter(group, page, tries) {
    const reply = await this.#ask(group, page);
    if (page.raw) return reply;
    const isKnown = reply.as_of === undefined || (this.#logs.get(group)?.reaches(reply.as_of) ?? true);
    return isKnown || tries <= 1 ? this.bringUpToDate(group, reply) : this.#pageAfter(group, page, tries - 1);
  }

  /**
   * A page that was answered, as of now.
   *
   * @template {Pick<HistoryPage, "messages" | "as_of">} Page
   * @param {string} group
   * @param {Page} page
   * @returns {Page}
   */
  bringUpToDate(group, page) {
    const since = this.#logs.get(group)?.since(page.as_of ?? 0);
    if (since === undefined || since.size === 0) return page;
    const me = this.#me();
    const messages = page.messages.map((event) => {
      const { effects = [], replies = 0 } = since.get(event.seq) ?? {};
      const isCounted = page.as_of !== undefined && replies !== 0;
      const counted = isCounted ? withReplies(event, Math.max(0, (event.replies ?? 0) + replies)) : event;
      return effects.reduce((state, effect) => affected(state, effect, me), counted);
    });
    return { ...page, messages };
  }

  /** The one timeline of a group, until it is closed. @param {string} group @returns {Timeline} */
  timeline(group) {
    const known = this.#looked.get(group);
    if (known) return known.timeline;
    const held = new Held(this.#me);
    const timeline = new Timeline(group, held, {
      load: async ({ before, limit }) => held.take(await this.page(group, { before, limit }), before),
      onClose: () => this.#looked.delete(group),
    });
    this.#looked.set(group, { held, timeline });
    return timeline;
  }

  /** @param {string} group */
  #forget(group) {
    this.#logs.delete(group);
    this.groups.forget(group);
    this.#clear(group);
  }

  /** @param {string} group */
  #clear(group) {
    this.#change(group, (held) => {
      held.clear();
      return true;
    });
  }

  /** @param {string} group @param {(held: Held) => boolean} work whether it changed anything */
  #change(group, work) {
    const looked = this.#looked.get(group);
    if (looked && work(looked.held)) looked.timeline.touch();
  }
}
