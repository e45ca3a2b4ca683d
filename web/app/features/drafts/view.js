import { h, icon, set } from '../../ui/dom.js';
import { Bar } from './bar.js';

/**
 * @typedef {import("./bar.js").State} State
 *
 * @typedef {object} Use what the field is for
 * @property {string} chat the name of what is written among the drafts
 * @property {string} title what the conversation is called
 * @property {string} [text] what is there before anything was written
 * @property {string} [placeholder]
 * @property {"Send" | "Save"} action what the button does
 * @property {State} [bar] what stands above it
 */

/** From here on the remaining characters are shown. */
const COUNT_FROM = 0.9;

/**
 * The field to write in. What is written is the draft of its conversation from the first letter on; the field itself
 * stays what and where it is while the conversation goes on under another name, for whoever is typing in it.
 */
export class Composer {
  #chat = '';
  #title = '';
  /** What is there before anything was written. */
  #text = '';
  #limit;
  #drafts;
  #send;
  #up;
  #cancel;
  #composing = false;
  /** What came from elsewhere while a word was being composed. @type {string | undefined} */
  #aside;
  #button = h('button', { class: 'send-button' });
  #bar = new Bar(() => this.#end());
  #count = h('span', { class: 'count', 'aria-live': 'polite' });
  #input;

  /**
   * @param {object} options
   * @param {() => number} options.limit in characters
   * @param {import("./store.js").Drafts} options.drafts
   * @param {(text: string) => boolean} options.onSend answers whether it is on its way, and the field is free
   * @param {() => void} options.onType
   * @param {() => boolean} options.onUp the arrow up in an empty field: answers whether that did anything
   * @param {() => boolean} options.onCancel what the bar tells of is to end: answers whether anything did
   */
  constructor({ limit, drafts, onSend, onType, onUp, onCancel }) {
    this.#limit = limit;
    this.#drafts = drafts;
    this.#send = onSend;
    this.#up = onUp;
    this.#cancel = onCancel;
    this.#input = h('textarea', {
      rows: '1',
      'aria-label': 'Message',
      placeholder: 'Write a message',
      enterkeyhint: 'send',
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#pressed(event),
      oncompositionstart: () => {
        this.#composing = true;
      },
      oncompositionend: () => this.#composed(),
      oninput: () => {
        this.#drafts.set(this.#chat, this.#input.value, this.#title);
        if (this.#input.value !== '') onType();
        this.#changed();
      },
    });
    this.element = h(
      'form',
      { class: 'composer', onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      this.#bar.element,
      h('div', { class: 'composer-box' }, this.#input, this.#count, this.#button),
    );
    drafts.on('moved', ({ from, to }) => {
      if (from === this.#chat) this.#chat = to;
    });
    drafts.on('changed', (chat) => chat === this.#chat && this.#fill());
    this.#changed();
  }

  focus() {
    this.#input.focus({ preventScroll: true });
  }

  /** @param {Use} use @returns {boolean} whether it is for something else than before */
  show({ chat, title, text = '', placeholder = `Message ${title}`, action, bar }) {
    this.#input.placeholder = placeholder;
    this.#title = title;
    this.#text = text;
    this.#bar.show(bar);
    if (this.#button.title !== action) {
      set(this.#button, 'title', action);
      set(this.#button, 'aria-label', action);
      this.#button.replaceChildren(icon(action === 'Send' ? 'send' : 'check'));
    }
    if (chat === this.#chat) return false;
    this.#chat = chat;
    this.#fill();
    this.#changed();
    return true;
  }

  /** Shows what is kept; where that has grown at its beginning, the cursor stays with the words it was in. */
  #fill() {
    const text = this.#drafts.get(this.#chat) || this.#text;
    const { value } = this.#input;
    if (text === value) return;
    if (this.#composing) this.#aside = text;
    else if (value !== '' && text.endsWith(value)) {
      this.#input.setRangeText(text.slice(0, -value.length), 0, 0, 'preserve');
    } else this.#input.value = text;
    this.#changed();
  }

  #composed() {
    this.#composing = false;
    const aside = this.#aside;
    this.#aside = undefined;
    if (!aside || this.#input.value.includes(aside)) return;
    this.#input.setRangeText(`${aside}\n`, 0, 0, 'preserve');
    this.#drafts.set(this.#chat, this.#input.value, this.#title);
    this.#changed();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const isPlain = !event.isComposing && !(event.shiftKey || event.altKey || event.ctrlKey || event.metaKey);
    const isDone = isPlain
      && ((event.key === 'ArrowUp' && this.#input.value === '' && this.#up())
        || (event.key === 'Escape' && this.#cancel()));
    if (isDone) event.preventDefault();
    // On a keyboard of glass Enter makes a new line, and the button sends.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || matchMedia('(pointer: coarse)').matches) return;
    this.#submit(event);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = this.#input.value.trim();
    if (text === '' || [...text].length > this.#limit()) return;
    if (this.#send(text)) this.#input.value = '';
    this.#changed();
    this.focus();
  }

  /** The bar's own button. */
  #end() {
    this.#cancel();
    this.focus();
  }

  #changed() {
    const { length } = [...this.#input.value.trim()];
    const left = this.#limit() - length;
    this.#count.textContent = length > this.#limit() * COUNT_FROM ? String(left) : '';
    this.#count.classList.toggle('count-over', left < 0);
    this.#button.disabled = length === 0 || left < 0;
    this.#input.style.height = 'auto';
    // Outside of the page it has none to go by.
    if (this.#input.scrollHeight > 0) this.#input.style.height = `${this.#input.scrollHeight}px`;
  }
}
