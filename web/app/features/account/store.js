/** Who is logged in, in every tab of this browser. */

/**
 * @typedef {{ user: string, token: string, name?: string, since?: number }} SavedLogin `since`: when the token was
 *   got, by this machine's clock
 */

const LOGIN = 'hubbub.login';

/** @returns {SavedLogin | undefined} */
export function loadLogin() {
  try {
    return JSON.parse(localStorage.getItem(LOGIN) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param {SavedLogin | undefined} login */
export function saveLogin(login) {
  try {
    if (login === undefined) localStorage.removeItem(LOGIN);
    else localStorage.setItem(LOGIN, JSON.stringify(login));
  } catch {
    // A browser that stores nothing still chats; it only forgets with the page.
  }
}

/** Forgets a login that has ended, unless another tab has a newer one. @param {string} token */
export function forgetLogin(token) {
  if (loadLogin()?.token === token) saveLogin(undefined);
}

/**
 * Calls back when another tab logs in, renews its token or logs out.
 *
 * @param {() => void} onChange
 * @param {AbortSignal} signal
 */
export function watchLogin(onChange, signal) {
  window.addEventListener('storage', ({ key }) => (key === LOGIN || key === null) && onChange(), { signal });
}
