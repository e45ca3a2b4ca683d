import { h } from "../../ui/dom.js";

/** Tells who listens rather than looks what is said in the open conversation. */
export class Announcer {
  element = h("div", { class: "visually-hidden", role: "log", "aria-live": "polite", "aria-label": "New messages" });

  /** @param {import("../../shell/chat.js").Chat} chat @param {() => string | undefined} openGroup */
  constructor(chat, openGroup) {
    chat.on("arrived", ({ group, from, kind, text }) => {
      if (group !== openGroup() || kind !== "text" || from === chat.me) return;
      this.element.append(h("p", {}, `${chat.people.name(from)}: ${text}`));
      while (this.element.childElementCount > 5) this.element.firstElementChild?.remove();
    });
  }
}
