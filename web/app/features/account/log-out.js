import { openDialog } from "../../ui/dialog.js";
import { h } from "../../ui/dom.js";
import { counted } from "../../ui/format.js";

/**
 * Logs out, and asks first where something unsent would stay behind: it waits for the same user, or goes.
 *
 * @param {import("../../shell/chat.js").Chat} chat
 * @param {() => void} onLogOut
 */
export function askToLogOut(chat, onLogOut) {
  const [messages, drafts] = [chat.outbox.unsent().length, chat.drafts.all().length];
  if (messages + drafts === 0) return onLogOut();
  const what = [messages > 0 && counted(messages, "message"), drafts > 0 && counted(drafts, "draft")].filter(Boolean).join(" and ");
  const discard = h("input", { id: "discard-unsent", type: "checkbox" });
  openDialog({
    title: "Log out",
    action: "Log out",
    content: [
      h("p", {}, `You have ${what} that ${messages + drafts === 1 ? "was" : "were"} not sent. Nobody else who logs in here will see ${messages + drafts === 1 ? "it" : "them"}.`),
      h("label", { class: "check", for: "discard-unsent" }, discard, h("span", {}, "Delete instead of keeping for my next log-in")),
    ],
    onSubmit: async () => {
      if (discard.checked) await chat.safe.forget();
      onLogOut();
    },
  });
}
