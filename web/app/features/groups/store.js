import { affected, isAboutAnother, targetOf } from '../../../client/effects.js';
import { Emitter } from '../../../client/emitter.js';
import { isMembership, isShown, usersOf } from './events.js';

/**
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 * @typedef {import("../../../hubbub.js").Group} Group
 * @typedef {Group & { readN: number }} KnownGroup `readN`: `n` at the read mark, so that unread = `n` − `readN`
 */

/**
 * The user's groups as the list shows them: newest event, members, unread.
 *
 * @extends {Emitter<{ changed: undefined }>}
 */
export class Groups extends Emitter {
  /** Whether they were ever received. */
  ready = false;
  /** @type {Map<string, KnownGroup>} */
  #groups = new Map();
  #me;

  /** @param {string} me */
  constructor(me) {
    super();
    this.#me = me;
  }

  /** @param {string} id */
  get(id) {
    return this.#groups.get(id);
  }

  /** Newest activity first. */
  sorted() {
    return [...this.#groups.values()].sort((one, other) => (other.last?.time ?? 0) - (one.last?.time ?? 0));
  }

  /** @param {string} user */
  directWith(user) {
    return [...this.#groups.values()].find((group) => group.kind === 'direct' && this.partner(group) === user);
  }

  /** The other one of a direct chat. @param {Group} group @returns {string | undefined} */
  partner(group) {
    if (group.kind !== 'direct') return undefined;
    return group.members?.find(({ id }) => id !== this.#me)?.id ?? (group.members?.length ? this.#me : undefined);
  }

  get totalUnread() {
    return [...this.#groups.values()].reduce((sum, group) => sum + unreadIn(group), 0);
  }

  /** A page of the list that the hub gives at the beginning of a session. @param {Group[]} page */
  takePage(page) {
    this.ready = true;
    for (const group of page) this.#set(group);
    this.emit('changed', undefined);
  }

  /** What the hub says of a group. @param {Group} group */
  put(group) {
    this.#set(group);
    this.emit('changed', undefined);
  }

  /** Never goes back behind an event seen already. @param {Group} group */
  #set(group) {
    const known = this.#groups.get(group.id);
    const readN = Math.max(group.n - group.unread, known?.readN ?? 0);
    const newest = known && known.head > group.head ? { head: known.head, n: known.n, last: known.last } : {};
    this.#groups.set(group.id, { ...known, ...group, ...newest, readN });
  }

  /** @param {string} id */
  drop(id) {
    this.#groups.delete(id);
    this.emit('changed', undefined);
  }

  /** Drops every group that is not among these. @param {Set<string>} ids */
  keepOnly(ids) {
    for (const id of this.#groups.keys()) if (!ids.has(id)) this.#groups.delete(id);
    this.emit('changed', undefined);
  }

  /** @param {HubEvent} event @param {(id: string) => string} nameOf */
  apply(event, nameOf) {
    const group = this.#groups.get(event.group);
    if (group === undefined) return;
    if (isMembership(event)) changeMembers(group, event, nameOf);
    if (event.kind === 'updated') changeSettings(group, event);
    if (isAboutAnother(event)) changeLast(group, event, this.#me);
    if (event.seq >= group.head) Object.assign(group, { head: event.seq, n: event.n });
    if (isShown(event) && event.seq > (group.last?.seq ?? 0)) group.last = event;
    if (event.from === this.#me) this.markRead(event.group, event.seq, event.n);
    else this.emit('changed', undefined);
  }

  /** @param {string} id @param {number} seq @param {number} n `n` of the event with that seq */
  markRead(id, seq, n) {
    const group = this.#groups.get(id);
    if (group === undefined) return;
    group.read = Math.max(group.read, seq);
    group.readN = Math.max(group.readN, n);
    this.emit('changed', undefined);
  }
}

/** How many events of a group its user has not read. @param {KnownGroup} group */
export function unreadIn({ n, readN }) {
  return Math.max(0, n - readN);
}

/** What an admin set of a group. @param {KnownGroup} group @param {HubEvent} event */
function changeSettings(group, { data }) {
  for (const field of ['name', 'about', 'access', 'pinning', 'archived']) {
    if (data?.[field] !== undefined) Object.assign(group, { [field]: data[field] });
  }
}

/**
 * What the list shows of a group is the newest message as it is now. What the hub told of it has in it what came up to
 * the head that it told; a deletion is final, whenever it is heard of.
 *
 * @param {KnownGroup} group
 * @param {HubEvent} event
 * @param {string} me
 */
function changeLast(group, event, me) {
  if (group.last === undefined || targetOf(event) !== group.last.seq) return;
  if (event.seq > group.head || event.kind === 'deleted') group.last = affected(group.last, event, me);
}

/** @param {KnownGroup} group @param {HubEvent} event @param {(id: string) => string} nameOf */
function changeMembers(group, { kind, data }, nameOf) {
  const users = usersOf({ data });
  if (group.members === undefined) return;
  const others = group.members.filter(({ id }) => !users.includes(id));
  const role = data?.role === 'admin' ? 'admin' : 'member';
  const named = (/** @type {string} */ id) => group.members?.find((member) => member.id === id)?.name ?? nameOf(id);
  group.members = kind === 'left' ? others : [...others, ...users.map((id) => ({ id, name: named(id), role }))];
  group.count = group.members.length;
}
