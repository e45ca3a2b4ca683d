import { h, icon } from '../../ui/dom.js';

/** From here on the remaining characters are shown. */
const COUNT_FROM = 0.9;

/**
 * The field to write in. What is written is the draft of its conversation from the first letter on; the field itself
 * stays what and where it is while the conversation goes on under another name, for whoever is typing in it.
 */
export class Composer {
  #chat = '';
  #title = '';
  #limit;
  #drafts;
  #send;
  #composing = false;
  /** What came from elsewhere while a word was being composed. @type {string | undefined} */
  #aside;
  #button = h('button', { class: 'send-button', 'aria-label': 'Send', title: 'Send' }, icon('send'));
  #count = h('span', { class: 'count', 'aria-live': 'polite' });
  #input;

  /**
   * @param {object} options
   * @param {() => number} options.limit in characters
   * @param {import("./store.js").Drafts} options.drafts
   * @param {(text: string) => void} options.onSend
   * @param {() => void} options.onType
   */
  constructor({ limit, drafts, onSend, onType }) {
    this.#limit = limit;
    this.#drafts = drafts;
    this.#send = onSend;
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

  /**
   * Shows the draft of a conversation.
   *
   * @param {string} chat
   * @param {string} title
   * @returns {boolean} whether it is another one
   */
  show(chat, title) {
    this.#input.placeholder = `Message ${title}`;
    this.#title = title;
    if (chat === this.#chat) return false;
    this.#chat = chat;
    this.#fill();
    return true;
  }

  /** Shows what is kept; where that has grown at its beginning, the cursor stays with the words it was in. */
  #fill() {
    const text = this.#drafts.get(this.#chat);
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
    // On a keyboard of glass Enter makes a new line, and the button sends.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || matchMedia('(pointer: coarse)').matches) return;
    this.#submit(event);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = this.#input.value.trim();
    if (text === '' || [...text].length > this.#limit()) return;
    this.#send(text);
    this.#input.value = '';
    this.#changed();
    this.focus();
  }

  #changed() {
    const { length } = [...this.#input.value.trim()];
    const left = this.#limit() - length;
    this.#count.textContent = length > this.#limit() * COUNT_FROM ? String(left) : '';
    this.#count.classList.toggle('count-over', left < 0);
    this.#button.disabled = length === 0 || left < 0;
    this.#input.style.height = 'auto';
    this.#input.style.height = `${this.#input.scrollHeight}px`;
  }
}
