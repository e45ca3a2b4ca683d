/**
 * What a client is made with, and what it tells.
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
 * @property {import("./types.js").StateChange} state
 * @property {import("./types.js").Welcome} welcome after each connect
 * @property {string[]} features when they are others than before: what the hub can do now
 * @property {import("./types.js").HubEvent} message each event once, a group's in order
 * @property {import("./types.js").Group} group
 * @property {import("./types.js").Gap} gap events that will not be replayed; `history` has those that still exist
 * @property {import("./types.js").Presence[]} presence
 * @property {{ group: string, user: string }} typing
 * @property {import("./types.js").Receipt} receipt
 * @property {import("./types.js").Bye} bye
 * @property {import("./errors.js").HubbubError} error what went wrong without anybody having asked
 * @property {import("./types.js").Frame} frame every frame, unknown ones too
 */

/** @type {Timing} */
export const TIMING = {
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
