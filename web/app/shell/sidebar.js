import { AccountMenu } from '../features/account/menu.js';
import { Banner } from '../features/connection/view.js';
import { GroupList } from '../features/groups/view.js';
import { openNewGroup } from '../features/membership/new-group.js';
import { StrandedList } from '../features/outbox/stranded-view.js';
import { FoundPeople } from '../features/people/view.js';
import { arrowKeys, h, icon, iconButton, oncePerFrame } from '../ui/dom.js';
import { currentRoute } from '../ui/route.js';

/**
 * @typedef {import("./stores.js").Stores} Stores
 */

/** The left pane: who one is, the search, the lists. */
export class Sidebar {
  #groups;
  #query = '';
  /** @type {string | undefined} */
  #current;
  #list;
  #found;
  #stranded;
  #note = h('p', { class: 'list-note', role: 'status' });
  #search;

  /** @param {Stores} stores @param {{ onLogOut: () => void }} options */
  constructor(stores, { onLogOut }) {
    const { groups, people, presence, typing, outbox, drafts } = stores;
    this.#groups = groups;
    this.#list = new GroupList(stores);
    this.#found = new FoundPeople(stores, () => this.#update());
    this.#stranded = new StrandedList(stores.stranded);
    this.#search = h('input', {
      type: 'search',
      placeholder: 'Search chats, find people',
      'aria-label': 'Search chats and find people',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      oninput: () => this.#typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && this.#clearSearch(),
    });
    const lists = h(
      'div',
      { class: 'lists' },
      ...this.#stranded.elements,
      this.#list.element,
      ...this.#found.elements,
      this.#note,
    );
    this.element = h(
      'nav',
      { class: 'rail', 'aria-label': 'Chats' },
      head(stores, onLogOut),
      new Banner(stores.connection).element,
      h('div', { class: 'search', role: 'search' }, icon('search'), this.#search),
      lists,
    );
    arrowKeys(this.element);

    const update = oncePerFrame(() => this.#update());
    groups.on('changed', update);
    people.on('changed', update);
    presence.on('changed', update);
    typing.on('changed', update);
    outbox.on('changed', update);
    drafts.on('changed', update);
    update();
  }

  /** @param {string | undefined} id the group that is open */
  setCurrent(id) {
    this.#current = id;
    if (this.#query !== '') this.#clearSearch();
    this.#update();
  }

  #typed() {
    this.#query = this.#search.value.trim();
    this.#found.search(this.#query);
    this.#update();
  }

  #clearSearch() {
    this.#search.value = '';
    this.#typed();
  }

  #update() {
    const groups = this.#list.update(this.#query, this.#current);
    const others = this.#found.update() + this.#stranded.update(currentRoute());
    this.#note.textContent = this.#noteFor(groups + others);
  }

  /** @param {number} shown */
  #noteFor(shown) {
    if (shown > 0 || !this.#groups.ready) return '';
    return this.#query === ''
      ? 'No chats yet. Find somebody by name, or make a group.'
      : `Nothing found for “${this.#query}”.`;
  }
}

/** @param {Stores} stores @param {() => void} onLogOut */
function head(stores, onLogOut) {
  return h(
    'header',
    { class: 'rail-head' },
    h('img', { class: 'brand-mark', src: '/app/ui/icon.svg', alt: '', width: '34', height: '34' }),
    h('h1', { class: 'brand' }, 'hubbub'),
    iconButton('add', 'New group', { onclick: () => openNewGroup(stores.hub, stores.people) }),
    new AccountMenu(stores, onLogOut).element,
  );
}
