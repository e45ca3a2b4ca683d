import { chatKey, targetOf } from "../drafts/store.js";

/**
 * Chats that hold something unsent and are in no list: one was removed from them, or has never got through to them.
 *
 * @typedef {import("../../shell/chat.js").Target} Target
 * @typedef {import("./store.js").Pending} Pending
 * @typedef {import("../drafts/store.js").Draft} Draft
 * @typedef {{ chat: string, target: Target, title: string, text: string, draft: boolean }} Stranded `text`: the newest of what is there
 *
 * @param {object} input
 * @param {Pending[]} input.pending
 * @param {Draft[]} input.drafts
 * @param {(target: Target) => boolean} input.isListed
 * @param {(target: Target, title: string | undefined) => string} input.titleOf
 * @returns {Stranded[]} newest first
 */
export function strandedChats({ pending, drafts, isListed, titleOf }) {
  const written = [
    ...drafts.map(({ chat, text, title, time }) => ({ chat, target: targetOf(chat), text, title, time, draft: true })),
    ...pending.map(({ group, to, text, title, time }) => {
      const target = group === undefined ? { to } : { group };
      return { chat: chatKey(target), target, text, title, time, draft: false };
    }),
  ];
  /** @type {Map<string, Stranded>} */
  const chats = new Map();
  for (const { chat, target, text, title, draft } of written.sort((one, other) => other.time - one.time)) {
    if (chats.has(chat) || isListed(target)) continue;
    chats.set(chat, { chat, target, title: titleOf(target, title), text, draft });
  }
  return [...chats.values()];
}
