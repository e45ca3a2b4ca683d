import { breachOf } from './strict.js';
import { readToken } from './tokens.js';
import { withoutCid } from './world.js';

/**
 * One WebSocket session of the fake hub.
 *
 * @typedef {import("./world.js").World} World
 * @typedef {import("./world.js").GroupState} GroupState
 * @typedef {import("../../client/types.js").HubEvent} HubEvent
 * @typedef {import("./server.js").FakeNode} FakeNode
 */

const REPLAY_LIMIT = 1000;

export class Session {
  user = '';
  /** Every frame received, for tests to look at. @type {any[]} */
  received = [];
  #node;
  #world;
  #socket;
  #codec;
  /** Group id → last seq delivered here. @type {Map<string, number>} */
  #positions = new Map();
  /** @type {string[]} */
  #watched = [];
  #welcomed = false;
  /** @type {NodeJS.Timeout | undefined} */
  #expiry;

  /**
   * @param {FakeNode} node
   * @param {import("ws").WebSocket} socket
   * @param {any} codec
   * @param {string | undefined} ticketUser
   */
  constructor(node, socket, codec, ticketUser) {
    this.#node = node;
    this.#world = node.world;
    this.#socket = socket;
    this.#codec = codec;
    this.user = ticketUser ?? '';
    const helloDeadline = setTimeout(() => this.close(4001, 'no hello'), node.helloDeadline);
    socket.on('message', (data, binary) => {
      clearTimeout(helloDeadline);
      this.#receive(/** @type {Buffer} */ (data), binary);
    });
    socket.on('close', () => {
      clearTimeout(helloDeadline);
      this.#ended();
    });
    socket.on('error', () => {});
  }

