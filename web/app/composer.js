import { h, icon } from "./dom.js";

/** From here on the remaining characters are shown. */
const COUNT_FROM = 0.9;

/** The field to write in. What is written stays with its conversation while another is looked at. */
export class Composer {
  /** @type {Map<string, string>} */
  #drafts = new Map();
  #key = "";
  #limit;
  #send;
  #button = h("button", { class: "send-button", "aria-label": "Send", title: "Send" }, icon("send"));
  #count = h("span", { class: "count", "aria-live": "polite" });
  #input;

  /** @param {{ limit: () => number, onSend: (text: string) => void, onType: () => void }} options `limit` in characters */
  constructor({ limit, onSend, onType }) {
    this.#limit = limit;
    this.#send = onSend;
    this.#input = h("textarea", {
      rows: "1", "aria-label": "Message", placeholder: "Write a message", enterkeyhint: "send",
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#pressed(event),
      oninput: () => {
        if (this.#input.value !== "") onType();
        this.#changed();
      },
    });
    this.element = h("form", { class: "composer", onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      h("div", { class: "composer-box" }, this.#input, this.#count, this.#button));
    this.#changed();
  }

  focus() {
    this.#input.focus({ preventScroll: true });
  }

  /** Shows the draft of a conversation. @param {string} key @param {string} title */
  show(key, title) {
    if (key !== this.#key) {
      this.#drafts.set(this.#key, this.#input.value);
      this.#key = key;
      this.#input.value = this.#drafts.get(key) ?? "";
      this.#changed();
    }
    this.#input.placeholder = `Message ${title}`;
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    // On a keyboard of glass Enter makes a new line, and the button sends.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
    this.#submit(event);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = this.#input.value.trim();
    if (text === "" || [...text].length > this.#limit()) return;
    this.#input.value = "";
    this.#changed();
    this.focus();
    this.#send(text);
  }

  #changed() {
    const length = [...this.#input.value.trim()].length;
    const left = this.#limit() - length;
    this.#count.textContent = length > this.#limit() * COUNT_FROM ? String(left) : "";
    this.#count.classList.toggle("count-over", left < 0);
    this.#button.disabled = length === 0 || left < 0;
    this.#input.style.height = "auto";
    this.#input.style.height = `${this.#input.scrollHeight}px`;
  }
}
