import { avatar } from '../../ui/avatar.js';
import { h, iconButton, oncePerFrame } from '../../ui/dom.js';
import { counted, lastSeen } from '../../ui/format.js';
import { toList } from '../../ui/route.js';

/**
 * @typedef {import("../connection/store.js").Connection} Connection
 * @typedef {import("../drafts/store.js").Target} Target
 * @typedef {import("../people/store.js").People} People
 * @typedef {import("../presence/store.js").Presence} Presence
 * @typedef {import("./store.js").Groups} Groups
 * @typedef {import("./store.js").KnownGroup} KnownGroup
 * @typedef {import("./titles.js").Titles} Titles
 *
 * @typedef {object} Needs
 * @property {string} me
 * @property {Groups} groups
 * @property {People} people
 * @property {Presence} presence
 * @property {Connection} connection
 * @property {Titles} titles
 */

/** The head of the open conversation: whom one talks to, and how they are. */
export class GroupHead {
  element = h('header', { class: 'talk-head' });
  #me;
  #groups;
  #people;
  #presence;
  #connection;
  #titles;
  #onDetails;
  /** @type {Target} */
  #target = {};
  #shown = '';

  /** @param {Needs} needs @param {() => void} onDetails */
  constructor({ me, groups, people, presence, connection, titles }, onDetails) {
    this.#me = me;
    this.#groups = groups;
    this.#people = people;
    this.#presence = presence;
    this.#connection = connection;
    this.#titles = titles;
    this.#onDetails = onDetails;
    const update = oncePerFrame(() => this.#update());
    groups.on('changed', update);
    people.on('changed', update);
    presence.on('changed', update);
    connection.on('changed', update);
  }

  /** @param {Target} target */
  show(target) {
    this.#target = target;
    this.#shown = '';
    this.#update();
  }

  #update() {
    const { group, to } = this.#target;
    const known = group === undefined ? undefined : this.#groups.get(group);
    if (known === undefined && to === undefined) return;
    const partner = known ? this.#groups.partner(known) : to;
    const title = known ? this.#titles.of(known) : this.#people.name(to ?? '');
    const about = this.#about(known, partner);
    const online = partner !== undefined && partner !== this.#me && this.#presence.of(partner).online;
    const shown = JSON.stringify([title, about, online, group]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const sign = avatar(partner ?? group ?? '', title, { square: partner === undefined, online });
    this.#render(sign, h('div', { class: 'talk-title' }, h('h2', {}, title), h('p', {}, about)), known !== undefined);
  }

  /** @param {HTMLElement} sign @param {HTMLElement} title @param {boolean} hasDetails */
  #render(sign, title, hasDetails) {
    const back = iconButton('back', 'Back to the list', { onclick: toList });
    const details = iconButton('info', 'Details', { onclick: this.#onDetails });
    back.classList.add('only-narrow');
    const focused = /** @type {HTMLElement | null} */ (this.element.querySelector(':focus'))?.getAttribute(
      'aria-label',
    );
    this.element.replaceChildren(back, sign, title, hasDetails ? details : '');
    [back, details].find((button) => button.getAttribute('aria-label') === focused)?.focus();
  }

  /** @param {KnownGroup | undefined} group @param {string | undefined} partner */
  #about(group, partner) {
    if (partner === this.#me) return 'Notes to yourself';
    if (partner !== undefined) {
      if (!this.#connection.isOnline) return 'Waiting for the connection…';
      const { online, last_seen: seen } = this.#presence.of(partner);
      return online ? 'Online' : lastSeen(seen);
    }
    const others = (group?.members ?? []).filter(({ id }) => id !== this.#me && this.#presence.of(id).online).length;
    return [counted(group?.count ?? 0, 'member'), others > 0 && `${others + 1} online`].filter(Boolean).join(', ');
  }
}
