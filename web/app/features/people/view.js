import { avatar } from '../../ui/avatar.js';
import { h, reconcile } from '../../ui/dom.js';
import { userHref } from '../../ui/route.js';

/**
 * @typedef {import("../groups/store.js").Groups} Groups
 * @typedef {import("./store.js").People} People
 * @typedef {import("./store.js").Person} Person
 */

const TYPING_PAUSE_MS = 150;

/** The list of people that a search finds, without those that one has a chat with. */
export class FoundPeople {
  #people;
  #groups;
  #onFound;
  #query = '';
  /** @type {Person[]} */
  #found = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;
  #heading = h('h2', { class: 'list-heading', id: 'people-heading', hidden: true }, 'People');
  #list = h('ul', { class: 'group-list', 'aria-labelledby': 'people-heading' });
  elements = [this.#heading, this.#list];

  /**
   * @param {{ people: People, groups: Groups }} stores
   * @param {() => void} onFound something is to be shown by `update`
   */
  constructor({ people, groups }, onFound) {
    this.#people = people;
    this.#groups = groups;
    this.#onFound = onFound;
  }

  /** Searches once nothing has been typed for a moment. @param {string} query */
  search(query) {
    clearTimeout(this.#pause);
    this.#query = query;
    this.#found = [];
    if (query !== '') {
      this.#pause = setTimeout(() => {
        void this.#ask(query);
      }, TYPING_PAUSE_MS);
    }
  }

  /** @returns {number} how many are shown */
  update() {
    const people = this.#found.filter(({ id }) => this.#groups.directWith(id) === undefined);
    reconcile(this.#list, people, { key: ({ id }) => id, signature: JSON.stringify, render: line });
    this.#heading.hidden = people.length === 0;
    return people.length;
  }

  /** @param {string} query */
  async #ask(query) {
    const found = await this.#people.find(query).catch(() => []);
    if (query !== this.#query) return;
    this.#found = found;
    this.#onFound();
  }
}

/** @param {Person} person */
function line({ id, name, username, online }) {
  return h(
    'li',
    {},
    h(
      'a',
      { class: 'group-line', href: userHref(id) },
      avatar(id, name || username, { online }),
      h('span', { class: 'line-title' }, name || username),
      h('span', { class: 'line-preview' }, username),
    ),
  );
}
