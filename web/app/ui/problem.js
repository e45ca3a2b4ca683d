import { h, iconButton } from './dom.js';

/** Says what did not work, until it is read or something else is done. */
export class Problem {
  #text = h('span', {});
  element = h(
    'div',
    { class: 'problem problem-line', role: 'alert', hidden: true },
    this.#text,
    iconButton('close', 'Dismiss', { onclick: () => this.clear() }),
  );

  /** @param {unknown} error */
  show(error) {
    this.#text.textContent = `That did not work: ${/** @type {Error} */ (error).message}`;
    this.element.hidden = false;
  }

  clear() {
    this.element.hidden = true;
    this.#text.textContent = '';
  }
}
