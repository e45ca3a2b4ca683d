/** What outlives the page: who is logged in, and what was written and not yet stored by the hub. */

/**
 * @typedef {{ user: string, token: string, name?: string }} SavedLogin
 * @typedef {{ cid: string, group?: string, to?: string, text: string, time: number }} SavedMessage
 */

const LOGIN = "hubbub.login";

/** @param {string} user */
const outboxOf = (user) => `hubbub.outbox.${user}`;

/** @param {string} key @returns {any} */
function load(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} key @param {any} value undefined removes it */
function save(key, value) {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A browser that stores nothing still chats; it only forgets with the page.
  }
}

/** @returns {SavedLogin | null} */
export const loadLogin = () => load(LOGIN);
/** @param {SavedLogin | undefined} login */
export const saveLogin = (login) => save(LOGIN, login);
/** @param {string} user @returns {SavedMessage[]} */
export const loadOutbox = (user) => load(outboxOf(user)) ?? [];
/** @param {string} user @param {SavedMessage[]} messages */
export const saveOutbox = (user, messages) => save(outboxOf(user), messages.length > 0 ? messages : undefined);
