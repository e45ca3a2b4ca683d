import { createHash, randomBytes } from 'node:crypto';
import { countOf, isHidden, reckoned, rowsOf, seqOf } from './state.js';

/**
 * What all nodes of a fake hub share: users, groups and their events, and who is connected.
 *
 * @typedef {import("../../client/types.js").HubEvent} HubEvent
 * @typedef {{ id: string, username: string, name: string, password?: string, lastSeen: number }} User
 * @typedef {{ id: string, kind: "group" | "direct", name: string, access: "members" | "open", admins: Set<string>,
 *   members: string[], events: HubEvent[], first: number, acks: Map<string, number>,
 *   read: Map<string, number>, delivered: Map<string, number> }} GroupState
 * @typedef {import("./session.js").Session} Session
 */

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
/** @param {Uint8Array} bytes */
const base32 = (bytes) => Array.from(bytes, (byte) => BASE32[byte % 32]).join('');
/** @param {string} text */
const prefixed = (text) => `${Buffer.byteLength(text)}:${text}`;

export class World {
  /** @type {Map<string, User>} */
  users = new Map();
  /** @type {Map<string, GroupState>} */
  groups = new Map();
  /** @type {Set<Session>} */
  sessions = new Set();
  /** @type {Map<string, string>} one-time ticket → user */
  tickets = new Map();
  /** @type {Map<string, GroupState>} creator and cid → the group made by it */
  #created = new Map();
  /** Every breach of the protocol by a client. @type {string[]} */
  breaches = [];
  accountsOn = true;
  /** What all nodes know. @type {string[]} */
  features = ['direct', 'presence', 'receipts', 'typing'];
  /** Milliseconds that a token of an account is good for. */
  tokenTtl = 3_600_000;
  /** How often somebody asked for another token. */
  renewals = 0;
  clock = () => Date.now();

  /** @param {string} id @param {{ name?: string, password?: string }} [profile] */
  user(id, { name, password } = {}) {
    const known = this.users.get(id);
    if (known) return known;
    const user = { id, username: id, name: name ?? id, password, lastSeen: 0 };
    this.users.set(id, user);
    return user;
  }

  /** A node of another version came or went. @param {string[]} features */
  changeFeatures(features) {
    this.features = features;
    for (const session of this.sessions) session.say({ type: 'features', features });
  }

  /** @param {string} user */
  isOnline(user) {
    return [...this.sessions].some((session) => session.user === user);
  }

  /** @param {string} id */
  presenceOf(id) {
    return { id, online: this.isOnline(id), last_seen: this.users.get(id)?.lastSeen ?? 0 };
  }

  /**
   * @param {string} creator
   * @param {{ name: string, members?: string[], access?: "members" | "open", cid?: string }} options
   */
  createGroup(creator, { name, members = [], access = 'members', cid }) {
    const key = `${creator} ${cid}`;
    const known = this.#created.get(key);
    if (known && cid !== undefined) return known;
    const group = this.#newGroup(base32(randomBytes(16)), { kind: 'group', name, access, admins: new Set([creator]) });
    this.#created.set(key, group);
    this.addMembers(group, creator, [creator], 'admin');
    this.addMembers(group, creator, members);
    return group;
  }

  /** The direct chat of two. @param {string} one @param {string} other */
  direct(one, other) {
    const pair = [one, other].sort();
    const id = base32(createHash('sha256').update(pair.map(prefixed).join('')).digest().subarray(0, 16));
    const known = this.groups.get(id);
    if (known) return known;
    const group = this.#newGroup(id, { kind: 'direct', name: '', access: 'members', admins: new Set() });
    this.addMembers(group, one, [one, other]);
    return group;
  }