  /** @param {any} frame */
  say(frame) {
    this.sayBytes(this.#codec.encode(frame));
  }

  /** @param {string | Uint8Array} data as it goes into one WebSocket message */
  sayBytes(data) {
    if (this.#socket.readyState === 1) this.#socket.send(data);
  }

  /** @param {number} code @param {string} [reason] */
  close(code, reason) {
    this.#socket.close(code, reason);
  }

  /** Ends without a word, as a node that is killed does. */
  cut() {
    this.#socket.terminate();
  }

  /** @param {Buffer} data @param {boolean} binary */
  #receive(data, binary) {
    const frame = this.#codec.decode(data, binary);
    const breach = breachOf(frame) ?? (!this.#welcomed && frame.type !== 'hello' ? `${frame.type} before welcome` : undefined);
    if (breach) {
      this.#world.breaches.push(breach);
      return this.#error(frame, 'bad_frame', breach);
    }
    this.received.push(frame);
    if (this.#node.intercept?.(frame, this)) return;
    const reply = this.#answer(frame);
    if (reply !== undefined) this.say({ re: frame.id, ...reply });
  }

  /** @param {any} frame @param {string} code @param {string} [message] @param {object} [more] */
  #error(frame, code, message = code, more = {}) {
    this.say({ type: 'error', re: frame?.id, code, message, ...more });
  }

  /** @param {any} frame @returns {object | undefined} */
  #answer(frame) {
    if (frame.type === 'hello') return this.#welcomed ? this.#extend(frame) : this.#hello(frame);
    if (frame.type === 'ping') return this.#ping(frame);
    if (frame.type === 'groups') return this.#groups(frame);
    if (frame.type === 'create') return this.#create(frame);
    if (frame.type === 'watch') return this.#watch(frame);
    if (frame.type === 'me') return { type: 'me', me: this.#world.profile(this.user, frame) };
    const group = frame.to === undefined ? this.#world.groups.get(frame.group) : this.#directWith(frame.to);
    if (!group) {
      this.#error(frame, 'not_found');
      return undefined;
    }
    if (frame.type === 'join') return this.#join(frame, group);
    if (!group.members.includes(this.user)) {
      this.#error(frame, 'forbidden');
      return undefined;
    }
    return this.#inGroup(frame, group);
  }

  /** @param {any} frame @param {GroupState} group @returns {object | undefined} */
  #inGroup(frame, group) {
    switch (frame.type) {
      case 'send':
        return this.#send(frame, group);
      case 'history':
        return { type: 'history', group: group.id, ...this.#page(group, frame) };
      case 'pins':
        return { type: 'pins', group: group.id, ...this.#pins(group) };
      case 'seen':
        return { type: 'seen', ...this.#world.seen(group, frame.seq) };
      case 'reactions':
        return { type: 'reactions', users: this.#world.reactions(group, frame) };
      case 'typing':
        return this.#typing(group);
      case 'read':
        this.#world.advance(group, this.user, 'read', frame.seq);
        return { type: 'ok' };
      case 'leave':
        this.#world.removeMembers(group, this.user, [this.user]);
        return { type: 'ok' };
      default:
        if (!group.admins.has(this.user)) {
          this.#error(frame, 'forbidden');
          return undefined;
        }
        if (frame.type === 'add') this.#world.addMembers(group, this.user, frame.users);
        else this.#world.removeMembers(group, this.user, frame.users);
        return { type: 'ok' };
    }
  }

  /** @param {any} frame @returns {object | undefined} */
  #hello(frame) {
    const claims = readToken(frame.token);
    this.user ||= claims?.sub ?? '';
    if (!this.user) {
      this.#error(frame, 'unauthorized');
      this.close(4001, 'unauthorized');
      return undefined;
    }
    const wasOnline = this.#world.isOnline(this.user);
    this.#world.user(this.user, { name: claims?.name });
    this.#welcomed = true;
    this.#world.sessions.add(this);
    if (claims) this.#endAt(claims.exp);
    const all = this.#world.groupsOf(this.user);
    this.say({
      type: 'welcome',
      session: `s${Math.random()}`,
      user: this.user,
      node: this.#node.name,
      time: this.#world.clock(),
      heartbeat: 5000,
      limits: { text: 4000, members: 150 },
      features: this.#world.features,
      groups: all.slice(0, 200).map((group) => this.#world.describe(group, this.user)),
      more: all.length > 200,
    });
    for (const group of all) this.#replay(group, frame.cursors?.[group.id]);
    if (!wasOnline) this.#world.announce(this.user);
    return undefined;
  }

  /** @param {GroupState} group @param {number | undefined} cursor */
  #replay(group, cursor) {
    const head = group.events.at(-1)?.seq ?? 0;
    this.#positions.set(group.id, head);
    if (cursor === undefined) return;
    /** @param {string} reason @param {number} from @param {number} to */
    const gap = (reason, from, to) => this.say({ type: 'gap', group: group.id, from, to, reason });
    if (cursor > head) return gap('reset', head + 1, cursor);
    if (cursor + 1 < group.first) gap('expired', cursor + 1, group.first - 1);
    const missed = group.events.filter((event) => event.seq > cursor && event.seq >= group.first);
    if (missed.length > REPLAY_LIMIT) gap('too_many', missed[0].seq, missed[missed.length - REPLAY_LIMIT - 1].seq);
    for (const event of missed.slice(-REPLAY_LIMIT)) this.#show(event);
  }

  /** @param {any} frame @returns {object | undefined} */
  #extend(frame) {
    const claims = readToken(frame.token);
    if (claims?.sub !== this.user) {
      this.#error(frame, 'forbidden');
      return undefined;
    }
    this.#endAt(claims.exp);
    return { type: 'ok' };
  }

  /** @param {number} exp seconds */
  #endAt(exp) {
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.close(4002, 'token expired'), exp * 1000 - Date.now());
  }

  /** @param {any} frame */
  #ping(frame) {
    for (const [id, seq] of Object.entries(frame.cursors ?? {})) {
      const group = this.#world.groups.get(id);
      if (group?.members.includes(this.user)) this.#world.advance(group, this.user, 'delivered', seq);
    }
    return { type: 'pong' };
  }

  /** @param {any} frame */
  #groups({ after, limit = 50 }) {
    const all = this.#world.groupsOf(this.user);
    const from = after === undefined ? 0 : all.findIndex((group) => group.id === after) + 1;
    const groups = all.slice(from, from + limit).map((group) => this.#world.describe(group, this.user));
    return { type: 'groups', groups, more: all.length > from + limit };
  }

