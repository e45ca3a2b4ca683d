import { Accounts, Hubbub } from '../../hubbub.js';
import { deviceOf } from '../features/account/device.js';
import { askToLogOut } from '../features/account/log-out.js';
import { forgetLogin, loadLogin, saveLogin, watchLogin } from '../features/account/store.js';
import { keepToken } from '../features/account/token.js';
import { SignIn } from '../features/account/view.js';
import { Safe } from '../storage/safe.js';
import { Panes } from './panes.js';
import { makeStores } from './stores.js';
import { Wiring } from './wiring.js';

/**
 * @typedef {import("../features/account/store.js").SavedLogin} SavedLogin
 * @typedef {import("../../hubbub.js").HubbubError} HubbubError
 */

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
const address = window.location.origin;

/** @param {string} [notice] */
function showSignIn(notice) {
  document.title = 'hubbub';
  const onLogin = (/** @type {SavedLogin} */ login) => {
    saveLogin(login);
    void showChat(login);
  };
  root.replaceChildren();
  const signIn = new SignIn({ address, notice, onLogin });
  root.append(signIn.element);
  signIn.focus();
}

/** @param {SavedLogin} login */
async function showChat(login) {
  const safe = await Safe.open(login.user);
  const ended = new AbortController();
  const accounts = new Accounts(address);
  const tokens = keepToken(login, accounts);
  const hub = new Hubbub({ url: address, token: () => tokens.fresh(), device: deviceOf(login.user) });
  const search = async (/** @type {string} */ prefix) => accounts.find(await tokens.fresh(), prefix);
  const stores = makeStores(login, { hub, safe, search });
  new Wiring(stores).listen();
  /** @param {string} [notice] */
  const end = (notice) => {
    ended.abort();
    tokens.stop();
    hub.close();
    safe.close();
    panes.end();
    showSignIn(notice);
  };
  const logOut = () => {
    saveLogin(undefined);
    end();
  };
  const panes = new Panes(stores, { onLogOut: () => askToLogOut(stores, logOut) });
  stores.connection.on('changed', ({ state, error }) => {
    if (state !== 'stopped' || !error || error.code === 'closed') return;
    forgetLogin(tokens.token);
    end(whyEnded(error));
  });
  watchLogin(() => (loadLogin()?.user === login.user ? tokens.look() : end(whyLoggedOut(safe))), ended.signal);
  root.replaceChildren(panes.element);
  tokens.start();
  stores.sender.adopt();
  hub.connect().catch(() => {
    // Told by the state "stopped", which is answered with the log-in.
  });
}

/** @param {Safe} safe */
function whyLoggedOut(safe) {
  const unsent = safe.all('outbox').length + safe.all('drafts').length;
  return `You were logged out in another tab.${unsent > 0 ? ' What you wrote is kept for your next log-in.' : ''}`;
}

/** @param {HubbubError} error */
function whyEnded({ code, closeCode, message }) {
  if (closeCode === 4002 || code === 'unauthorized') {
    return 'Your session has ended. Log in again: what you wrote is still here.';
  }
  if (closeCode === 4004) return 'Another device of yours took over. Log in to go on here instead.';
  if (closeCode === 4003 || code === 'forbidden') return 'You can no longer use this hub.';
  return `The hub ended the session: ${message}`;
}

const login = loadLogin();
if (login) void showChat(login);
else showSignIn();
