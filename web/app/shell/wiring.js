import { targetOf } from '../../client/effects.js';
import { chatKey } from '../features/drafts/store.js';
import { Watch } from '../features/presence/watch.js';

/**
 * @typedef {import("../../hubbub.js").Group} Group
 * @typedef {import("../../hubbub.js").HubEvent} HubEvent
 * @typedef {import("../../hubbub.js").Receipt} Receipt
 * @typedef {import("../../hubbub.js").StateChange} StateChange
 * @typedef {import("../../hubbub.js").Welcome} Welcome
 * @typedef {import("./stores.js").Stores} Stores
 */

/** The hub gives no larger page of groups. */
const GROUPS_PAGE = 200;

/** What goes from one store to another, and from the hub to all of them: no store knows who listens. */
export class Wiring {
  #stores;
  #watch;

  /** @param {Stores} stores */
  constructor(stores) {
    this.#stores = stores;
    this.#watch = new Watch(stores.hub, stores.groups);
  }

  listen() {
    this.#listenToHub();
    this.#listenToStores();
  }

  #listenToHub() {
    const { hub, timelines, originals, presence, typing } = this.#stores;
    hub.on('state', (change) => this.#connection(change));
    hub.on('welcome', (welcome) => {
      void this.#welcomed(welcome);
    });
    hub.on('group', (group) => this.#grouped(group));
    hub.on('message', (event) => this.#arrived(event));
    hub.on('gap', (gap) => {
      timelines.skip(gap);
      originals.forget(gap.group);
    });
    hub.on('presence', (people) => presence.see(people));
    hub.on('typing', ({ group, user }) => typing.start(group, user));
    hub.on('receipt', (receipt) => this.#receipted(receipt));
  }

  #listenToStores() {
    const { safe, people, presence, outbox, sender, timelines } = this.#stores;
    const settle = (/** @type {string} */ group) => outbox.settle(group, timelines.of(group).last);
    people.on('found', (found) => presence.see(found));
    timelines.on('opened', () => this.#watchNewest());
    timelines.on('changed', settle);
    outbox.on('changed', ({ group }) => group !== undefined && settle(group));
    safe.on('left', () => sender.adopt());
  }

  #watchNewest() {
    this.#watch.update(this.#stores.timelines.open);
  }

  /** @param {StateChange} change */
  #connection(change) {
    const { connection, presence, typing } = this.#stores;
    if (change.state !== 'online') {
      presence.loseSight();
      typing.loseSight();
    }
    connection.change(change);
  }

  /** @param {Welcome} welcome */
  async #welcomed({ groups: first, more: hasMore, limits }) {
    const { me, hub, safe, connection, people, groups, sender, edits } = this.#stores;
    connection.allow(limits);
    void edits.look();
    void safe
      .reload()
      .catch(() => {})
      .then(() => sender.adopt());
    people.lookUp(me);
    this.#take(first);
    this.#watchNewest();
    const seen = new Set(first.map(({ id }) => id));
    let [more, last] = [hasMore, first.at(-1)?.id];
    while (more && last !== undefined) {
      // eslint-disable-next-line no-await-in-loop -- a page begins where the one before it ends
      const page = await hub.groups({ after: last, limit: GROUPS_PAGE });
      this.#take(page.groups);
      for (const { id } of page.groups) seen.add(id);
      ({ more } = page);
      last = page.groups.at(-1)?.id;
    }
    groups.keepOnly(seen);
    this.#watchNewest();
  }

  /** @param {Group[]} page */
  #take(page) {
    for (const group of page) this.#meet(group);
    this.#stores.groups.takePage(page);
  }

  /** @param {Group} group */
  #grouped(group) {
    const { groups, timelines, originals } = this.#stores;
    if (group.gone) {
      timelines.drop(group.id);
      originals.forget(group.id);
      groups.drop(group.id);
    } else {
      this.#meet(group);
      groups.put(group);
    }
    this.#watchNewest();
  }

  /** What a group tells beside itself, before anybody is shown it. @param {Group} group */
  #meet(group) {
    const { people, groups, timelines, drafts, outbox } = this.#stores;
    people.learn(group.members ?? []);
    timelines.expire(group.id, group.first);
    const partner = groups.partner({ ...groups.get(group.id), ...group });
    if (partner === undefined) return;
    // What was typed and sent to somebody goes on in the direct chat that has come to be.
    drafts.move(chatKey({ to: partner }), chatKey({ group: group.id }));
    outbox.moveInto(partner, group.id);
  }

  /** @param {HubEvent} event */
  #arrived(event) {
    const { timelines, outbox, typing, groups, people, edits, originals } = this.#stores;
    const target = targetOf(event);
    if (event.cid !== undefined) outbox.remove(event.cid);
    if (event.kind === 'deleted' && target !== undefined) outbox.forget(event.group, target);
    originals.hear(event);
    edits.hear(event);
    timelines.arrive(event);
    typing.stop(event.group, event.from);
    groups.apply(event, (id) => people.name(id));
    this.#watchNewest();
  }

  /** @param {Receipt} receipt */
  #receipted(receipt) {
    const { me, receipts, groups, timelines } = this.#stores;
    receipts.mark(receipt);
    if (receipt.user !== me) return;
    // Read on another device of the same user.
    const group = groups.get(receipt.group);
    const n = receipt.read >= (group?.head ?? Infinity) ? group?.n : timelines.of(receipt.group).countAt(receipt.read);
    if (n !== undefined) groups.markRead(receipt.group, receipt.read, n);
  }
}
