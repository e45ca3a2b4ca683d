import { Announcer } from '../features/announcer/view.js';
import { Details } from '../features/membership/view.js';
import { h } from '../ui/dom.js';
import { currentRoute, replaceWithGroup } from '../ui/route.js';
import { Conversation } from './conversation.js';
import { Sidebar } from './sidebar.js';

/**
 * The three panes and what is shown in them; narrow screens show one at a time.
 */
export class Panes {
  #groups;
  #sidebar;
  #conversation;
  #details;
  #shown = '';
  #ended = new AbortController();

  /** @param {import("./stores.js").Stores} stores @param {{ onLogOut: () => void }} options */
  constructor(stores, { onLogOut }) {
    const { groups, sender } = stores;
    this.#groups = groups;
    this.#sidebar = new Sidebar(stores, { onLogOut });
    this.#conversation = new Conversation(stores, { onDetails: () => this.#toggleDetails() });
    this.#details = new Details(stores, { onClose: () => this.#toggleDetails(false) });
    const announcer = new Announcer(stores, () => currentRoute().group);
    this.element = h(
      'div',
      { class: 'shell' },
      this.#sidebar.element,
      this.#conversation.element,
      this.#details.element,
      announcer.element,
    );
    window.addEventListener('hashchange', () => this.#route(), { signal: this.#ended.signal });
    document.addEventListener('visibilitychange', () => this.#conversation.look(), { signal: this.#ended.signal });
    groups.on('changed', () => {
      this.#showUnread();
      this.#route();
    });
    sender.on('opened', ({ to, group }) => {
      // Before the hub has told of the group, there is nothing to show of it.
      if (currentRoute().to === to && groups.get(group)) replaceWithGroup(group);
    });
    this.#route();
  }

  end() {
    this.#ended.abort();
  }

  /** In the tab's title, also while nothing is painted because the tab is hidden. */
  #showUnread() {
    const unread = this.#groups.totalUnread;
    document.title = unread > 0 ? `(${unread}) hubbub` : 'hubbub';
  }

  #route() {
    const { group, to } = currentRoute();
    const direct = to === undefined ? undefined : this.#groups.directWith(to);
    if (direct) return replaceWithGroup(direct.id);
    const known = group !== undefined && this.#groups.get(group) !== undefined;
    // Until the groups are here, nobody knows whether this is one of them.
    const target = group !== undefined && !known && !this.#groups.ready ? {} : { group, to };
    const key = JSON.stringify([target, known]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.dataset.pane = group === undefined && to === undefined ? 'list' : 'talk';
    this.#sidebar.setCurrent(group);
    this.#conversation.show(target);
    if (!known) this.#toggleDetails(false);
    else if (!this.#details.element.hidden) this.#details.show(group);
  }

  /** @param {boolean} [open] */
  #toggleDetails(open = Boolean(this.#details.element.hidden)) {
    const { group } = currentRoute();
    const wasOpen = !this.#details.element.hidden;
    this.#details.element.hidden = !open;
    this.element.classList.toggle('with-details', open);
    if (open && group !== undefined) {
      this.#details.show(group);
      this.#details.focus();
    } else if (wasOpen && this.#details.element.contains(document.activeElement)) {
      /** @type {HTMLElement | null} */ (this.#conversation.element.querySelector('[aria-label=Details]'))?.focus();
    }
  }
}
