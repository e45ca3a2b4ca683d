import { avatar } from './avatar.js';
import { h, icon, set } from './dom.js';

/**
 * @typedef {import("../../client/accounts.js").Person} Person
 */

const TYPING_PAUSE_MS = 150;
let pickers = 0;

/** A field to find people by name and take several of them: a combobox with what was taken before it. */
export class PeoplePicker {
  /** @type {Map<string, Person>} */
  taken = new Map();

  #find;
  #excluded;
  #chips = h('ul', { class: 'chips', 'aria-label': 'Chosen people' });
  #input;
  #list;
  #status = h('p', { class: 'field-note', role: 'status' });
  /** @type {Person[]} */
  #found = [];
  #active = -1;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;

  /**
   * @param {(prefix: string) => Promise<Person[]>} find people whose username begins so
   * @param {{ label: string, excluded?: () => Iterable<string> }} options
   */
  constructor(find, { label, excluded = () => [] }) {
    this.#find = find;
    this.#excluded = excluded;
    const id = `picker-${(pickers += 1)}`;
    this.#list = h('ul', {
      class: 'options',
      role: 'listbox',
      id: `${id}-list`,
      'aria-label': 'Found people',
      hidden: true,
    });
    this.#input = h('input', {
      id,
      type: 'text',
      role: 'combobox',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      placeholder: 'Username',
      'aria-autocomplete': 'list',
      'aria-expanded': 'false',
      'aria-controls': `${id}-list`,
      oninput: () => this.#typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    });
    const box = h('div', { class: 'picker-box' }, this.#chips, this.#input);
    this.element = h('div', { class: 'field picker' }, h('label', { for: id }, label), box, this.#list, this.#status);
  }

  focus() {
    this.#input.focus();
  }

  clear() {
    this.taken.clear();
    this.#input.value = '';
    this.#showTaken();
    this.#show([]);
  }

  #typed() {
    clearTimeout(this.#pause);
    const prefix = this.#input.value.trim();
    if (prefix === '') return this.#show([]);
    this.#pause = setTimeout(() => {
      void this.#search(prefix);
    }, TYPING_PAUSE_MS);
  }

  /** @param {string} prefix */
  async #search(prefix) {
    let found;
    try {
      found = await this.#find(prefix);
    } catch {
      this.#status.textContent = 'The search failed. Try again in a moment.';
      return;
    }
    if (this.#input.value.trim() !== prefix) return;
    const excluded = new Set([...this.#excluded(), ...this.taken.keys()]);
    this.#show(
      found.filter(({ id }) => !excluded.has(id)),
      `Nobody to add whose username begins with “${prefix}”.`,
    );
  }

  /** @param {Person[]} found @param {string} [emptyNote] */
  #show(found, emptyNote = '') {
    this.#found = found;
    this.#list.replaceChildren(...found.map((person, index) => this.#option(person, index)));
    this.#list.hidden = found.length === 0;
    set(this.#input, 'aria-expanded', String(found.length > 0));
    this.#status.textContent = found.length === 0 ? emptyNote : '';
    this.#activate(found.length > 0 ? 0 : -1);
  }

  /** @param {Person} person @param {number} index */
  #option(person, index) {
    const { id, name, username, online } = person;
    return h(
      'li',
      {
        class: 'option',
        role: 'option',
        id: `${this.#list.id}-${index}`,
        'aria-selected': 'false',
        // Before the field loses the focus.
        onmousedown: (/** @type {Event} */ event) => event.preventDefault(),
        onclick: () => this.#take(person),
      },
      avatar(id, name || username, { size: 'small', online }),
      h('span', { class: 'option-name' }, name || username),
      h('span', { class: 'option-username' }, username),
    );
  }

  /** @param {number} index */
  #activate(index) {
    this.#active = index;
    [...this.#list.children].forEach((option, at) => set(option, 'aria-selected', String(at === index)));
    set(this.#input, 'aria-activedescendant', index < 0 ? undefined : `${this.#list.id}-${index}`);
    this.#list.children[index]?.scrollIntoView({ block: 'nearest' });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const count = this.#found.length;
    if (event.key === 'ArrowDown' && count > 0) this.#activate((this.#active + 1) % count);
    else if (event.key === 'ArrowUp' && count > 0) this.#activate((this.#active - 1 + count) % count);
    else if (event.key === 'Enter' && this.#active >= 0) this.#take(this.#found[this.#active]);
    else if (event.key === 'Enter' && this.#input.value.trim() !== '') {
      clearTimeout(this.#pause);
      void this.#search(this.#input.value.trim());
    } else if (event.key === 'Escape' && count > 0) this.#show([]);
    else if (event.key === 'Backspace' && this.#input.value === '') this.#drop([...this.taken.keys()].at(-1));
    else return;
    if (event.key !== 'Backspace') event.preventDefault();
  }

  /** @param {Person} person */
  #take(person) {
    this.taken.set(person.id, person);
    this.#input.value = '';
    this.#showTaken();
    this.#show([]);
    this.#input.focus();
  }

  /** @param {string | undefined} id */
  #drop(id) {
    if (id === undefined) return;
    this.taken.delete(id);
    this.#showTaken();
    this.#input.focus();
  }

  #showTaken() {
    const chips = [...this.taken.values()].map(({ id, name, username }) =>
      h(
        'li',
        { class: 'chip' },
        name || username,
        h(
          'button',
          { type: 'button', 'aria-label': `Take out ${name || username}`, onclick: () => this.#drop(id) },
          icon('close'),
        ),
      ));
    this.#chips.replaceChildren(...chips);
  }
}
