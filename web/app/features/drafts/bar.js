import { h, iconButton } from '../../ui/dom.js';

/**
 * @typedef {object} State what the field is used for, beside saying something
 * @property {string} label
 * @property {string} [name] whom it is about
 * @property {string} [text] of the message that it is about
 * @property {string} [problem] why the hub did not take what was written
 * @property {string} cancel what ends it is called
 */

/** A line above the field: which message is replied to, or changed, by what is written. */
export class Bar {
  element = h('div', { class: 'writing-bar', hidden: true });
  #shown = '';
  #onCancel;

  /** @param {() => void} onCancel */
  constructor(onCancel) {
    this.#onCancel = onCancel;
  }

  /** @param {State | undefined} state */
  show(state) {
    const shown = JSON.stringify(state ?? null);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.element.hidden = state === undefined;
    this.element.replaceChildren(...(state === undefined ? [] : this.#content(state)));
  }

  /** @param {State} state @returns {HTMLElement[]} */
  #content({ label, name, text, problem, cancel }) {
    const title = h('p', { class: 'writing-title', role: 'status' }, label, name !== undefined && h('bdi', {}, name));
    const about = h('div', { class: 'writing-about' }, title, text && h('p', { class: 'quote-text', dir: 'auto' }, text));
    const end = iconButton('close', cancel, { onclick: this.#onCancel });
    const line = h('div', { class: 'writing-line' }, about, end);
    return problem === undefined ? [line] : [line, h('p', { class: 'problem', role: 'alert' }, problem)];
  }
}
