/**
 * @typedef {{ cid: string, group?: string, to?: string, text: string, time: number, state: "sending" }} LegacyMessage
 */

/** Where earlier versions of the page kept what was written and not stored by the hub. @param {string} user */
const keyOf = (user) => `hubbub.outbox.${user}`;

/**
 * Takes over what an earlier version left, once.
 *
 * @param {string} user
 * @param {(messages: LegacyMessage[]) => Promise<boolean>} keep answers whether they outlive the page now
 */
export function takeLegacyOutbox(user, keep) {
  try {
    const messages = JSON.parse(localStorage.getItem(keyOf(user)) ?? '[]');
    if (!Array.isArray(messages) || messages.length === 0) return;
    const known = messages.filter(
      ({ cid, text, group = '', to = '' }) => typeof cid === 'string' && typeof text === 'string' && group + to !== '',
    );
    void keep(
      known.map(({ cid, group, to, text, time = Date.now() }) => ({ cid, group, to, text, time, state: 'sending' })),
    ).then((kept) => kept && localStorage.removeItem(keyOf(user)));
  } catch {
    // What cannot be read is nothing that this page wrote.
  }
}
