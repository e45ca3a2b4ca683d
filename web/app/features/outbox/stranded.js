import { chatKey, targetOf } from '../drafts/store.js';

/**
 * Chats that hold something unsent and are in no list: one was removed from them, or has never got through to them.
 *
 * @typedef {import("../drafts/store.js").Target} Target
 * @typedef {import("../drafts/store.js").Drafts} Drafts
 * @typedef {import("../groups/store.js").Groups} Groups
 * @typedef {import("../groups/titles.js").Titles} Titles
 * @typedef {import("./store.js").Outbox} Outbox
 * @typedef {import("./store.js").Pending} Pending
 * @typedef {import("../drafts/store.js").Draft} Draft
 * @typedef {{ chat: string, target: Target, title: string, text: string, draft: boolean }} StrandedChat `text`: the
 *   newest of what is there
 *
 * @param {object} input
 * @param {Pending[]} input.pending
 * @param {Draft[]} input.drafts
 * @param {(target: Target) => boolean} input.isListed
 * @param {(target: Target, title: string | undefined) => string} input.titleOf
 * @returns {StrandedChat[]} newest first
 */
export function strandedChats({ pending, drafts, isListed, titleOf }) {
  const written = [
    ...drafts.map(({ chat, text, title, time }) => ({ chat, target: targetOf(chat), text, title, time, draft: true })),
    ...pending.map(({ group, to, text, title, time }) => {
      const target = group === undefined ? { to } : { group };
      return { chat: chatKey(target), target, text, title, time, draft: false };
    }),
  ];
  /** @type {Map<string, StrandedChat>} */
  const chats = new Map();
  for (const { chat, target, text, title, draft } of written.sort((one, other) => other.time - one.time)) {
    if (!chats.has(chat) && !isListed(target)) {
      chats.set(chat, { chat, target, title: titleOf(target, title), text, draft });
    }
  }
  return [...chats.values()];
}

/** The stranded chats of this user. */
export class Stranded {
  #outbox;
  #drafts;
  #groups;
  #titles;

  /** @param {{ outbox: Outbox, drafts: Drafts, groups: Groups, titles: Titles }} stores */
  constructor({ outbox, drafts, groups, titles }) {
    this.#outbox = outbox;
    this.#drafts = drafts;
    this.#groups = groups;
    this.#titles = titles;
  }

  /** None until it is known which chats are in the list. */
  all() {
    if (!this.#groups.ready) return [];
    return strandedChats({
      pending: this.#outbox.unsent(),
      drafts: this.#drafts.all(),
      isListed: ({ group, to = '' }) =>
        (group === undefined ? this.#groups.directWith(to) : this.#groups.get(group)) !== undefined,
      titleOf: (target, title) => this.#titles.ofTarget(target, title),
    });
  }
}
