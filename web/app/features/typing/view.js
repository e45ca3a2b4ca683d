import { h, oncePerFrame } from '../../ui/dom.js';
import { typingText } from './words.js';

/**
 * @typedef {import("../groups/store.js").Groups} Groups
 * @typedef {import("../people/store.js").People} People
 * @typedef {import("./store.js").Typing} Typing
 */

/** The line above the field: who is typing in the open conversation. */
export class TypingLine {
  element = h('p', { class: 'typing', 'aria-hidden': 'true' });
  #typing;
  #groups;
  #people;
  /** @type {string | undefined} */
  #group;

  /** @param {{ typing: Typing, groups: Groups, people: People }} stores */
  constructor({ typing, groups, people }) {
    this.#typing = typing;
    this.#groups = groups;
    this.#people = people;
    const update = oncePerFrame(() => this.#update());
    typing.on('changed', update);
    groups.on('changed', update);
    people.on('changed', update);
  }

  /** @param {string | undefined} group undefined where there is none yet */
  show(group) {
    this.#group = group;
    this.#update();
  }

  #update() {
    const text = this.#text();
    if (this.element.textContent !== text) this.element.textContent = text;
  }

  #text() {
    const group = this.#group === undefined ? undefined : this.#groups.get(this.#group);
    if (group === undefined) return '';
    const names = this.#typing.of(group.id).map((id) => this.#people.name(id));
    if (names.length === 0) return '';
    return this.#groups.partner(group) === undefined ? typingText(names, false) : `${names[0]} is typing…`;
  }
}
