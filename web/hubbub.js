/**
 * The client of a hubbub chat hub: one connection that comes back by itself, messages that get through once and in
 * order.
 *
 *     import { Hubbub } from "https://hub.example/hubbub.js";
 *
 *     const hub = new Hubbub({ url: "https://hub.example", token });
 *     hub.on("message", ({ from, text }) => console.log(from, text));
 *     await hub.connect();
 *     await hub.send({ to: "ada", text: "Hello" });
 *
 * Runs in browsers and in Node 22 or later; elsewhere, hand in a `WebSocket` with the standard interface. The protocol
 * it speaks is in docs/protocol.md, its own manual in docs/client.md.
 */
import { Calls } from './client/calls.js';
import { CODECS } from './client/codec.js';
import { Connection } from './client/connection.js';
import { Cursors } from './client/cursors.js';
import { Emitter } from './client/emitter.js';
import { HubbubError } from './client/errors.js';

export { Accounts } from './client/accounts.js';
export { HubbubError } from './client/errors.js';
export { TokenKeeper } from './client/token-keeper.js';

/**
 * @typedef {import("./client/types.js").HubEvent} HubEvent
 * @typedef {import("./client/types.js").Group} Group
 * @typedef {import("./client/types.js").Welcome} Welcome
 * @typedef {import("./client/types.js").Ack} Ack
 * @typedef {import("./client/types.js").Message} Message
 * @typedef {import("./client/types.js").HistoryPage} HistoryPage
 * @typedef {import("./client/types.js").GroupPage} GroupPage
 * @typedef {import("./client/types.js").Presence} Presence
 * @typedef {import("./client/types.js").Receipt} Receipt
 * @typedef {import("./client/types.js").Gap} Gap
 * @typedef {import("./client/types.js").Bye} Bye
 * @typedef {import("./client/types.js").Frame} Frame
 * @typedef {import("./client/types.js").StateChange} StateChange
 * @typedef {import("./client/types.js").LinkState} LinkState
 *
 * @typedef {object} Options
 * @property {string | URL} url the hub's address, or its WebSocket's: `https://hub.example`, `wss://hub.example/ws`
 * @property {string | (() => string | Promise<string>)} [token] a JWT, or what gets one; a function is asked at each
 *   connect and shortly before the last one runs out
 * @property {() => Promise<string>} [ticket] gets a one-time ticket for each connect, in place of a token
 * @property {"json" | "msgpack"} [encoding] JSON when absent
 * @property {string} [device] a name for this device, 1 to 64 characters, made once and kept: it has delivered marks
 *   of its own, which operators see; without one it has none
 * @property {Record<string, number>} [cursors] group id → last seq held, to go on from an earlier `hub.cursors`
 * @property {any} [WebSocket] a class with the standard interface; the global one when absent
 * @property {Partial<Timing>} [timing]
 *
 * @typedef {object} Timing all in milliseconds
 * @property {number} backoffMin the ceiling of the first wait before reconnecting
 * @property {number} backoffMax the ceiling that doubling stops at
 * @property {number} welcomeTimeout from opening the socket to `welcome`
 * @property {number} answerTimeout after which an unanswered request is sent again
 * @property {number} requestTimeout after which a request is given up (a `send` never is)
 * @property {number} silence without a frame for so long, the hub is pinged
 * @property {number} pongTimeout without a frame for so long after that, the line counts as dead
 * @property {number} deliveredEvery at most so often the hub is told what was received
 * @property {number} typingEvery at most so often `typing` is sent for a group
 * @property {number} stableAfter a connection that lasted so long resets the backoff
 * @property {number} tick how often all this is looked at
 *
 * @typedef {object} Events
 * @property {StateChange} state
 * @property {Welcome} welcome after each connect
 * @property {string[]} features when they are others than before: what the hub can do now
 * @property {HubEvent} message each event once, a group's in order
 * @property {Group} group
 * @property {Gap} gap events that will not be replayed; `history` has those that still exist
 * @property {Presence[]} presence
 * @property {{ group: string, user: string }} typing
 * @property {Receipt} receipt
 * @property {Bye} bye
 * @property {HubbubError} error what went wrong without anybody having asked
 * @property {Frame} frame every frame, unknown ones too
 */

/** @type {Timing} */
const TIMING = {
  backoffMin: 500,
  backoffMax: 20_000,
  welcomeTimeout: 10_000,
  answerTimeout: 15_000,
  requestTimeout: 30_000,
  silence: 25_000,
  pongTimeout: 8_000,
  deliveredEvery: 3_000,
  typingEvery: 3_000,
  stableAfter: 5_000,
  tick: 500,
};

