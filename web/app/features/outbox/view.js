import { copyButton } from '../../ui/copy.js';
import { h, oncePerFrame, reconcile } from '../../ui/dom.js';
import { chatKey } from '../drafts/store.js';

/**
 * @typedef {import("../drafts/store.js").Drafts} Drafts
 * @typedef {import("../drafts/store.js").Target} Target
 * @typedef {import("./sender.js").Sender} Sender
 * @typedef {import("./store.js").Outbox} Outbox
 * @typedef {{ key: string, cid?: string, text: string, note: string, failed: boolean }} Item
 */

/** What was written in a chat that cannot take it: each text with the reason and with what can be done. */
export class Unsent {
  #outbox;
  #drafts;
  #sender;
  /** @type {Target} */
  #target = {};
  #list = h('ul', { class: 'unsent-list', 'aria-labelledby': 'unsent-heading' });
  element = h(
    'section',
    { class: 'unsent', hidden: true },
    h('h3', { id: 'unsent-heading' }, 'What you wrote here was not sent'),
    h('p', {}, 'It is kept in this browser until you delete it.'),
    this.#list,
  );

  /** @param {{ outbox: Outbox, drafts: Drafts, sender: Sender }} stores */
  constructor({ outbox, drafts, sender }) {
    this.#outbox = outbox;
    this.#drafts = drafts;
    this.#sender = sender;
    const update = oncePerFrame(() => this.#update());
    outbox.on('changed', update);
    drafts.on('changed', update);
  }

  /** @param {Target} target */
  show(target) {
    this.#target = target;
    this.#update();
  }

  #update() {
    if (this.#target.group === undefined && this.#target.to === undefined) return;
    const items = this.#items();
    this.element.hidden = items.length === 0;
    reconcile(this.#list, items, {
      key: ({ key }) => key,
      signature: JSON.stringify,
      render: (item) => this.#line(item),
    });
  }

  /** @returns {Item[]} */
  #items() {
    const pending = this.#outbox.of(this.#target).filter(({ state }) => state !== 'stored');
    const items = pending.map(({ cid, text, state, reason }) => {
      const failed = state === 'failed';
      return { key: cid, cid, text, failed, note: failed ? `Not sent: ${reason}` : 'Waiting to be sent' };
    });
    const draft = this.#drafts.get(chatKey(this.#target));
    return draft === '' ? items : [...items, { key: 'draft', text: draft, failed: false, note: 'Draft' }];
  }

  /** @param {Item} item */
  #line({ cid, text, note, failed }) {
    const discard = () => (cid === undefined ? this.#drafts.discard(chatKey(this.#target)) : this.#outbox.remove(cid));
    return h(
      'li',
      { class: 'unsent-item' },
      h('p', { class: 'unsent-text', dir: 'auto' }, text),
      h(
        'p',
        { class: failed ? 'failure' : 'unsent-note' },
        `${note}. `,
        failed
          && h(
            'button',
            { type: 'button', class: 'link-button', onclick: () => cid !== undefined && this.#sender.retry(cid) },
            'Try again',
          ),
        ' ',
        copyButton(text),
        ' ',
        h('button', { type: 'button', class: 'link-button', onclick: discard }, 'Delete'),
      ),
    );
  }
}
