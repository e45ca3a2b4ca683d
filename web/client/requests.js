import { newCid } from './cid.js';
import { Emitter } from './emitter.js';

/**
 * What a client may ask of the hub. All of it may be asked at any time: without a connection it waits for one.
 *
 * @typedef {import("./types.js").Frame} Frame
 * @typedef {import("./types.js").Group} Group
 * @typedef {import("./types.js").GroupPage} GroupPage
 * @typedef {import("./types.js").HistoryPage} HistoryPage
 * @typedef {import("./types.js").Pins} Pins
 * @typedef {import("./types.js").Presence} Presence
 * @typedef {import("./types.js").Profile} Profile
 * @typedef {import("./types.js").ReactionPage} ReactionPage
 * @typedef {import("./types.js").Seen} Seen
 * @typedef {import("./types.js").Welcome} Welcome
 * @typedef {import("./timeline.js").Timeline} Timeline
 *
 * @typedef {object} Hands
 * @property {(frame: Omit<Frame, "id">, key?: string) => Promise<any>} ask asks once more after a lost line, for a
 *   time; of the calls with one key that were not sent yet only the newest remains
 * @property {(frame: Omit<Frame, "id">, lane: string) => Promise<any>} say asks until there is an answer; those of one
 *   lane keep their order
 * @property {import("./conversations.js").Conversations} conversations
 * @property {import("./cursors.js").Cursors} cursors
 */

/** @extends {Emitter<import("./options.js").Events>} */
export class Requests extends Emitter {
  /** The last `welcome`; undefined before the first. @type {Welcome | undefined} */
  session;
  /**
   * What the hub can do, on all of its nodes, as it was last told; empty before the first `welcome`.
   *
   * @type {string[]}
   */
  features = [];
  /**
   * Set by who extends this.
   *
   * @type {Hands}
   * @protected
   */
  hands = /** @type {Hands} */ (/** @type {unknown} */ (undefined));
  /** @type {string[]} */
  #watched = [];

  /** Marks a group as read up to `seq`. @param {string} group @param {number} seq @returns {Promise<void>} */
  read(group, seq) {
    return this.hands.ask({ type: 'read', group, seq }, `read:${group}`);
  }

  /**
   * A page of a group's events, ascending: the newest, those before a seq, or those after one; with `ref` the replies
   * to one. Edits, reactions and whatever else is known to have come about them since are in it.
   *
   * @param {string} group
   * @param {{ before?: number, after?: number, limit?: number, ref?: string, raw?: boolean }} [page] `before` and
   *   `after` exclusive; `limit` 50, at most 200; `raw` for the sequence as it was said
   * @returns {Promise<HistoryPage>}
   */
  history(group, page = {}) {
    return this.hands.conversations.page(group, page);
  }

  /**
   * A group as somebody looks at it: pages and live events together, kept as of now until it is closed. Each call for
   * the same group gives the same one.
   *
   * @param {string} group
   * @returns {Timeline}
   */
  timeline(group) {
    return this.hands.conversations.timeline(group);
  }

  /** A group as the hub told of it, and as `updated` events changed it since. @param {string} group */
  groupState(group) {
    return this.hands.conversations.groups.get(group);
  }

  /** What is pinned in a group, newest first, 100 at most. @param {string} group @returns {Promise<Pins>} */
  async pins(group) {
    /** @type {Pins} */
    const reply = await this.hands.ask({ type: 'pins', group });
    const page = this.hands.conversations.bringUpToDate(group, reply);
    return { ...page, messages: page.messages.filter(({ pinned }) => pinned === true) };
  }

  /**
   * Who has read an event, and who holds it without having read it: those who were members when it was said.
   *
   * @param {string} group
   * @param {number} seq
   * @param {{ after?: string }} [page] the `next` of the page before
   * @returns {Promise<Seen>}
   */
  seen(group, seq, page = {}) {
    return this.hands.ask({ type: 'seen', group, seq, ...page });
  }

  /**
   * Who reacted to an event, with what.
   *
   * @param {string} group
   * @param {number} seq
   * @param {{ emoji?: string, after?: string }} [page] `after`: the `next` of the page before
   * @returns {Promise<ReactionPage>}
   */
  reactions(group, seq, page = {}) {
    return this.hands.ask({ type: 'reactions', group, seq, ...page });
  }

  /**
   * This user as everybody and they themselves see them; with changes, as they are after these.
   *
   * @param {Partial<Profile>} [changes]
   * @returns {Promise<Profile>}
   */
  async me(changes = {}) {
    const { me } = await this.hands.ask({ type: 'me', ...changes });
    return me;
  }

  /**
   * More of the user's groups than `welcome` had, newest activity first.
   *
   * @param {{ after?: string, limit?: number }} [page] `after`: the id of the last group one has
   * @returns {Promise<GroupPage>}
   */
  async groups(page = {}) {
    const reply = await this.hands.ask({ type: 'groups', ...page });
    for (const group of reply.groups) {
      this.hands.cursors.know(group.id, group.head);
      this.hands.conversations.meet(group);
    }
    return reply;
  }

  /**
   * Makes a group with this user as its first admin.
   *
   * @param {{ name: string, members?: string[], access?: "members" | "open", cid?: string }} group `members` are user
   *   ids
   * @returns {Promise<Group>}
   */
  create({ cid = newCid(), members = [], ...group }) {
    return this.hands.ask({ type: 'create', cid, members, ...group });
  }

  /** @param {string} group @returns {Promise<void>} */
  join(group) {
    return this.hands.ask({ type: 'join', group });
  }

  /** @param {string} group @returns {Promise<void>} */
  leave(group) {
    return this.hands.ask({ type: 'leave', group });
  }

  /** For its admins. @param {string} group @param {string[]} users @returns {Promise<void>} */
  add(group, users) {
    return this.hands.ask({ type: 'add', group, users });
  }

  /**
   * Shows who is online and who types in these groups, in place of those watched before; kept over reconnects.
   *
   * @param {string[]} groups at most 20
   * @returns {Promise<Presence[]>} how things stand now; changes come as `presence` and `typing`
   */
  async watch(groups) {
    this.#watched = groups;
    const reply = await this.hands.ask({ type: 'watch', groups }, 'watch');
    return reply.users;
  }

  /** What the hub can do is this now. @param {string[]} features @protected */
  learn(features) {
    const isNews = features.length !== this.features.length || features.some((name) => !this.features.includes(name));
    this.features = features;
    if (isNews) this.emit('features', features);
  }

  /** What was watched is watched on a new connection too. @protected */
  watchAgain() {
    if (this.#watched.length > 0) void this.watch(this.#watched).catch((error) => this.emit('error', error));
  }
}