/** What is handed on as it came, by the name of its frame. */
const BROADCASTS = new Set(['message', 'group', 'gap', 'typing', 'receipt', 'bye']);

const now = () => performance.now();

/** A name for a message, never used before. */
export function newCid() {
  const bytes = crypto.getRandomValues(new Uint8Array(15));
  return Array.from(bytes, (byte) => byte.toString(36).padStart(2, '0')).join('');
}

/** @extends {Emitter<Events>} */
export class Hubbub extends Emitter {
  /** The last `welcome`; undefined before the first. @type {Welcome | undefined} */
  session;
  /**
   * What the hub can do, on all of its nodes, as it was last told; empty before the first `welcome`.
   *
   * @type {string[]}
   */
  features = [];

  /** @type {Timing} */
  #timing;
  #cursors;
  #calls;
  #connection;
  #deliveredAt = 0;
  /** @type {Map<string, number>} */
  #typedAt = new Map();
  /** @type {string[]} */
  #watched = [];
  /**
   * @type {{ promise: Promise<Welcome>, resolve: (welcome: Welcome) => void, reject: (error: HubbubError) => void } |
   *   undefined}
   */
  #connecting;

  /** @param {Options} options */
  constructor({ cursors, encoding = 'json', timing, ...options }) {
    super();
    this.#timing = { ...TIMING, ...timing };
    this.#cursors = new Cursors(cursors);
    this.#calls = new Calls({
      transmit: (frame) => this.#connection.send(frame),
      now,
      answerTimeout: this.#timing.answerTimeout,
    });
    this.#connection = new Connection(
      { ...options, codec: CODECS[encoding], timing: this.#timing, cursors: () => this.#cursors.forHello() },
      {
        onState: (change) => this.#changed(change),
        onWelcome: (welcome) => this.#welcomed(welcome),
        onFrame: (frame) => this.#receive(frame),
        onLost: (closeCode) => this.#calls.lineLost(closeCode),
        onError: (error) => this.emit('error', error),
        onTick: () => this.#tick(),
      },
    );
  }

  get state() {
    return this.#connection.state;
  }

  /** Group id → last seq held: keep it, and give it as `cursors` to go on where this client was. */
  get cursors() {
    return this.#cursors.all();
  }

  /**
   * Connects, and from then on stays connected until `close` or until the hub says not to come back.
   *
   * @returns {Promise<Welcome>} at the first `welcome`, however many attempts that takes
   * @throws {HubbubError} when the hub refuses for good
   */
  connect() {
    if (this.state === 'online' && this.session) return Promise.resolve(this.session);
    if (this.#connecting === undefined) {
      /** @type {any} */
      const connecting = {};
      connecting.promise = new Promise((resolve, reject) => {
        Object.assign(connecting, { resolve, reject });
      });
      this.#connecting = connecting;
    }
    const { promise } = /** @type {{ promise: Promise<Welcome> }} */ (this.#connecting);
    this.#connection.start();
    return promise;
  }

  /** Ends the connection; what is unanswered is rejected with `closed`. */
  close() {
    const error = new HubbubError('closed', 'the client was closed');
    this.#connection.stop(error);
    this.#calls.rejectAll(error);
  }

  /** While waiting to reconnect: tries now. While connected: makes sure that it still is. */
  wake() {
    this.#connection.wake();
  }

  /**
   * Sends a message and repeats it, under one `cid`, until the hub has stored it. Messages to one group keep their
   * order, those made without a connection too.
   *
   * @param {Message} message
   * @returns {Promise<Ack>} when it is stored
   * @throws {HubbubError} when the hub refuses it for good, or the client is closed
   */
  send({ cid = newCid(), ...message }) {
    const lane = message.group === undefined ? `to:${message.to}` : `group:${message.group}`;
    return this.#calls.make({ type: 'send', cid, ...message }, { lane });
  }

  /** Marks a group as read up to `seq`. @param {string} group @param {number} seq @returns {Promise<void>} */
  read(group, seq) {
    return this.#request({ type: 'read', group, seq }, `read:${group}`);
  }

  /**
   * Tells who watches the group that this user types. Call it at every key: it is sent at most every few seconds.
   *
   * @param {string} group
   */
  typing(group) {
    if (now() - (this.#typedAt.get(group) ?? -Infinity) < this.#timing.typingEvery) return;
    if (this.#connection.send({ type: 'typing', group }) !== undefined) this.#typedAt.set(group, now());
  }

  /**
   * A page of a group's events, ascending: the newest, those before a seq, or those after one.
   *
   * @param {string} group
   * @param {{ before?: number, after?: number, limit?: number }} [page] `before` and `after` exclusive; `limit` 50, at
   *   most 200
   * @returns {Promise<HistoryPage>}
   */
  history(group, page = {}) {
    return this.#request({ type: 'history', group, ...page });
  }

  /**
   * More of the user's groups than `welcome` had, newest activity first.
   *
   * @param {{ after?: string, limit?: number }} [page] `after`: the id of the last group one has
   * @returns {Promise<GroupPage>}
   */
  async groups(page = {}) {
    const reply = await this.#request({ type: 'groups', ...page });
    for (const group of reply.groups) this.#cursors.know(group.id, group.head);
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
    return this.#request({ type: 'create', cid, members, ...group });
  }

  /** @param {string} group @returns {Promise<void>} */
  join(group) {
    return this.#request({ type: 'join', group });
  }

  /** @param {string} group @returns {Promise<void>} */
  leave(group) {
    return this.#request({ type: 'leave', group });
  }

  /** For its admins. @param {string} group @param {string[]} users @returns {Promise<void>} */
  add(group, users) {
    return this.#request({ type: 'add', group, users });
  }

  /** For its admins. @param {string} group @param {string[]} users @returns {Promise<void>} */
  remove(group, users) {
    return this.#request({ type: 'remove', group, users });
  }

  /**
   * Shows who is online and who types in these groups, in place of those watched before; kept over reconnects.
   *
   * @param {string[]} groups at most 20
   * @returns {Promise<Presence[]>} how things stand now; changes come as `presence` and `typing`
   */
  async watch(groups) {
    this.#watched = groups;
    const reply = await this.#request({ type: 'watch', groups }, 'watch');
    return reply.users;
  }

  /** @param {Omit<Frame, "id">} frame @param {string} [key] @returns {Promise<any>} */
  #request(frame, key) {
    return this.#calls.make(/** @type {Frame} */ (frame), { key, timeout: this.#timing.requestTimeout });
  }

  /** @param {StateChange} change */
  #changed(change) {
    if (change.state === 'online') this.#resume();
    if (change.state === 'stopped' && change.error) {
      this.#connecting?.reject(change.error);
      this.#connecting = undefined;
    }
    this.emit('state', change);
  }

  /** @param {Welcome} welcome */
  #welcomed(welcome) {
    this.session = welcome;
    for (const group of welcome.groups) this.#cursors.startAfter(group.id, group.head);
    this.#learn(welcome.features);
    this.emit('welcome', welcome);
  }

  #resume() {
    if (this.#watched.length > 0) void this.watch(this.#watched).catch((error) => this.emit('error', error));
    this.#calls.flush();
    this.#connecting?.resolve(/** @type {Welcome} */ (this.session));
    this.#connecting = undefined;
  }

  /** @param {Frame} frame */
  #receive(frame) {
    const event = /** @type {any} */ (frame);
    const fresh = frame.type !== 'message' || this.#cursors.accept(frame.group, frame.seq);
    if (frame.type === 'group') this.#note(event);
    if (frame.type === 'gap') this.#cursors.skip(event);

    if (frame.type === 'features') this.#learn(event.features);
    else if (frame.type === 'presence') this.emit('presence', event.users);
    else if (fresh && BROADCASTS.has(frame.type)) this.emit(/** @type {keyof Events} */ (frame.type), event);
    this.emit('frame', frame);

    const answered = frame.re !== undefined && this.#calls.answer(frame);
    if (frame.type === 'error' && !answered) this.emit('error', new HubbubError(frame.code, frame.message));
  }

  /** @param {string[]} features */
  #learn(features) {
    const isNews = features.length !== this.features.length || features.some((name) => !this.features.includes(name));
    this.features = features;
    if (isNews) this.emit('features', features);
  }

  /** @param {Group} group */
  #note(group) {
    if (group.gone) this.#cursors.forget(group.id);
    else this.#cursors.meet(group.id);
  }

  #tick() {
    this.#calls.tick();
    if (this.state !== 'online' || now() - this.#deliveredAt < this.#timing.deliveredEvery) return;
    const cursors = this.#cursors.takeUnreported();
    if (cursors === undefined) return;
    this.#deliveredAt = now();
    this.#connection.send({ type: 'ping', cursors });
  }
}
