import { Accounts, TokenKeeper } from "../../hubbub.js";
import { Chat } from "./chat.js";
import { askToLogOut } from "../features/account/log-out.js";
import { Shell } from "./panes.js";
import { SignIn } from "../features/account/view.js";
import { forgetLogin, loadLogin, saveLogin, watchLogin } from "../features/account/store.js";
import { Safe } from "../storage/safe.js";

/**
 * @typedef {import("../features/account/store.js").SavedLogin} SavedLogin
 * @typedef {import("../../hubbub.js").HubbubError} HubbubError
 */

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
const address = location.origin;

/** @param {string} [notice] */
function showSignIn(notice) {
  document.title = "hubbub";
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
  const tokens = keepToken(login);
  const chat = new Chat(login, address, { safe, token: () => tokens.fresh() });
  /** @param {string} [notice] */
  const end = (notice) => {
    ended.abort();
    tokens.stop();
    chat.stop();
    shell.end();
    showSignIn(notice);
  };
  const logOut = () => {
    saveLogin(undefined);
    end();
  };
  const shell = new Shell(chat, { onLogOut: () => askToLogOut(chat, logOut) });
  chat.on("link", ({ state, error }) => {
    if (state !== "stopped" || !error || error.code === "closed") return;
    forgetLogin(tokens.token);
    end(whyEnded(error));
  });
  watchLogin(() => (loadLogin()?.user === login.user ? tokens.look() : end(whyLoggedOut(safe))), ended.signal);
  root.replaceChildren(shell.element);
  tokens.start();
  chat.start();
}

/** Keeps a login's token good, one renewal for all tabs. @param {SavedLogin} login */
function keepToken(login) {
  const accounts = new Accounts(address);
  return new TokenKeeper(login, {
    renew: (token) => accounts.renew(token),
    load: () => {
      const kept = loadLogin();
      return kept?.user === login.user ? kept : undefined;
    },
    // Somebody else may have logged in meanwhile.
    save: (kept) => loadLogin()?.user === login.user && saveLogin({ ...login, ...kept }),
    lock: (work) => (navigator.locks ? navigator.locks.request("hubbub.renewal", work) : work()),
  });
}

/** @param {Safe} safe */
function whyLoggedOut(safe) {
  const unsent = safe.all("outbox").length + safe.all("drafts").length;
  return `You were logged out in another tab.${unsent > 0 ? " What you wrote is kept for your next log-in." : ""}`;
}

/** @param {HubbubError} error */
function whyEnded({ code, closeCode, message }) {
  if (closeCode === 4002 || code === "unauthorized") return "Your session has ended. Log in again: what you wrote is still here.";
  if (closeCode === 4003 || code === "forbidden") return "You can no longer use this hub.";
  return `The hub ended the session: ${message}`;
}

const login = loadLogin();
if (login) void showChat(login);
else showSignIn();
