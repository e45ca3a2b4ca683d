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
import { Conversations } from './client/conversations.js';
import { Cursors } from './client/cursors.js';
import { HubbubError } from './client/errors.js';
import { TIMING } from './client/options.js';
import { Talk } from './client/talk.js';

export { Accounts } from './client/accounts.js';
export { newCid } from './client/cid.js';
export { HubbubError } from './client/errors.js';
export { Timeline } from './client/timeline.js';
export { TokenKeeper } from './client/token-keeper.js';

/**
 * @typedef {import("./client/types.js").HubEvent} HubEvent
 * @typedef {import("./client/types.js").Reaction} Reaction
 * @typedef {import("./client/types.js").Group} Group
 * @typedef {import("./client/types.js").Welcome} Welcome
 * @typedef {import("./client/types.js").Ack} Ack
 * @typedef {import("./client/types.js").Message} Message
 * @typedef {import("./client/types.js").HistoryPage} HistoryPage
 * @typedef {import("./client/types.js").GroupPage} GroupPage
 * @typedef {import("./client/types.js").Pins} Pins
 * @typedef {import("./client/types.js").Seen} Seen
 * @typedef {import("./client/types.js").ReactionPage} ReactionPage
 * @typedef {import("./client/types.js").Profile} Profile
 * @typedef {import("./client/types.js").Presence} Presence
 * @typedef {import("./client/types.js").Receipt} Receipt
 * @typedef {import("./client/types.js").Gap} Gap
 * @typedef {import("./client/types.js").Bye} Bye
 * @typedef {import("./client/types.js").Frame} Frame
 * @typedef {import("./client/types.js").StateChange} StateChange
 * @typedef {import("./client/types.js").LinkState} LinkState
 * @typedef {import("./client/options.js").Options} Options
 * @typedef {import("./client/options.js").Timing} Timing
 * @typedef {import("./client/options.js").Events} Events
 */

/** What is handed on as it came, by the name of its frame. */
const BROADCASTS = new Set(['message', 'group', 'gap', 'typing', 'receipt', 'bye']);

const now = () => performance.now();

export class Hubbub extends Talk {
  /** @type {Timing} */
  #timing;
  #cursors;
  #calls;
  #conversations;
  #connection;
  #deliveredAt = 0;
  /** @type {Map<string, number>} */
  #typedAt = new Map();
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
    this.#conversations = new Conversations({
      me: () => this.session?.user,
      ask: (group, page) => this.#request({ type: 'history', group, ...page }),
    });
    /** @type {import("./client/requests.js").Hands} */
    this.hands = {
      ask: (frame, key) => this.#request(frame, key),
      say: (frame, lane) => this.#calls.make(/** @type {Frame} */ (frame), { lane }),
      conversations: this.#conversations,
      cursors: this.#cursors,
    };
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
   * Tells who watches the group that this user types. Call it at every key: it is sent at most every few seconds.
   *
   * @param {string} group
   */
  typing(group) {
    if (now() - (this.#typedAt.get(group) ?? -Infinity) < this.#timing.typingEvery) return;
    if (this.#connection.send({ type: 'typing', group }) !== undefined) this.#typedAt.set(group, now());
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
    /** @type {Gap[]} */
    const gaps = [];
    for (const group of welcome.groups) {
      gaps.push(...this.#cursors.startAfter(group.id, group.head));
      this.#conversations.meet(group);
    }
    this.learn(welcome.features);
    this.emit('welcome', welcome);
    for (const gap of gaps) this.#miss(gap);
  }

  #resume() {
    this.watchAgain();
    this.#calls.flush();
    this.#connecting?.resolve(/** @type {Welcome} */ (this.session));
    this.#connecting = undefined;
  }

  /** @param {Frame} frame */
  #receive(frame) {
    const event = /** @type {any} */ (frame);
    const fresh = frame.type !== 'message' || this.#cursors.accept(frame.group, frame.seq);
    if (frame.type === 'message' && fresh) this.#conversations.hear(event);
    if (frame.type === 'group') this.#note(event);
    if (frame.type === 'gap') this.#skip(event);

    if (frame.type === 'features') this.learn(event.features);
    else if (frame.type === 'presence') this.emit('presence', event.users);
    else if (fresh && BROADCASTS.has(frame.type)) this.emit(/** @type {keyof Events} */ (frame.type), event);
    this.emit('frame', frame);

    const answered = frame.re !== undefined && this.#calls.answer(frame);
    if (frame.type === 'error' && !answered) this.emit('error', new HubbubError(frame.code, frame.message));
  }

  /** @param {Group} group */
  #note(group) {
    const gaps = group.gone ? [] : this.#cursors.startAfterIfLeftOut(group.id, group.head);
    if (group.gone) this.#cursors.forget(group.id);
    else this.#cursors.meet(group.id);
    this.#conversations.meet(group);
    for (const gap of gaps) this.#miss(gap);
  }

  /** What `hello` had no room for is missed as if the hub had said so. @param {Gap} gap */
  #miss(gap) {
    this.#skip(gap);
    this.emit('gap', gap);
  }

  /** @param {Gap} gap */
  #skip(gap) {
    this.#cursors.skip(gap);
    this.#conversations.skip(gap);
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
