import { Accounts, Hubbub } from "../../hubbub.js";
import { Emitter } from "../../client/emitter.js";
import { chatKey, Drafts } from "../features/drafts/store.js";
import { Groups } from "../features/groups/store.js";
import { Outbox } from "../features/outbox/store.js";
import { People, TYPING_MS } from "../features/people/store.js";
import { Sender } from "../features/outbox/sender.js";
import { strandedChats } from "../features/outbox/stranded.js";
import { Timeline } from "../features/messages/timeline.js";
import { Watch } from "../features/presence/watch.js";

/**
 * @typedef {import("../../hubbub.js").HubEvent} HubEvent
 * @typedef {import("../../hubbub.js").Group} Group
 * @typedef {import("../../hubbub.js").StateChange} StateChange
 *
 * @typedef {{ group?: string, to?: string }} Target a group, or a user one has no direct chat with yet
 *
 * @typedef {object} Changes
 * @property {undefined} groups the list of groups or something in it
 * @property {string} timeline a group's events or what is pending in it
 * @property {undefined} people names, presence, typing, receipts
 * @property {StateChange} link
 * @property {HubEvent} arrived a new event, live
 * @property {{ to: string, group: string }} opened a direct chat came to be for what was sent to a user
 */

const PAGE = 50;
/** The hub gives no larger page. */
const LARGEST_PAGE = 200;
/** So many read messages are shown above the first unread one. */
const CONTEXT = 20;

/**
 * The chat as this page knows it: everything the views show, kept up to date by the hub.
 *
 * @extends {Emitter<Changes>}
 */
export class Chat extends Emitter {
  people = new People();
  /** Set at each connect; the hub may cap texts otherwise than its default. */
  limits = { text: 4000 };
  /** @type {StateChange} */
  link = { state: "idle", attempt: 0 };
  /** Whether the groups were ever received. */
  ready = false;

  #hub;
  #accounts;
  #token;
  /** @type {Map<string, Timeline>} */
  #timelines = new Map();
  #watch;
  /** @type {Set<string>} */
  #lookedUp = new Set();

