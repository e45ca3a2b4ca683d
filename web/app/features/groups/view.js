import { avatar } from '../../ui/avatar.js';
import { h, reconcile, set } from '../../ui/dom.js';
import { counted, shortTime } from '../../ui/format.js';
import { groupHref } from '../../ui/route.js';
import { typingText } from '../typing/words.js';
import { DELETED, isShown, noteOf } from './events.js';
import { unreadIn } from './store.js';

/**
 * @typedef {import("../outbox/store.js").Outbox} Outbox
 * @typedef {import("../people/store.js").People} People
 * @typedef {import("../presence/store.js").Presence} Presence
 * @typedef {import("../typing/store.js").Typing} Typing
 * @typedef {import("./store.js").Groups} Groups
 * @typedef {import("./store.js").KnownGroup} KnownGroup
 * @typedef {import("./titles.js").Titles} Titles
 *
 * @typedef {object} Needs
 * @property {string} me
 * @property {Groups} groups
 * @property {Titles} titles
 * @property {People} people
 * @property {Presence} presence
 * @property {Typing} typing
 * @property {Outbox} outbox
 *
 * @typedef {object} GroupItem what a line of the list shows
 * @property {string} id
 * @property {string} title
 * @property {string | undefined} partner
 * @property {string} preview
 * @property {boolean} typing
 * @property {string} time
 * @property {number} unread
 * @property {boolean} online
 * @property {boolean} current
 */

/** The list of groups, the newest activity first. */
export class GroupList {
  element = h('ul', { class: 'group-list', 'aria-label': 'Your chats' });
  #me;
  #groups;
  #titles;
  #people;
  #presence;
  #typing;
  #outbox;

  /** @param {Needs} needs */
  constructor({ me, groups, titles, people, presence, typing, outbox }) {
    this.#me = me;
    this.#groups = groups;
    this.#titles = titles;
    this.#people = people;
    this.#presence = presence;
    this.#typing = typing;
    this.#outbox = outbox;
  }

  /**
   * @param {string} query what titles are to contain
   * @param {string | undefined} current the open group
   * @returns {number} how many are shown
   */
  update(query, current) {
    const items = this.#groups
      .sorted()
      .map((group) => this.#item(group, current))
      .filter(({ title }) => matches(title, query));
    reconcile(this.element, items, { key: ({ id }) => id, signature: JSON.stringify, render: groupLine });
    return items.length;
  }

  /** @param {KnownGroup} group @param {string | undefined} current @returns {GroupItem} */
  #item(group, current) {
    const typing = this.#typing.of(group.id).map((id) => this.#people.name(id));
    const partner = this.#groups.partner(group);
    return {
      id: group.id,
      title: this.#titles.of(group),
      partner,
      preview: typing.length > 0 ? typingText(typing, partner !== undefined) : this.#preview(group),
      typing: typing.length > 0,
      time: group.last ? shortTime(group.last.time) : '',
      unread: unreadIn(group),
      online: partner !== undefined && partner !== this.#me && this.#presence.of(partner).online,
      current: group.id === current,
    };
  }

  /** @param {KnownGroup} group */
  #preview(group) {
    const waiting = this.#outbox.of({ group: group.id }).at(-1);
    if (waiting) return `${waiting.state === 'failed' ? 'Not sent' : 'You'}: ${waiting.text}`;
    const { last } = group;
    if (last === undefined || (group.kind === 'direct' && last.kind !== 'text')) return 'No messages yet';
    if (!isShown(last)) return '';
    if (last.deleted) return DELETED;
    if (last.kind !== 'text') return noteOf(last, this.#me, (id) => this.#people.name(id));
    if (last.from === this.#me) return `You: ${last.text}`;
    return group.kind === 'direct' ? (last.text ?? '') : `${this.#people.name(last.from)}: ${last.text}`;
  }
}

/** @param {string} title @param {string} query */
function matches(title, query) {
  return title.toLocaleLowerCase().includes(query.toLocaleLowerCase());
}

/** @param {GroupItem} item */
function groupLine({ id, title, partner, preview, typing, time, unread, online, current }) {
  const badge = unread > 0
    && h(
      'span',
      { class: 'badge' },
      unread > 999 ? '999+' : unread,
      h('span', { class: 'visually-hidden' }, ` ${counted(unread, 'unread message').slice(String(unread).length + 1)}`),
    );
  const link = h(
    'a',
    { class: 'group-line', href: groupHref(id) },
    avatar(partner ?? id, title, { square: partner === undefined, online }),
    h('span', { class: 'line-title' }, title, online && h('span', { class: 'visually-hidden' }, ' (online)')),
    h('span', { class: 'line-time' }, time),
    h('span', { class: typing ? 'line-preview line-typing' : 'line-preview' }, preview),
    badge,
  );
  set(link, 'aria-current', current && 'page');
  return h('li', {}, link);
}