  /** @param {string} id @param {Pick<GroupState, "kind" | "name" | "access" | "admins">} rest @returns {GroupState} */
  #newGroup(id, rest) {
    const group = {
      id,
      ...rest,
      members: [],
      events: [],
      first: 1,
      acks: new Map(),
      read: new Map(),
      delivered: new Map(),
    };
    this.groups.set(id, group);
    return group;
  }

  /** @param {GroupState} group @param {string} by @param {string[]} users @param {string} [role] */
  addMembers(group, by, users, role = 'member') {
    const added = users.filter((id) => !group.members.includes(id));
    if (added.length === 0) return;
    for (const id of added) this.user(id);
    group.members.push(...added);
    this.append(group, by, { kind: 'joined', data: { users: added, role } });
  }

  /** @param {GroupState} group @param {string} by @param {string[]} users */
  removeMembers(group, by, users) {
    const removed = users.filter((id) => group.members.includes(id));
    if (removed.length === 0) return;
    this.append(group, by, { kind: 'left', data: { users: removed } });
    group.members = group.members.filter((id) => !removed.includes(id));
    for (const session of this.sessions) if (removed.includes(session.user)) session.dropGroup(group.id);
  }

  /**
   * Stores an event and hands it to every member's sessions.
   *
   * @param {GroupState} group
   * @param {string} from
   * @param {{ kind?: string, text?: string, ref?: string, mentions?: any, data?: any, cid?: string,
   *   time?: number }} content
   */
  append(group, from, { kind = 'text', time = this.clock(), ...content }) {
    const last = group.events.at(-1);
    /** @type {HubEvent} */
    const event = {
      group: group.id,
      seq: (last?.seq ?? 0) + 1,
      n: (last?.n ?? 0) + (kind === 'text' ? 1 : 0),
      from,
      time,
      kind,
      ...(isHidden(kind) && { shown: false }),
      ...content,
    };
    group.events.push(event);
    if (kind === 'reaction') {
      event.data = { ...event.data, count: countOf(group.events, seqOf(event), content.data.emoji) };
    }
    if (content.cid !== undefined) group.acks.set(`${from} ${content.cid}`, event.seq);
    group.read.set(from, event.seq);
    for (const session of this.sessions) if (group.members.includes(session.user)) session.deliver(group, event);
    return event;
  }

  /** @param {GroupState} group @param {string} user @param {"read" | "delivered"} mark @param {number} seq */
  advance(group, user, mark, seq) {
    const head = group.events.at(-1)?.seq ?? 0;
    const next = Math.min(seq, head);
    if (next <= (group[mark].get(user) ?? 0)) return;
    group[mark].set(user, next);
    const read = group.read.get(user) ?? 0;
    const frame = {
      type: 'receipt',
      group: group.id,
      user,
      read,
      delivered: Math.max(read, group.delivered.get(user) ?? 0),
    };
    for (const session of this.sessions) if (group.members.includes(session.user)) session.say(frame);
  }

  /** @param {GroupState} group @param {string} user */
  describe(group, user) {
    const last = group.events.at(-1);
    const read = group.read.get(user) ?? 0;
    const n = last?.n ?? 0;
    const members = group.members.map((id) => ({
      id,
      name: this.users.get(id)?.name ?? id,
      role: group.admins.has(id) ? 'admin' : 'member',
    }));
    const { id, kind, name, access, first } = group;
    const unread = n - (group.events.findLast((event) => event.seq <= read)?.n ?? 0);
    return {
      id,
      kind,
      name,
      access,
      count: members.length,
      head: last?.seq ?? 0,
      n,
      read,
      unread,
      first,
      last: this.shownTo(group, user).at(-1),
      members,
    };
  }

  /** What people are shown of a group, with its state. @param {GroupState} group @param {string} reader */
  shownTo(group, reader) {
    const shown = reckoned(group.events, reader).filter(({ seq, kind }) => seq >= group.first && !isHidden(kind));
    return shown.map((event) => (event.from === reader ? event : withoutCid(event)));
  }

  /**
   * Why this user may not do this to that event, as a code.
   *
   * @param {GroupState} group
   * @param {string} from
   * @param {any} send
   */
  refusalOf(group, from, { kind = 'text', ref }) {
    if (kind !== 'text' && !kind.startsWith('x.') && !this.features.includes(`kind:${kind}`)) return 'unsupported';
    if (ref === undefined) return undefined;
    const target = reckoned(group.events, from).find((event) => `${group.id}:${event.seq}` === ref);
    if (target === undefined) return ref.startsWith(`${group.id}:`) ? 'not_found' : 'bad_frame';
    if (target.deleted) return kind === 'deleted' ? undefined : 'conflict';
    const isAuthors = kind === 'edited' || (kind === 'deleted' && !group.admins.has(from));
    return isAuthors && target.from !== from ? 'forbidden' : undefined;
  }

  /** @param {GroupState} group @param {number} seq */
  seen(group, seq) {
    const others = group.members.filter((id) => (group.read.get(id) ?? 0) < seq);
    return {
      read: group.members.filter((id) => !others.includes(id)),
      delivered: others.filter((id) => (group.delivered.get(id) ?? 0) >= seq),
    };
  }

  /** @param {GroupState} group @param {{ seq: number, emoji?: string }} asked */
  reactions(group, { seq, emoji }) {
    const rows = [...(rowsOf(group.events).get(seq)?.reactions ?? [])];
    const wanted = rows.filter(([name]) => emoji === undefined || name === emoji);
    return wanted.flatMap(([name, users]) => [...users].map((id) => ({ id, emoji: name, time: this.clock() })));
  }

  /** @param {string} id @param {any} frame with what is to change */
  profile(id, { type, id: request, ...changes }) {
    const { password, lastSeen, ...profile } = Object.assign(this.user(id), changes);
    return profile;
  }

  /** Newest activity first. @param {string} user */
  groupsOf(user) {
    const mine = [...this.groups.values()].filter((group) => group.members.includes(user));
    return mine.sort((one, other) => (other.events.at(-1)?.time ?? 0) - (one.events.at(-1)?.time ?? 0));
  }

  /** To everybody who watches a group with this user, and to partners of direct chats. @param {string} user */
  announce(user) {
    const frame = { type: 'presence', users: [this.presenceOf(user)] };
    for (const session of this.sessions) if (session.user !== user && session.caresFor(user)) session.say(frame);
  }
}

/** @param {HubEvent} event @returns {HubEvent} */
export function withoutCid({ cid, ...event }) {
  return event;
}
