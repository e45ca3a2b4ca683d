import { newCid } from './cid.js';
import { HubbubError } from './errors.js';
import { Requests } from './requests.js';

/**
 * What a user says and does in a group's sequence. Each is a send: repeated under one `cid` until the hub has stored
 * it, and, in one group, one after the other.
 *
 * @typedef {import("./types.js").Ack} Ack
 * @typedef {import("./types.js").Message} Message
 */

/** What people call what a kind does, for the sentence that says that a hub cannot do it. */
const DEEDS = { reaction: 'reactions', edited: 'editing', deleted: 'deleting', pinned: 'pinning' };

export class Talk extends Requests {
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
    return this.hands.say({ type: 'send', cid, ...message }, lane);
  }

  /**
   * Replies to an event of a group.
   *
   * @param {string} group
   * @param {number} seq which one
   * @param {string} text
   * @param {Pick<Message, "cid" | "data" | "mentions">} [more]
   * @returns {Promise<Ack>}
   */
  reply(group, seq, text, more = {}) {
    return this.send({ group, text, ref: `${group}:${seq}`, ...more });
  }

  /**
   * Reacts to an event, or takes that back.
   *
   * @param {string} group
   * @param {number} seq
   * @param {string} emoji
   * @param {boolean} [on]
   * @returns {Promise<Ack>}
   */
  react(group, seq, emoji, on = true) {
    return this.#act('reaction', group, seq, { data: { emoji, on } });
  }

  /**
   * Gives an own message another text, and other mentions or none.
   *
   * @param {string} group
   * @param {number} seq
   * @param {string} text
   * @param {Pick<Message, "cid" | "mentions">} [more]
   * @returns {Promise<Ack>}
   */
  edit(group, seq, text, more = {}) {
    return this.#act('edited', group, seq, { text, ...more });
  }

  /**
   * Pins an event, or takes that back.
   *
   * @param {string} group
   * @param {number} seq
   * @param {boolean} [on]
   * @returns {Promise<Ack>}
   */
  pin(group, seq, on = true) {
    return this.#act('pinned', group, seq, { data: { on } });
  }

  /**
   * Deletes an event, by its seq: one's own, or as an admin anybody's. Given users, it makes them members no more, for
   * admins.
   *
   * @overload
   * @param {string} group
   * @param {number} what the event's seq
   * @returns {Promise<Ack>}
   */
  /**
   * @overload
   * @param {string} group
   * @param {string[]} what the users' ids
   * @returns {Promise<void>}
   */
  /** @param {string} group @param {number | string[]} what @returns {Promise<any>} */
  remove(group, what) {
    if (typeof what === 'number') return this.#act('deleted', group, what, {});
    return this.hands.ask({ type: 'remove', group, users: what });
  }

  /**
   * @param {keyof typeof DEEDS} kind
   * @param {string} group
   * @param {number} seq
   * @param {Pick<Message, "cid" | "text" | "data" | "mentions">} more
   * @returns {Promise<Ack>}
   */
  async #act(kind, group, seq, more) {
    // Before the first welcome only the hub can say.
    if (this.session !== undefined && !this.features.includes(`kind:${kind}`)) {
      throw new HubbubError('unsupported', `this hub does not know ${DEEDS[kind]}, or not yet on all of its nodes`);
    }
    return this.send({ group, kind, ref: `${group}:${seq}`, ...more });
  }
}
