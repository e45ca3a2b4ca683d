/**
 * What the page shows, kept in the address so that back, forward, reload and links do what one expects.
 *
 * @typedef {{ group?: string, to?: string }} Route a group, a person to begin a direct chat with, or neither: the list
 */

/** @returns {Route} */
export function currentRoute() {
  const [, kind, rest] = window.location.hash.match(/^#\/(g|u)\/(.+)$/) ?? [];
  if (kind === 'g') return { group: decodeURIComponent(rest) };
  return kind === 'u' ? { to: decodeURIComponent(rest) } : {};
}

/** @param {string} id */
export const groupHref = (id) => `#/g/${encodeURIComponent(id)}`;
/** @param {string} user */
export const userHref = (user) => `#/u/${encodeURIComponent(user)}`;

/** @param {string} id */
export function toGroup(id) {
  window.location.hash = groupHref(id);
}

export function toList() {
  window.location.hash = '#/';
}

/** Puts a group in the place of where one is, so that back does not lead here again. @param {string} id */
export function replaceWithGroup(id) {
  window.history.replaceState(null, '', groupHref(id));
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}
