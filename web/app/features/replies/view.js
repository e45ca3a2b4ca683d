import { h } from '../../ui/dom.js';
import { quoteOf } from './words.js';

/**
 * @typedef {import("../people/store.js").People} People
 * @typedef {import("./store.js").Originals} Originals
 * @typedef {{ repliesTo?: number }} Row a message of the conversation, with the seq of what it replies to
 */

/** What a message replies to, above its text; a press leads there. */
export class Quotes {
  place = /** @type {const} */ ('above');
  #me;
  #originals;
  #people;
  #groupOf;
  #onJump;

  /**
   * @param {{ me: string, originals: Originals, people: People }} stores
   * @param {{ groupOf: () => string | undefined, onJump: (seq: number) => void }} hands `groupOf`: the open group
   */
  constructor({ me, originals, people }, { groupOf, onJump }) {
    this.#me = me;
    this.#originals = originals;
    this.#people = people;
    this.#groupOf = groupOf;
    this.#onJump = onJump;
  }

  /** @param {Row} row */
  signature({ repliesTo }) {
    const group = this.#groupOf();
    if (repliesTo === undefined || group === undefined) return undefined;
    return quoteOf(this.#originals.of(group, repliesTo), this.#me, (id) => this.#people.name(id));
  }

  /** @param {Row} row */
  render(row) {
    const { name, text } = /** @type {import("./words.js").Quote} */ (this.signature(row));
    return h(
      'button',
      {
        type: 'button',
        class: 'quote',
        'data-stop': 'quote',
        tabindex: '-1',
        onclick: () => this.#onJump(Number(row.repliesTo)),
      },
      hidden('In reply to '),
      name !== '' && h('span', { class: 'quote-name' }, h('bdi', {}, name), hidden(': ')),
      h('span', { class: 'quote-text', dir: 'auto' }, text),
    );
  }
}

/** For who listens rather than looks. @param {string} text */
const hidden = (text) => h('span', { class: 'visually-hidden' }, text);
