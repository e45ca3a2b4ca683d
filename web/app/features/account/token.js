import { TokenKeeper } from '../../../hubbub.js';
import { loadLogin, saveLogin } from './store.js';

/**
 * Keeps a login's token good, one renewal for all tabs.
 *
 * @param {import("./store.js").SavedLogin} login
 * @param {import("../../../hubbub.js").Accounts} accounts
 */
export function keepToken(login, accounts) {
  return new TokenKeeper(login, {
    renew: (token) => accounts.renew(token),
    load: () => {
      const kept = loadLogin();
      return kept?.user === login.user ? kept : undefined;
    },
    // Somebody else may have logged in meanwhile.
    save: (kept) => loadLogin()?.user === login.user && saveLogin({ ...login, ...kept }),
    lock: (work) => (navigator.locks ? navigator.locks.request('hubbub.renewal', work) : work()),
  });
}
