import { h } from '../../ui/dom.js';

/**
 * @typedef {import("../messages/store.js").Timelines} Timelines
 * @typedef {import("../people/store.js").People} People
 * @typedef {{ group: string, seq: number, line: HTMLElement }} Told
 */

/** So much of what was told stays, for who listens late. */
const KEPT = 5;

/** Tells who listens rather than looks what is said in the open conversation. */
export class Announcer {
  element = h('div', { class: 'visually-hidden', role: 'log', 'aria-live': 'polite', 'aria-label': 'New messages' });
  #timelines;
  #people;
  /** @type {Told[]} */
  #told = [];

  /**
   * @param {{ me: string, timelines: Timelines, people: People }} stores
   * @param {() => string | undefined} openGroup
   */
  constructor({ me, timelines, people }, openGroup) {
    this.#timelines = timelines;
    this.#people = people;
    timelines.on('arrived', ({ group, seq, from, kind, text }) => {
      if (group !== openGroup() || kind !== 'text' || from === me) return;
      const line = h('p', {}, this.#words(from, text));
      this.element.append(line);
      this.#told.push({ group, seq, line });
      while (this.#told.length > KEPT) this.#told.shift()?.line.remove();
    });
    timelines.on('changed', (group) => this.#review(group));
  }

  /** What was deleted or changed is not to be heard as it was. @param {string} group */
  #review(group) {
    for (const told of this.#told.filter((each) => each.group === group)) {
      const event = this.#timelines.of(group).at(told.seq);
      const words = event === undefined || event.deleted ? undefined : this.#words(event.from, event.text);
      if (words === undefined) told.line.remove();
      else if (told.line.textContent !== words) told.line.textContent = words;
    }
    this.#told = this.#told.filter(({ line }) => line.parentElement !== null);
  }

  /** @param {string} from @param {string} [text] */
  #words(from, text = '') {
    return `${this.#people.name(from)}: ${text}`;
  }
}
