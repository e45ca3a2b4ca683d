import { isShown } from '../../../client/effects.js';
import { nameList } from '../../ui/format.js';

/**
 * What a group's events mean to who looks at it.
 *
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 */

const MEMBERSHIP = new Set(['joined', 'left', 'role']);

/** Whether an event tells who belongs to the group, or as what. @param {Pick<HubEvent, "kind">} event */
export function isMembership({ kind }) {
  return MEMBERSHIP.has(kind);
}

/** Whether an event is something to look at: what only changes others is seen in them. */
export { isShown };

/** What is said of an event of which nothing is left. */
export const DELETED = 'This message was deleted';

/** The users that a membership event is about. @param {Pick<HubEvent, "data">} event @returns {string[]} */
export function usersOf({ data }) {
  return Array.isArray(data?.users) ? data.users : [];
}

/**
 * What an admin changed of a group, in words.
 *
 * @param {Record<string, unknown>} data @param {string} who
 */
function updateNote({ name, about, access, pinning, archived }, who) {
  const changes = [];
  if (typeof name === 'string') changes.push(`changed the name to “${name}”`);
  if (typeof about === 'string') changes.push(about === '' ? 'took away the description' : 'changed the description');
  if (access !== undefined) changes.push(access === 'open' ? 'opened the group to everybody' : 'changed who may join');
  if (pinning !== undefined) changes.push(pinning === 'members' ? 'let everybody pin' : 'changed who may pin');
  if (archived !== undefined) changes.push(archived === true ? 'archived the group' : 'brought the group back');
  return `${who} ${changes.length === 0 ? 'changed the group' : nameList(changes, changes.length)}`;
}

/** A membership event in words. @param {HubEvent} event @param {string} me @param {(id: string) => string} nameOf */
export function noteOf({ seq, kind, from, data, deleted }, me, nameOf) {
  const others = usersOf({ data }).filter((id) => id !== from);
  /** @param {string} id */
  const named = (id) => (id === me ? 'you' : nameOf(id));
  const who = from === me ? 'You' : nameOf(from);
  const whom = nameList(others.map(named));
  if (kind === 'updated') return updateNote(data ?? {}, who);
  if (deleted) return DELETED;
  if (!isMembership({ kind })) return `${who} sent something that this page can't show yet`;
  if (kind === 'role' && data?.role === 'admin') {
    return `${who} made ${whom} ${others.length === 1 ? 'an admin' : 'admins'}`;
  }
  if (kind === 'role') return `${who} took the admin role from ${whom}`;
  if (kind === 'left') return others.length === 0 ? `${who} left` : `${who} removed ${whom}`;
  if (seq === 1) return `${who} started the group`;
  return others.length === 0 ? `${who} joined` : `${who} added ${whom}`;
}
