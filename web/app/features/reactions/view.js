import { h } from '../../ui/dom.js';

/**
 * @typedef {import("./store.js").Reactions} Reactions
 * @typedef {import("./store.js").Shown} Shown
 * @typedef {{ seq?: number, deleted?: boolean, reactions?: import("../../../hubbub.js").Reaction[] }} Row
 */

/** What people reacted with, below a message: a press adds one's own, or takes it back. */
export class Chips {
  place = /** @type {const} */ ('below');
  #reactions;
  #groupOf;
  #onReact;

  /**
   * @param {Reactions} reactions
   * @param {object} hands
   * @param {() => string | undefined} hands.groupOf the open group
   * @param {(seq: number, emoji: string, on: boolean) => void} hands.onReact
   */
  constructor(reactions, { groupOf, onReact }) {
    this.#reactions = reactions;
    this.#groupOf = groupOf;
    this.#onReact = onReact;
  }

  /** @param {Row} row @returns {Shown[] | undefined} */
  signature({ seq, deleted, reactions = [] }) {
    const group = this.#groupOf();
    if (seq === undefined || group === undefined || deleted) return undefined;
    const shown = this.#reactions.of(group, seq, reactions);
    return shown.length > 0 ? shown : undefined;
  }

  /** @param {Row} row */
  render(row) {
    const chips = /** @type {Shown[]} */ (this.signature(row));
    return h(
      'div',
      { class: 'reactions', role: 'group', 'aria-label': 'Reactions' },
      ...chips.map((chip) => this.#chip(Number(row.seq), chip)),
    );
  }

  /** @param {number} seq @param {Shown} chip */
  #chip(seq, { emoji, count, mine, waiting }) {
    return h(
      'button',
      {
        type: 'button',
        class: waiting ? 'reaction reaction-waiting' : 'reaction',
        'aria-pressed': String(mine),
        'data-stop': emoji,
        tabindex: '-1',
        onclick: () => this.#onReact(seq, emoji, !mine),
      },
      h('span', { class: 'reaction-emoji' }, emoji),
      ' ',
      h('span', { class: 'reaction-count' }, count),
    );
  }
}
