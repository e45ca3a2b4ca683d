import { avatar } from '../../ui/avatar.js';
import { h, icon, oncePerFrame, set } from '../../ui/dom.js';

/** The menu behind one's own avatar: who one is, and the way out. */
export class AccountMenu {
  #me;
  #people;
  #summary = h('summary');
  #name = h('strong');

  /** @param {{ me: string, people: import("../people/store.js").People }} stores @param {() => void} onLogOut */
  constructor({ me, people }, onLogOut) {
    this.#me = me;
    this.#people = people;
    this.element = h(
      'details',
      { class: 'menu' },
      this.#summary,
      h(
        'div',
        { class: 'menu-box' },
        h('p', { class: 'menu-who' }, this.#name, h('span', {}, me)),
        h('button', { type: 'button', class: 'menu-item', onclick: onLogOut }, icon('leave'), 'Log out'),
      ),
    );
    people.on(
      'changed',
      oncePerFrame(() => this.#update()),
    );
    this.#update();
  }

  #update() {
    const name = this.#people.name(this.#me);
    if (this.#name.textContent === name) return;
    this.#name.textContent = name;
    set(this.#summary, 'aria-label', `You: ${name}`);
    set(this.#summary, 'title', name);
    this.#summary.replaceChildren(avatar(this.#me, name, { size: 'small' }));
  }
}
