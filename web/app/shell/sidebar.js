import { avatar } from "../ui/avatar.js";
import { chatKey } from "../features/drafts/store.js";
import { arrowKeys, h, icon, iconButton, oncePerFrame, reconcile, set } from "../ui/dom.js";
import { counted, nameList, shortTime } from "../ui/format.js";
import { isShown } from "../features/groups/store.js";
import { openNewGroup } from "../features/membership/new-group.js";
import { currentRoute, groupHref, userHref } from "../ui/route.js";
import { noteOf } from "../features/messages/rows.js";

/**
 * @typedef {import("./chat.js").Chat} Chat
 * @typedef {import("../features/groups/store.js").KnownGroup} KnownGroup
 * @typedef {import("../../client/accounts.js").Person} Person
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

const TYPING_PAUSE_MS = 150;

/** The left pane: who one is, the search, the list of groups. */
export class Sidebar {
  #chat;
  #query = "";
  /** @type {Person[]} */
  #people = [];
  /** @type {string | undefined} */
  #current;
  #list = h("ul", { class: "group-list", "aria-label": "Your chats" });
  #peopleList = h("ul", { class: "group-list", "aria-labelledby": "people-heading" });
  #peopleHeading = h("h2", { class: "list-heading", id: "people-heading", hidden: true }, "People");
  #unsentList = h("ul", { class: "group-list stranded-list", "aria-labelledby": "stranded-heading" });
  #unsentHeading = h("h2", { class: "list-heading", id: "stranded-heading", hidden: true }, "Not sent");
  #note = h("p", { class: "list-note", role: "status" });
  #self = h("summary");
  #ownName = h("strong");
  #search;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;

