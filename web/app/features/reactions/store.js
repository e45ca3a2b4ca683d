import { Emitter } from '../../../client/emitter.js';

/**
 * @typedef {import("../../../hubbub.js").Hubbub} Hubbub
 * @typedef {import("../../../hubbub.js").Reaction} Reaction
 * @typedef {Reaction & { waiting?: boolean }} Shown `waiting`: as this user wants it, and the hub has not answered yet
 */

/** What people react with most. */
export const FREQUENT = ['👍', '❤️', '😂', '🎉', '😮', '😢'];

/**
 * What this user reacts with. What was pressed shows as pressed at once; how many have done so, the hub alone says.
 *
 * @extends {Emitter<{ changed: string }>} `changed`: the group that something is waited for in, or no more
 */
export class Reactions extends Emitter {
  #hub;
  /** Event and emoji → whether it is wanted. @type {Map<string, { on: boolean }>} */
  #wishes = new Map();

  /** @param {Pick<Hubbub, "react">} hub */
  constructor(hub) {
    super();
    this.#hub = hub;
  }

  /**
   * Those of a message, with what is waited for.
   *
   * @param {string} group
   * @param {number} seq
   * @param {Reaction[]} reactions
   * @returns {Shown[]}
   */
  of(group, seq, reactions) {
    const known = reactions.map((reaction) => {
      const wish = this.#wishes.get(keyOf(group, seq, reaction.emoji));
      return wish === undefined ? reaction : { ...reaction, mine: wish.on, waiting: true };
    });
    const prefix = keyOf(group, seq, '');
    const news = [...this.#wishes].filter(([key, { on }]) => on && key.startsWith(prefix));
    const unknown = news
      .map(([key]) => ({ emoji: key.slice(prefix.length), count: 1, mine: true, waiting: true }))
      .filter(({ emoji }) => !reactions.some((each) => each.emoji === emoji));
    return [...known, ...unknown];
  }

  /**
   * Reacts, or takes that back.
   *
   * @param {string} group
   * @param {number} seq
   * @param {string} emoji
   * @param {boolean} on
   * @returns {Promise<void>} when the hub has answered
   * @throws {import("../../../hubbub.js").HubbubError} what it refuses is not shown any more
   */
  async react(group, seq, emoji, on) {
    const key = keyOf(group, seq, emoji);
    const wish = { on };
    this.#wishes.set(key, wish);
    this.emit('changed', group);
    try {
      await this.#hub.react(group, seq, emoji, on);
    } finally {
      // Pressed again meanwhile, it is the newer wish that counts.
      if (this.#wishes.get(key) === wish) this.#wishes.delete(key);
      this.emit('changed', group);
    }
  }
}

/** @param {string} group @param {number} seq @param {string} emoji */
const keyOf = (group, seq, emoji) => `${group}:${seq} ${emoji}`;
