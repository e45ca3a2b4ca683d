import { avatar } from '../../ui/avatar.js';
import { h, reconcile } from '../../ui/dom.js';
import { groupHref, userHref } from '../../ui/route.js';
import { chatKey } from '../drafts/store.js';

/**
 * @typedef {import("../drafts/store.js").Target} Target
 * @typedef {import("./stranded.js").Stranded} Stranded
 * @typedef {import("./stranded.js").StrandedChat} StrandedChat
 */

/** The list of chats that hold something unsent and are in no other list. */
export class StrandedList {
  #stranded;
  #heading = h('h2', { class: 'list-heading', id: 'stranded-heading', hidden: true }, 'Not sent');
  #list = h('ul', { class: 'group-list stranded-list', 'aria-labelledby': 'stranded-heading' });
  elements = [this.#heading, this.#list];

  /** @param {Stranded} stranded */
  constructor(stranded) {
    this.#stranded = stranded;
  }

  /** @param {Target} open the chat that is looked at @returns {number} how many are shown */
  update(open) {
    const key = chatKey(open);
    // Where one is just writing is nothing to be reminded of.
    const chats = this.#stranded
      .all()
      .filter(({ chat, draft, target }) => !(draft && chat === key && target.to !== undefined));
    reconcile(this.#list, chats, { key: ({ chat }) => chat, signature: JSON.stringify, render: line });
    this.#heading.hidden = chats.length === 0;
    return chats.length;
  }
}

/** @param {StrandedChat} chat */
function line({ target: { group, to = '' }, title, text, draft }) {
  return h(
    'li',
    {},
    h(
      'a',
      { class: 'group-line', href: group === undefined ? userHref(to) : groupHref(group) },
      avatar(group ?? to, title, { square: group !== undefined }),
      h('span', { class: 'line-title' }, title),
      h('span', { class: 'line-preview' }, `${draft ? 'Draft' : 'Not sent'}: ${text}`),
    ),
  );
}