  /** @param {Chat} chat @param {{ banner: HTMLElement, onLogOut: () => void }} options */
  constructor(chat, { banner, onLogOut }) {
    this.#chat = chat;
    this.#search = h("input", {
      type: "search", placeholder: "Search chats, find people", "aria-label": "Search chats and find people", autocomplete: "off",
      autocapitalize: "none", spellcheck: "false", oninput: () => this.#typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.#clearSearch(),
    });
    const lists = h("div", { class: "lists" }, this.#unsentHeading, this.#unsentList, this.#list, this.#peopleHeading, this.#peopleList, this.#note);
    this.element = h("nav", { class: "rail", "aria-label": "Chats" }, this.#head(onLogOut), banner,
      h("div", { class: "search", role: "search" }, icon("search"), this.#search), lists);
    arrowKeys(this.element);

    const update = oncePerFrame(() => this.#update());
    chat.on("groups", update);
    chat.on("people", update);
    chat.on("timeline", update);
    chat.drafts.on("changed", update);
    update();
  }

  /** @param {string | undefined} id the group that is open */
  setCurrent(id) {
    this.#current = id;
    if (this.#query !== "") this.#clearSearch();
    this.#update();
  }

  /** @param {() => void} onLogOut */
  #head(onLogOut) {
    return h("header", { class: "rail-head" },
      h("img", { class: "brand-mark", src: "/app/ui/icon.svg", alt: "", width: "34", height: "34" }),
      h("h1", { class: "brand" }, "hubbub"),
      iconButton("add", "New group", { onclick: () => openNewGroup(this.#chat) }),
      h("details", { class: "menu" },
        this.#self,
        h("div", { class: "menu-box" },
          h("p", { class: "menu-who" }, this.#ownName, h("span", {}, this.#chat.me)),
          h("button", { type: "button", class: "menu-item", onclick: onLogOut }, icon("leave"), "Log out"))));
  }

  #showSelf() {
    const { me, people } = this.#chat;
    const name = people.name(me);
    if (this.#ownName.textContent === name) return;
    this.#ownName.textContent = name;
    set(this.#self, "aria-label", `You: ${name}`);
    set(this.#self, "title", name);
    this.#self.replaceChildren(avatar(me, name, { size: "small" }));
  }

  #typed() {
    clearTimeout(this.#pause);
    this.#query = this.#search.value.trim();
    this.#people = [];
    this.#update();
    const query = this.#query;
    if (query === "") return;
    this.#pause = setTimeout(async () => {
      const people = await this.#chat.find(query).catch(() => []);
      if (query !== this.#query) return;
      this.#people = people;
      this.#update();
    }, TYPING_PAUSE_MS);
  }

  #clearSearch() {
    this.#search.value = "";
    this.#typed();
  }

  #update() {
    this.#showSelf();
    const items = this.#chat.groups.sorted().map((group) => this.#item(group)).filter(({ title }) => matches(title, this.#query));
    reconcile(this.#list, items, { key: ({ id }) => id, signature: JSON.stringify, render: groupLine });

    const people = this.#people.filter(({ id }) => this.#chat.groups.directWith(id) === undefined);
    reconcile(this.#peopleList, people, { key: ({ id }) => id, signature: JSON.stringify, render: personLine });
    this.#peopleHeading.hidden = people.length === 0;
    const stranded = this.#stranded();
    reconcile(this.#unsentList, stranded, { key: ({ chat }) => chat, signature: JSON.stringify, render: strandedLine });
    this.#unsentHeading.hidden = stranded.length === 0;
    this.#note.textContent = this.#noteFor(items.length + people.length + stranded.length);
  }

  /** Where one is just writing is nothing to be reminded of. */
  #stranded() {
    const open = chatKey(currentRoute());
    return this.#chat.stranded().filter(({ chat, draft, target }) => !(draft && chat === open && target.to !== undefined));
  }

  /** @param {number} shown */
  #noteFor(shown) {
    if (shown > 0 || !this.#chat.ready) return "";
    return this.#query === "" ? "No chats yet. Find somebody by name, or make a group." : `Nothing found for “${this.#query}”.`;
  }

  /** @param {KnownGroup} group @returns {GroupItem} */
  #item(group) {
    const { people, groups } = this.#chat;
    const typing = people.typing(group.id).map((id) => people.name(id));
    const partner = groups.partner(group);
    return {
      id: group.id,
      title: this.#chat.titleOf(group),
      partner,
      preview: typing.length > 0 ? typingText(typing, partner !== undefined) : this.#preview(group),
      typing: typing.length > 0,
      time: group.last ? shortTime(group.last.time) : "",
      unread: groups.unread(group),
      online: partner !== undefined && partner !== this.#chat.me && people.presence(partner).online,
      current: group.id === this.#current,
    };
  }

  /** @param {KnownGroup} group */
  #preview(group) {
    const { me, people, outbox } = this.#chat;
    const waiting = outbox.of({ group: group.id }).at(-1);
    if (waiting) return `${waiting.state === "failed" ? "Not sent" : "You"}: ${waiting.text}`;
    const { last } = group;
    if (last === undefined || (group.kind === "direct" && last.kind !== "text")) return "No messages yet";
    if (!isShown(last)) return "";
    if (last.kind !== "text") return noteOf(last, me, (id) => people.name(id));
    if (last.from === me) return `You: ${last.text}`;
    return group.kind === "direct" ? (last.text ?? "") : `${people.name(last.from)}: ${last.text}`;
  }
}

/** @param {string[]} names @param {boolean} direct */
export function typingText(names, direct) {
  if (direct) return "typing…";
  return `${nameList(names)} ${names.length === 1 ? "is" : "are"} typing…`;
}

/** @param {string} title @param {string} query */
function matches(title, query) {
  return title.toLocaleLowerCase().includes(query.toLocaleLowerCase());
}

/** @param {GroupItem} item */
function groupLine({ id, title, partner, preview, typing, time, unread, online, current }) {
  const badge = unread > 0 && h("span", { class: "badge" }, unread > 999 ? "999+" : unread, h("span", { class: "visually-hidden" }, ` ${counted(unread, "unread message").slice(String(unread).length + 1)}`));
  const link = h("a", { class: "group-line", href: groupHref(id) },
    avatar(partner ?? id, title, { square: partner === undefined, online }),
    h("span", { class: "line-title" }, title, online && h("span", { class: "visually-hidden" }, " (online)")),
    h("span", { class: "line-time" }, time),
    h("span", { class: typing ? "line-preview line-typing" : "line-preview" }, preview),
    badge);
  set(link, "aria-current", current && "page");
  return h("li", {}, link);
}

/** @param {import("../features/outbox/stranded.js").Stranded} stranded */
function strandedLine({ target: { group, to = "" }, title, text, draft }) {
  return h("li", {},
    h("a", { class: "group-line", href: group === undefined ? userHref(to) : groupHref(group) },
      avatar(group ?? to, title, { square: group !== undefined }),
      h("span", { class: "line-title" }, title),
      h("span", { class: "line-preview" }, `${draft ? "Draft" : "Not sent"}: ${text}`)));
}

/** @param {Person} person */
function personLine({ id, name, username, online }) {
  return h("li", {},
    h("a", { class: "group-line", href: userHref(id) },
      avatar(id, name || username, { online }),
      h("span", { class: "line-title" }, name || username),
      h("span", { class: "line-preview" }, username)));
}
