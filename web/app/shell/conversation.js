import { avatar } from "../ui/avatar.js";
import { Banner } from "../features/connection/view.js";
import { Composer } from "../features/drafts/view.js";
import { chatKey } from "../features/drafts/store.js";
import { h, iconButton, oncePerFrame } from "../ui/dom.js";
import { counted, lastSeen } from "../ui/format.js";
import { Messages } from "../features/messages/view.js";
import { toGroup, toList } from "../ui/route.js";
import { typingText } from "./sidebar.js";
import { Unsent } from "../features/outbox/view.js";

/**
 * @typedef {import("./chat.js").Chat} Chat
 * @typedef {import("./chat.js").Target} Target
 */

/** The middle pane: whom one talks to, what was said, the field to write in. */
export class Conversation {
  #chat;
  /** @type {Target} */
  #target = {};
  #messages;
  #composer;
  #head = h("header", { class: "talk-head" });
  #typing = h("p", { class: "typing", "aria-hidden": "true" });
  #banner;
  #unsent;
  #volatile = h("p", { class: "volatile", role: "status", hidden: true }, "This browser keeps nothing for this page: what you write is lost when you close it before it is sent.");
  #onDetails;
  #headShown = "";

  /** @param {Chat} chat @param {{ onDetails: () => void }} options */
  constructor(chat, { onDetails }) {
    this.#chat = chat;
    this.#onDetails = onDetails;
    this.#messages = new Messages(chat);
    this.#banner = new Banner(chat).element;
    this.#banner.classList.add("only-narrow");
    this.#unsent = new Unsent(chat);
    this.#composer = new Composer({
      drafts: chat.drafts,
      limit: () => chat.limits.text,
      onSend: (text) => {
        chat.sender.say(this.#target, text);
        this.#messages.follow();
      },
      onType: () => this.#target.group !== undefined && chat.typing(this.#target.group),
    });
    this.element = h("main", { class: "talk", tabindex: "-1" });
    const update = oncePerFrame(() => this.#update());
    chat.on("groups", update);
    chat.on("people", update);
    chat.safe.on("durable", () => this.#showVolatile());
    this.#showVolatile();
  }

  /** @param {Target} target */
  show(target) {
    this.#target = target;
    this.#headShown = "";
    if (target.group === undefined && target.to === undefined) this.#showNothing();
    else if (target.group !== undefined && !this.#chat.groups.get(target.group)) this.#showForeign(target.group);
    else this.#showTalk();
  }

  /** The page is looked at again. */
  look() {
    this.#messages.look();
  }

  #showVolatile() {
    this.#volatile.hidden = this.#chat.safe.durable;
  }

  #showTalk() {
    const { group, to } = this.#target;
    const title = this.#title();
    // Taken out and put back, the field would lose the focus, and the keyboard of a phone would close.
    if (this.#composer.element.parentElement !== this.element) {
      this.element.replaceChildren(this.#head, this.#banner, this.#messages.element, this.#typing, this.#volatile, this.#composer.element);
    }
    this.#messages.show(this.#target, title);
    const another = this.#composer.show(chatKey(this.#target), title);
    if (another && matchMedia("(pointer: fine)").matches) this.#composer.focus();
    if (group !== undefined) void this.#chat.open(group);
    if (to !== undefined) this.#chat.lookUp(to);
    this.#update();
  }

  #showNothing() {
    const art = h("div", { class: "blank-art", "aria-hidden": "true" }, h("span", {}), h("span", {}), h("span", {}));
    this.element.replaceChildren(h("div", { class: "blank" }, art, h("h2", {}, "Pick up a conversation"),
      h("p", {}, "Choose a chat from the list, find somebody by name, or make a group.")));
  }

  /** A link to a group that one is not in. @param {string} id */
  #showForeign(id) {
    const problem = h("p", { class: "problem", role: "alert", hidden: true });
    const join = async () => {
      try {
        await this.#chat.join(id);
        toGroup(id);
      } catch (error) {
        problem.textContent = `That did not work: ${/** @type {Error} */ (error).message}`;
        problem.hidden = false;
      }
    };
    this.#unsent.show({ group: id });
    const title = this.#chat.stranded().find(({ target }) => target.group === id)?.title;
    this.element.replaceChildren(h("div", { class: "blank" }, h("h2", {}, title === undefined ? "You are not in this group" : `You are not in “${title}” any more`),
      h("p", {}, "If it is open to everybody, you can join it."),
      problem,
      this.#unsent.element,
      h("div", { class: "blank-actions" },
        h("button", { type: "button", class: "button button-main", onclick: join }, "Join"),
        h("button", { type: "button", class: "button", onclick: toList }, "Back to the list"))));
  }

  #title() {
    const { group, to } = this.#target;
    const known = group === undefined ? undefined : this.#chat.groups.get(group);
    return known ? this.#chat.titleOf(known) : this.#chat.people.name(to ?? "");
  }

  #update() {
    const { group, to } = this.#target;
    const known = group === undefined ? undefined : this.#chat.groups.get(group);
    if (known === undefined && to === undefined) return;
    const title = this.#title();
    const partner = known ? this.#chat.groups.partner(known) : to;
    const about = this.#about(known, partner);
    const online = partner !== undefined && partner !== this.#chat.me && this.#chat.people.presence(partner).online;
    this.#showTyping(group, partner !== undefined);

    const shown = JSON.stringify([title, about, online, group]);
    if (shown === this.#headShown) return;
    this.#headShown = shown;
    const [back, details] = [iconButton("back", "Back to the list", { onclick: toList }), iconButton("info", "Details", { onclick: this.#onDetails })];
    back.classList.add("only-narrow");
    const focused = /** @type {HTMLElement | null} */ (this.#head.querySelector(":focus"))?.getAttribute("aria-label");
    this.#head.replaceChildren(back, avatar(partner ?? group ?? "", title, { square: partner === undefined, online }),
      h("div", { class: "talk-title" }, h("h2", {}, title), h("p", {}, about)), known ? details : "");
    [back, details].find((button) => button.getAttribute("aria-label") === focused)?.focus();
  }

  /** @param {import("../features/groups/store.js").KnownGroup | undefined} group @param {string | undefined} partner */
  #about(group, partner) {
    const { people, me } = this.#chat;
    if (partner === me) return "Notes to yourself";
    if (partner !== undefined) {
      if (this.#chat.link.state !== "online") return "Waiting for the connection…";
      const { online, last_seen } = people.presence(partner);
      return online ? "Online" : lastSeen(last_seen);
    }
    const others = (group?.members ?? []).filter(({ id }) => id !== me && people.presence(id).online).length;
    return [counted(group?.count ?? 0, "member"), others > 0 && `${others + 1} online`].filter(Boolean).join(", ");
  }

  /** @param {string | undefined} group @param {boolean} direct */
  #showTyping(group, direct) {
    const names = group === undefined ? [] : this.#chat.people.typing(group).map((id) => this.#chat.people.name(id));
    const text = names.length === 0 ? "" : direct ? `${names[0]} is typing…` : typingText(names, false);
    if (this.#typing.textContent !== text) this.#typing.textContent = text;
  }
}
