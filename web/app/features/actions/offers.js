/**
 * What this user may do with a message, as far as the page can tell: the hub has the last word.
 *
 * @typedef {import("../../../hubbub.js").Group} Group
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 * @typedef {"react" | "reply" | "edit" | "pin" | "copy" | "remove"} Action
 */

/**
 * @param {HubEvent} event
 * @param {{ me: string, group: Group, features: string[] }} input `features`: what the hub can do
 * @returns {Set<Action>}
 */
export function offersOf(event, { me, group, features }) {
  if (event.kind !== 'text' || event.deleted) return new Set();
  const mine = event.from === me;
  const admin = group.members?.some(({ id, role }) => id === me && role === 'admin') ?? false;
  const pins = admin || group.kind === 'direct' || group.pinning === 'members';
  const knows = (/** @type {string} */ kind) => features.includes(`kind:${kind}`);
  /** @type {[Action, boolean][]} */
  const actions = [
    ['react', knows('reaction')],
    ['reply', true],
    ['edit', mine && knows('edited')],
    ['pin', pins && knows('pinned')],
    ['copy', true],
    ['remove', (mine || admin) && knows('deleted')],
  ];
  // Nothing may be said in an archived group any more.
  const allowed = actions.filter(([action, may]) => may && (action === 'copy' || !group.archived));
  return new Set(allowed.map(([action]) => action));
}
