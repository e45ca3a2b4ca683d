import { openDialog } from '../../ui/dialog.js';
import { h } from '../../ui/dom.js';
import { counted } from '../../ui/format.js';

/**
 * @typedef {import("../drafts/store.js").Drafts} Drafts
 * @typedef {import("../outbox/store.js").Outbox} Outbox
 * @typedef {import("../../storage/safe.js").Safe} Safe
 */

/**
 * Logs out, and asks first where something unsent would stay behind: it waits for the same user, or goes.
 *
 * @param {{ outbox: Outbox, drafts: Drafts, safe: Safe }} kept
 * @param {() => void} onLogOut
 */
export function askToLogOut({ outbox, drafts, safe }, onLogOut) {
  const [messages, unfinished] = [outbox.unsent().length, drafts.all().length + drafts.edits().length];
  if (messages + unfinished === 0) return onLogOut();
  const what = [messages > 0 && counted(messages, 'message'), unfinished > 0 && counted(unfinished, 'draft')]
    .filter(Boolean)
    .join(' and ');
  const discard = h('input', { id: 'discard-unsent', type: 'checkbox' });
  openDialog({
    title: 'Log out',
    action: 'Log out',
    content: [
      h(
        'p',
        {},
        `You have ${what} that ${messages + unfinished === 1 ? 'was' : 'were'} not sent. Nobody else who logs in here will see ${messages + unfinished === 1 ? 'it' : 'them'}.`,
      ),
      h(
        'label',
        { class: 'check', for: 'discard-unsent' },
        discard,
        h('span', {}, 'Delete instead of keeping for my next log-in'),
      ),
    ],
    onSubmit: async () => {
      if (discard.checked) await safe.forget();
      onLogOut();
    },
  });
}
