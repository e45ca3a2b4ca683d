import { HubbubError, isPassing } from './errors.js';

/**
 * @typedef {import("./types.js").Frame} Frame
 *
 * @typedef {object} Call a request that has not been answered yet
 * @property {Frame} frame
 * @property {number} id
 * @property {string} [lane] calls of one lane are sent one after the other, each when the one before is answered
 * @property {string} [key] of the calls with one key that were not sent yet only the newest remains
 * @property {number} deadline when it is given up; never, for a call that must get through
 * @property {number} notBefore
 * @property {number | undefined} sentAt on the present connection
 * @property {number} size of its encoded frame
 * @property {(reply: any) => void} resolve
 * @property {(error: HubbubError) => void} reject
 * @property {Promise<any>} promise
 */

/** What a passing refusal without `retry_after` costs, in milliseconds. */
const DEFAULT_RETRY_AFTER = 1000;

/**
 * The requests under way. They outlive the connection: what was not answered when it ended is sent again on the next,
 * which is safe because every request of the protocol may be repeated (those that make something new carry a `cid`).
 */
export class Calls {
  #transmit;
  #now;
  #answerTimeout;
  #lastId = 0;
  /** @type {Map<number, Call>} in the order they were made */
  #calls = new Map();
  /** @type {Map<string, string>} lane → the lane that took its place */
  #aliases = new Map();

  /**
   * @param {object} options
   * @param {(frame: Frame) => number | undefined} options.transmit sends a frame and returns its size in bytes, or
   *   undefined when there is no connection
   * @param {() => number} options.now milliseconds
   * @param {number} options.answerTimeout milliseconds after which a call is sent once more
   */
  constructor({ transmit, now, answerTimeout }) {
    this.#transmit = transmit;
    this.#now = now;
    this.#answerTimeout = answerTimeout;
  }

  /**
   * @param {Omit<Frame, "id">} frame
   * @param {{ lane?: string, key?: string, timeout?: number }} [options] `timeout` in milliseconds; without, it is
   *   tried for ever
   * @returns {Promise<any>} the reply
   */
  make(frame, { lane, key, timeout = Infinity } = {}) {
    const waiting = key && [...this.#calls.values()].find((call) => call.key === key && call.sentAt === undefined);
    if (waiting) {
      waiting.frame = { ...frame, type: frame.type, id: waiting.id };
      return waiting.promise;
    }
    this.#lastId += 1;
    const id = this.#lastId;
    /** @type {any} */
    const call = {
      frame: { ...frame, id },
      id,
      lane: lane && (this.#aliases.get(lane) ?? lane),
      key,
      deadline: this.#now() + timeout,
      notBefore: 0,
      sentAt: undefined,
      size: 0,
    };
    call.promise = new Promise((resolve, reject) => {
      Object.assign(call, { resolve, reject });
    });
    this.#calls.set(id, call);
    this.flush();
    return call.promise;
  }

  /** Sends whatever may be sent now. */
  flush() {
    const now = this.#now();
    const busy = new Set();
    for (const call of this.#calls.values()) {
      const first = call.lane === undefined || !busy.has(call.lane);
      if (call.lane !== undefined) busy.add(call.lane);
      const unanswered = call.sentAt !== undefined && now - call.sentAt < this.#answerTimeout;
      if (first && !unanswered && now >= call.notBefore) {
        const size = this.#transmit(call.frame);
        if (size === undefined) return;
        call.size = size;
        call.sentAt = now;
      }
    }
  }

  /** Gives up what is past its deadline, and sends what has waited long enough. */
  tick() {
    const now = this.#now();
    for (const call of this.#calls.values()) {
      if (now >= call.deadline) {
        this.#finish(call).reject(new HubbubError('timeout', `no answer to ${call.frame.type} in time`));
      }
    }
    this.flush();
  }

  /** @param {Frame} reply @returns {boolean} whether it answered a call */
  answer(reply) {
    const call = this.#calls.get(Number(reply.re));
    if (call === undefined) return false;
    if (reply.type !== 'error') {
      if (call.lane !== undefined && typeof reply.group === 'string') this.#rename(call.lane, `group:${reply.group}`);
      this.#finish(call).resolve(reply);
    } else if (isPassing(reply.code)) {
      call.sentAt = undefined;
      call.notBefore = this.#now() + (reply.retry_after ?? DEFAULT_RETRY_AFTER);
      return true;
    } else {
      this.#finish(call).reject(new HubbubError(reply.code, reply.message, { retryAfter: reply.retry_after }));
    }
    this.flush();
    return true;
  }

  /** The connection is gone: everything is to be sent again. @param {number} [closeCode] */
  lineLost(closeCode) {
    const sent = [...this.#calls.values()].filter((call) => call.sentAt !== undefined);
    for (const call of sent) call.sentAt = undefined;
    if (closeCode !== 1009 || sent.length === 0) return;
    // A frame was too big for the hub. Sent again it would end every connection to come, so the biggest is given up.
    const biggest = sent.reduce((one, other) => (other.size > one.size ? other : one));
    this.#finish(biggest).reject(new HubbubError('too_large', 'the frame is larger than the hub takes', { closeCode }));
  }

  /** @param {HubbubError} error */
  rejectAll(error) {
    for (const call of this.#calls.values()) this.#finish(call).reject(error);
  }

  /** @param {Call} call */
  #finish(call) {
    this.#calls.delete(call.id);
    return call;
  }

  /**
   * What was addressed to a user goes on as sends to the group that the hub found for it.
   *
   * @param {string} lane
   * @param {string} name
   */
  #rename(lane, name) {
    if (lane === name) return;
    this.#aliases.set(lane, name);
    for (const call of this.#calls.values()) if (call.lane === lane) call.lane = name;
  }
}
