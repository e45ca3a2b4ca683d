import { Announcer } from "../features/announcer/view.js";
import { Banner } from "../features/connection/view.js";
import { Conversation } from "./conversation.js";
import { Details } from "../features/membership/view.js";
import { h } from "../ui/dom.js";
import { currentRoute, replaceWithGroup } from "../ui/route.js";
import { Sidebar } from "./sidebar.js";

/**
 * The three panes and what is shown in them; narrow screens show one at a time.
 */
export class Shell {
  #chat;
  #sidebar;
  #conversation;
  #details;
  #shown = "";
  #ended = new AbortController();

  /** @param {import("./chat.js").Chat} chat @param {{ onLogOut: () => void }} options */
  constructor(chat, { onLogOut }) {
    this.#chat = chat;
    this.#sidebar = new Sidebar(chat, { banner: new Banner(chat).element, onLogOut });
    this.#conversation = new Conversation(chat, { onDetails: () => this.#toggleDetails() });
    this.#details = new Details(chat, { onClose: () => this.#toggleDetails(false) });
    const announcer = new Announcer(chat, () => currentRoute().group);
    this.element = h("div", { class: "shell" }, this.#sidebar.element, this.#conversation.element, this.#details.element, announcer.element);
    addEventListener("hashchange", () => this.#route(), { signal: this.#ended.signal });
    document.addEventListener("visibilitychange", () => this.#conversation.look(), { signal: this.#ended.signal });
    chat.on("groups", () => {
      this.#showUnread();
      this.#route();
    });
    chat.on("opened", ({ to, group }) => {
      if (currentRoute().to === to) replaceWithGroup(group);
    });
    this.#route();
  }

  end() {
    this.#ended.abort();
  }

  /** In the tab's title, also while nothing is painted because the tab is hidden. */
  #showUnread() {
    const unread = this.#chat.groups.totalUnread;
    document.title = unread > 0 ? `(${unread}) hubbub` : "hubbub";
  }

  #route() {
    const { group, to } = currentRoute();
    const direct = to === undefined ? undefined : this.#chat.groups.directWith(to);
    if (direct) return replaceWithGroup(direct.id);
    const known = group !== undefined && this.#chat.groups.get(group) !== undefined;
    // Until the groups are here, nobody knows whether this is one of them.
    const target = group !== undefined && !known && !this.#chat.ready ? {} : { group, to };
    const key = JSON.stringify([target, known]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.element.dataset.pane = group === undefined && to === undefined ? "list" : "talk";
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
    this.element.classList.toggle("with-details", open);
    if (open && group !== undefined) {
      this.#details.show(group);
      this.#details.focus();
    } else if (wasOpen && this.#details.element.contains(document.activeElement)) {
      /** @type {HTMLElement | null} */ (this.#conversation.element.querySelector("[aria-label=Details]"))?.focus();
    }
  }
}