  /** @param {any} frame */
  #create(frame) {
    const group = this.#world.createGroup(this.user, frame);
    return { type: 'group', ...this.#world.describe(group, this.user) };
  }

  /** @param {any} frame */
  #watch({ groups }) {
    this.#watched = groups.filter((/** @type {string} */ id) =>
      this.#world.groups.get(id)?.members.includes(this.user));
    const users = new Set(this.#watched.flatMap((id) => this.#world.groups.get(id)?.members ?? []));
    return { type: 'presence', users: [...users].map((id) => this.#world.presenceOf(id)) };
  }

  /** @param {string} other */
  #directWith(other) {
    return this.#world.users.has(other) ? this.#world.direct(this.user, other) : undefined;
  }

  /** @param {any} frame @param {GroupState} group */
  #send({ id, cid, text, kind, ref, mentions, data }, group) {
    const known = group.acks.get(`${this.user} ${cid}`);
    const refusal = known === undefined && this.#world.refusalOf(group, this.user, { kind, ref });
    if (refusal) {
      this.#error({ id }, refusal);
      return undefined;
    }
    const seq = known ?? this.#world.append(group, this.user, { cid, text, kind, ref, mentions, data }).seq;
    return { type: 'ack', group: group.id, cid, seq, time: group.events[seq - 1].time };
  }

  /** @param {GroupState} group @param {any} asked */
  #page(group, { before, after, limit = 50, ref, raw }) {
    const all = raw ? group.events.filter(({ seq }) => seq >= group.first) : this.#world.shownTo(group, this.user);
    const kept = ref === undefined ? all : all.filter((event) => event.ref === ref && !event.deleted);
    const state = { as_of: this.#positions.get(group.id) ?? group.events.at(-1)?.seq ?? 0 };
    if (after !== undefined) {
      const later = kept.filter((event) => event.seq > after);
      const messages = later.slice(0, limit);
      return { messages, more: later.length > limit, next: messages.at(-1)?.seq, ...state };
    }
    const earlier = kept.filter((event) => before === undefined || event.seq < before);
    const messages = earlier.slice(-limit);
    return { messages, more: earlier.length > limit, next: messages[0]?.seq, ...state };
  }

  /** @param {GroupState} group */
  #pins(group) {
    const messages = this.#world.shownTo(group, this.user).filter(({ pinned }) => pinned);
    return { messages: messages.reverse(), more: false, as_of: this.#positions.get(group.id) ?? 0 };
  }

  /** @param {any} frame @param {GroupState} group */
  #join(frame, group) {
    if (group.access !== 'open') {
      this.#error(frame, 'forbidden');
      return undefined;
    }
    this.#world.addMembers(group, this.user, [this.user]);
    return { type: 'ok' };
  }

  /** @param {GroupState} group @returns {undefined} */
  #typing(group) {
    for (const session of this.#world.sessions) {
      if (session.user !== this.user && session.#watched.includes(group.id)) {
        session.say({ type: 'typing', group: group.id, user: this.user });
      }
    }
  }

  /** @param {GroupState} group @param {HubEvent} event */
  deliver(group, event) {
    if (!this.#positions.has(group.id)) this.say({ type: 'group', ...this.#world.describe(group, this.user) });
    this.#positions.set(group.id, event.seq);
    this.#show(event);
  }

  /** @param {HubEvent} event */
  #show(event) {
    this.say({ type: 'message', ...(event.from === this.user ? event : withoutCid(event)) });
  }

  /** @param {string} id */
  dropGroup(id) {
    this.#positions.delete(id);
    this.say({ type: 'group', id, gone: true });
  }

  /** @param {string} user */
  caresFor(user) {
    return this.#world
      .groupsOf(this.user)
      .some((group) => group.members.includes(user) && (group.kind === 'direct' || this.#watched.includes(group.id)));
  }

  #ended() {
    clearTimeout(this.#expiry);
    if (!this.#world.sessions.delete(this) || this.#world.isOnline(this.user)) return;
    this.#world.user(this.user).lastSeen = this.#world.clock();
    this.#world.announce(this.user);
  }
}
