import { h } from '../../ui/dom.js';

/**
 * @typedef {import("../messages/store.js").Timelines} Timelines
 * @typedef {import("../people/store.js").People} People
 */

/** Tells who listens rather than looks what is said in the open conversation. */
export class Announcer {
  element = h('div', { class: 'visually-hidden', role: 'log', 'aria-live': 'polite', 'aria-label': 'New messages' });

  /**
   * @param {{ me: string, timelines: Timelines, people: People }} stores
   * @param {() => string | undefined} openGroup
   */
  constructor({ me, timelines, people }, openGroup) {
    timelines.on('arrived', ({ group, from, kind, text }) => {
      if (group !== openGroup() || kind !== 'text' || from === me) return;
      this.element.append(h('p', {}, `${people.name(from)}: ${text}`));
      while (this.element.childElementCount > 5) this.element.firstElementChild?.remove();
    });
  }
}
