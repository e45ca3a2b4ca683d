import { Chat } from "./chat.js";
import { Shell } from "./shell.js";
import { SignIn } from "./signin.js";
import { loadLogin, saveLogin } from "./storage.js";

/**
 * @typedef {import("./storage.js").SavedLogin} SavedLogin
 * @typedef {import("../hubbub.js").HubbubError} HubbubError
 */

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
const address = location.origin;

/** @param {string} [notice] */
function showSignIn(notice) {
  document.title = "hubbub";
  const onLogin = (/** @type {SavedLogin} */ login) => {
    saveLogin(login);
    showChat(login);
  };
  root.replaceChildren();
  const signIn = new SignIn({ address, notice, onLogin });
  root.append(signIn.element);
  signIn.focus();
}

/** @param {SavedLogin} login */
function showChat(login) {
  const chat = new Chat(login, address);
  /** @param {string} [notice] */
  const end = (notice) => {
    saveLogin(undefined);
    chat.stop();
    shell.end();
    showSignIn(notice);
  };
  const shell = new Shell(chat, { onLogOut: () => end() });
  chat.on("link", ({ state, error }) => {
    if (state === "stopped" && error && error.code !== "closed") end(whyEnded(error));
  });
  root.replaceChildren(shell.element);
  chat.start();
}

/** @param {HubbubError} error */
function whyEnded({ code, closeCode, message }) {
  if (closeCode === 4002 || code === "unauthorized") return "Your session has ended. Log in again: what you wrote is still here.";
  if (closeCode === 4003 || code === "forbidden") return "You can no longer use this hub.";
  return `The hub ended the session: ${message}`;
}

const login = loadLogin();
if (login) showChat(login);
else showSignIn();