  /**
   * @param {{ user: string, name?: string }} login
   * @param {string} address the hub's
   * @param {{ safe: import("../storage/safe.js").Safe, token: () => Promise<string> }} with_ where what is written is kept, and
   *   what gets a good token
   */
  constructor({ user, name }, address, { safe, token }) {
    super();
    this.me = user;
    this.groups = new Groups(user);
    this.safe = safe;
    this.outbox = new Outbox(safe);
    this.drafts = new Drafts(safe);
    this.#token = token;
    this.#accounts = new Accounts(address);
    this.#hub = new Hubbub({ url: address, token, device: "web" });
    this.sender = new Sender(this.#hub, this, {
      titleOf: (target) => this.titleOfTarget(target),
      onStored: (group) => this.#settle(group),
      onChange: (group) => this.emit("timeline", group),
      onOpened: (to, group) => this.#opened(to, group),
    });
    this.#watch = new Watch(this.#hub, this.groups, () => this.emit("people", undefined));
    this.people.learn([{ id: user, name }]);
    this.#listen();
  }

  start() {
    this.sender.adopt();
    this.#hub.connect().catch(() => {
      // Told by the state "stopped", which the page answers with the log-in.
    });
  }

  stop() {
    this.#hub.close();
    this.safe.close();
  }

  reconnect() {
    this.#hub.wake();
  }

  /** @param {string} id */
  timeline(id) {
    let timeline = this.#timelines.get(id);
    if (timeline === undefined) this.#timelines.set(id, (timeline = new Timeline()));
    return timeline;
  }

  /** @param {import("../features/groups/store.js").KnownGroup} group */
  titleOf(group) {
    const partner = this.groups.partner(group);
    if (partner === this.me) return `${this.people.name(partner)} (you)`;
    return partner === undefined ? group.name || "Group" : this.people.name(partner);
  }

  /** What a chat is called that may be in no list. @param {Target} target @param {string} [title] what it was called once */
  titleOfTarget({ group, to }, title) {
    const known = group === undefined ? undefined : this.groups.get(group);
    if (known) return this.titleOf(known);
    if (to !== undefined && this.people.knows(to)) return this.people.name(to);
    return title ?? to ?? "Group";
  }

  /** Chats that hold something unsent and are in no list. */
  stranded() {
    const isListed = (/** @type {Target} */ { group, to }) => (group === undefined ? this.groups.directWith(to ?? "") : this.groups.get(group)) !== undefined;
    const titleOf = (/** @type {Target} */ target, /** @type {string | undefined} */ title) => this.titleOfTarget(target, title);
    return this.ready ? strandedChats({ pending: this.outbox.unsent(), drafts: this.drafts.all(), isListed, titleOf }) : [];
  }

  /** @param {string} group */
  #settle(group) {
    this.outbox.settle(group, this.timeline(group).last);
    this.emit("timeline", group);
  }

  /** @param {string} to @param {string} group */
  #opened(to, group) {
    // Before the hub has told of the group, there is nothing to show of it.
    if (this.groups.get(group)) this.emit("opened", { to, group });
  }

  /** Makes sure that a group's newest page is there. @param {string} id */
  async open(id) {
    this.#watch.open = id;
    this.#watch.update();
    const timeline = this.timeline(id);
    if (!timeline.loaded) await this.loadEarlier(id);
  }

  /** @param {string} id */
  leaveOpen(id) {
    this.#timelines.get(id)?.trim();
  }

  /** Fetches the page before what is known. @param {string} id */
  async loadEarlier(id) {
    const timeline = this.timeline(id);
    if (timeline.loading || !timeline.hasEarlier) return;
    timeline.loading = true;
    timeline.failure = undefined;
    this.emit("timeline", id);
    try {
      const before = timeline.first;
      const page = await this.#hub.history(id, before === undefined ? { limit: this.#firstPage(id) } : { before, limit: PAGE });
      timeline.prepend(page.messages, page.more);
      this.outbox.settle(id, timeline.last);
    } catch (error) {
      timeline.failure = /** @type {Error} */ (error).message;
    } finally {
      timeline.loading = false;
      this.emit("timeline", id);
    }
  }

  /** Large enough to begin reading where one left off, unless that is very far back. @param {string} id */
  #firstPage(id) {
    const group = this.groups.get(id);
    const wanted = group ? this.groups.unread(group) + CONTEXT : PAGE;
    return wanted > LARGEST_PAGE ? PAGE : Math.max(PAGE, wanted);
  }

  /** @param {string} id */
  markRead(id) {
    const group = this.groups.get(id);
    if (group === undefined || group.read >= group.head || this.link.state === "stopped") return;
    this.#hub.read(id, group.head).catch(() => {
      // A mark that did not get through is made again with the next one.
    });
    this.groups.markRead(id, group.head, group.n);
    this.emit("groups", undefined);
  }

  /** @param {string} id */
  typing(id) {
    this.#hub.typing(id);
  }

  /** @param {{ name: string, members: string[], access: "members" | "open" }} options */
  create(options) {
    return this.#hub.create(options);
  }

  /** @param {string} id */
  join(id) {
    return this.#hub.join(id);
  }

  /** @param {string} id */
  leave(id) {
    return this.#hub.leave(id);
  }

  /** @param {string} id @param {string[]} users */
  add(id, users) {
    return this.#hub.add(id, users);
  }

  /** @param {string} id @param {string} user */
  remove(id, user) {
    return this.#hub.remove(id, [user]);
  }

  /** Other people whose username begins so. @param {string} prefix */
  async find(prefix) {
    const found = await this.#accounts.find(await this.#token(), prefix);
    this.people.learn(found);
    this.people.see(found);
    return found.filter(({ id }) => id !== this.me);
  }

  /** Asks once for the name of somebody who is known by id only. @param {string} id */
  lookUp(id) {
    if (this.people.knows(id) || this.#lookedUp.has(id)) return;
    this.#lookedUp.add(id);
    this.find(id).then(
      () => this.emit("people", undefined),
      () => this.#lookedUp.delete(id),
    );
  }

  #listen() {
    const hub = this.#hub;
    this.outbox.on("changed", ({ group }) => (group === undefined ? this.emit("timeline", "") : this.#settle(group)));
    this.safe.on("left", () => this.sender.adopt());
    hub.on("state", (change) => {
      this.link = change;
      if (change.state !== "online") this.people.loseSight();
      this.emit("link", change);
      this.emit("people", undefined);
    });
    hub.on("welcome", (welcome) => void this.#welcomed(welcome));
    hub.on("message", (event) => this.#arrived(event));
    hub.on("group", (group) => this.#grouped(group));
    hub.on("gap", ({ group, from, reason }) => {
      if (reason === "reset") this.timeline(group).cut(from);
      else this.timeline(group).clear();
      if (group === this.#watch.open) void this.open(group);
      this.emit("timeline", group);
    });
    hub.on("presence", (people) => {
      this.people.see(people);
      this.emit("people", undefined);
    });
    hub.on("receipt", (receipt) => this.#receipted(receipt));
    hub.on("typing", ({ group, user }) => {
      this.people.startTyping(group, user);
      this.emit("people", undefined);
      setTimeout(() => this.emit("people", undefined), TYPING_MS + 50);
    });
  }

  /** @param {import("../../hubbub.js").Welcome} welcome */
  async #welcomed({ groups, more, limits }) {
    Object.assign(this.limits, limits);
    const seen = new Set();
    /** @param {Group[]} page */
    const take = (page) => {
      for (const group of page) this.#put(group);
      for (const { id } of page) seen.add(id);
      this.emit("groups", undefined);
    };
    this.ready = true;
    void this.safe.reload().catch(() => {}).then(() => this.sender.adopt());
    this.lookUp(this.me);
    take(groups);
    this.#watch.update();
    for (let last = groups.at(-1)?.id; more && last !== undefined; ) {
      const page = await this.#hub.groups({ after: last, limit: 200 });
      take(page.groups);
      more = page.more;
      last = page.groups.at(-1)?.id;
    }
    this.groups.keepOnly(seen);
    this.#watch.update();
    this.emit("groups", undefined);
  }

  /** @param {Group} group */
  #put(group) {
    this.people.learn(group.members ?? []);
    this.groups.put(group);
    const known = this.groups.get(group.id);
    const partner = known && this.groups.partner(known);
    if (partner === undefined) return;
    // What was typed and sent to somebody goes on in the direct chat that has come to be.
    this.drafts.move(chatKey({ to: partner }), chatKey({ group: group.id }));
    this.outbox.moveInto(partner, group.id);
  }

  /** @param {Group} group */
  #grouped(group) {
    if (group.gone) {
      this.groups.drop(group.id);
      this.#timelines.delete(group.id);
    } else this.#put(group);
    this.#watch.update();
    this.emit("groups", undefined);
  }

  /** @param {HubEvent} event */
  #arrived(event) {
    this.timeline(event.group).add(event);
    if (event.group !== this.#watch.open) this.timeline(event.group).trim();
    if (event.cid !== undefined) this.outbox.remove(event.cid);
    this.outbox.settle(event.group, event.seq);
    this.people.stopTyping(event.group, event.from);
    this.groups.apply(event, (id) => this.people.name(id));
    this.#watch.update();
    this.emit("timeline", event.group);
    this.emit("groups", undefined);
    this.emit("arrived", event);
  }

  /** @param {import("../../hubbub.js").Receipt} receipt */
  #receipted(receipt) {
    this.people.mark(receipt);
    this.emit("people", undefined);
    if (receipt.user !== this.me) return;
    // Read on another device of the same user.
    const group = this.groups.get(receipt.group);
    const n = receipt.read >= (group?.head ?? Infinity) ? group?.n : this.timeline(receipt.group).at(receipt.read)?.n;
    if (n !== undefined) this.groups.markRead(receipt.group, receipt.read, n);
    this.emit("groups", undefined);
  }
}
