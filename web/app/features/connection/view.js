import { h } from '../../ui/dom.js';

/**
 * @typedef {import("../../../hubbub.js").StateChange} StateChange
 */

const GOOD_NEWS_MS = 2_500;

/** Says how the connection stands when it is not as it should be. */
export class Banner {
  #text = h('span', {});
  #retry;
  #wasLost = false;
  #retryAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import("./store.js").Connection} connection */
  constructor(connection) {
    this.#retry = h(
      'button',
      { type: 'button', class: 'link-button', onclick: () => connection.reconnect() },
      'Try now',
    );
    this.element = h(
      'div',
      { class: 'banner', role: 'status', 'data-link': 'idle' },
      h('span', { class: 'pulse', 'aria-hidden': 'true' }),
      this.#text,
      this.#retry,
    );
    connection.on('changed', (change) => this.#show(change));
  }

  /** @param {StateChange} change */
  #show({ state, retryIn = 0 }) {
    clearTimeout(this.#timer);
    this.element.dataset.link = state;
    this.#retry.hidden = state !== 'waiting';
    if (state === 'connecting') this.#text.textContent = this.#wasLost ? 'Reconnecting…' : 'Connecting…';
    if (state === 'waiting') {
      this.#wasLost = true;
      this.#retryAt = performance.now() + retryIn;
      this.#countDown();
    }
    if (state === 'online') {
      this.element.dataset.link = this.#wasLost ? 'back' : 'online';
      this.#text.textContent = this.#wasLost ? 'Back online' : '';
      this.#wasLost = false;
      this.#timer = setTimeout(() => this.#settle(), GOOD_NEWS_MS);
    }
  }

  #settle() {
    this.element.dataset.link = 'online';
    this.#text.textContent = '';
  }

  #countDown() {
    const seconds = Math.max(0, Math.round((this.#retryAt - performance.now()) / 1000));
    this.#text.textContent = seconds < 2 ? 'Connection lost. Reconnecting…' : `Connection lost. Next try in ${seconds} s`;
    this.#timer = setTimeout(() => this.#countDown(), 1000);
  }
}
