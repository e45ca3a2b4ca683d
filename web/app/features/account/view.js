import { Accounts, Hubbub, HubbubError } from '../../../hubbub.js';
import { h } from '../../ui/dom.js';

/**
 * @typedef {import("./store.js").SavedLogin} SavedLogin
 * @typedef {"login" | "register" | "token"} Way
 */

/** @type {Record<Way, { title: string, action: string }>} */
const WAYS = {
  login: { title: 'Welcome back', action: 'Log in' },
  register: { title: 'Make an account', action: 'Create account' },
  token: { title: 'Sign in with a token', action: 'Continue' },
};

/** What the hub takes for a username. */
const USERNAME = '[A-Za-z0-9._@\\-]{1,64}';

/** The way in: an account of the hub's own, or a token from elsewhere. */
export class SignIn {
  #accounts;
  #address;
  #onLogin;
  /** @type {Way} */
  #way;
  #notice;
  element = h('main', { class: 'signin' });

  /** @param {{ address: string, notice?: string, way?: Way, onLogin: (login: SavedLogin) => void }} options */
  constructor({ address, notice = '', way = 'login', onLogin }) {
    this.#address = address;
    this.#accounts = new Accounts(address);
    this.#notice = notice;
    this.#way = way;
    this.#onLogin = onLogin;
    this.#show();
  }

  #show() {
    const { title, action } = WAYS[this.#way];
    const problem = h('p', { class: 'problem', role: 'alert', hidden: this.#notice === '' }, this.#notice);
    const button = h('button', { class: 'button button-main button-wide' }, action);
    const form = h(
      'form',
      {
        class: 'signin-form',
        onsubmit: (/** @type {Event} */ event) => {
          void this.#submit(event, problem, button);
        },
      },
      h('h2', {}, title),
      ...(this.#way === 'token' ? tokenFields() : accountFields(this.#way)),
      problem,
      button,
      this.#otherWays(),
    );
    this.element.replaceChildren(
      h(
        'div',
        { class: 'signin-card' },
        h(
          'header',
          { class: 'signin-brand' },
          h('img', { src: '/app/ui/icon.svg', alt: '', width: '56', height: '56' }),
          h('h1', { class: 'brand' }, 'hubbub'),
          h('p', {}, 'Group chat where nothing that was said is lost.'),
        ),
        form,
      ),
    );
    this.focus();
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.element.querySelector('input, textarea'))?.focus();
  }

  #otherWays() {
    /** @param {Way} way @param {string} text */
    const to = (way, text) =>
      h('button', { type: 'button', class: 'link-button', onclick: () => this.#turnTo(way) }, text);
    if (this.#way === 'login') {
      return h(
        'p',
        { class: 'signin-more' },
        'New here? ',
        to('register', 'Make an account'),
        h('span', { class: 'dot' }, ' · '),
        to('token', 'Use a token'),
      );
    }
    if (this.#way === 'register') return h('p', { class: 'signin-more' }, 'Have an account? ', to('login', 'Log in'));
    return h('p', { class: 'signin-more' }, to('login', 'Use an account instead'));
  }

  /** @param {Way} way @param {string} [notice] */
  #turnTo(way, notice = '') {
    this.#way = way;
    this.#notice = notice;
    this.#show();
  }

  /** @param {Event} event @param {HTMLElement} problem @param {HTMLButtonElement} button */
  async #submit(event, problem, button) {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (event.target)));
    button.disabled = true;
    problem.hidden = true;
    try {
      this.#onLogin(await this.#logIn(/** @type {Record<string, string>} */ (fields)));
    } catch (error) {
      if (this.#way !== 'token' && error instanceof HubbubError && error.status === 404) {
        return this.#turnTo(
          'token',
          'This hub keeps no accounts of its own. Paste a token from your identity provider.',
        );
      }
      problem.textContent = explain(error, this.#way);
      problem.hidden = false;
    } finally {
      button.disabled = false;
    }
  }

  /** @param {Record<string, string>} fields @returns {Promise<SavedLogin>} */
  async #logIn({ username, password, name, token }) {
    if (this.#way === 'token') return this.#logInWithToken(token.trim());
    const account = { username: username.trim(), password };
    const login = this.#way === 'login'
      ? await this.#accounts.login(account)
      : await this.#accounts.register({ ...account, name: name.trim() || undefined });
    return { user: login.user, token: login.token, name: name?.trim() || undefined, since: Date.now() };
  }

  /** Who a token belongs to is the hub's to say. @param {string} token @returns {Promise<SavedLogin>} */
  async #logInWithToken(token) {
    const hub = new Hubbub({ url: this.#address, token });
    try {
      const { user } = await hub.connect();
      return { user, token };
    } finally {
      hub.close();
    }
  }
}

/** @param {Way} way */
function accountFields(way) {
  const fresh = way === 'register';
  const name = h(
    'div',
    { class: 'field' },
    h('label', { for: 'name' }, 'Your name ', h('span', { class: 'optional' }, '(optional)')),
    h('input', { id: 'name', name: 'name', type: 'text', autocomplete: 'name', maxlength: '200' }),
  );
  return [
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'username' }, 'Username'),
      h('input', {
        id: 'username',
        name: 'username',
        type: 'text',
        required: true,
        autocomplete: 'username',
        autocapitalize: 'none',
        spellcheck: 'false',
        maxlength: '64',
        pattern: USERNAME,
        title: 'Letters, digits and . _ @ -',
      }),
    ),
    ...(fresh ? [name] : []),
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'password' }, 'Password'),
      h('input', {
        id: 'password',
        name: 'password',
        type: 'password',
        required: true,
        minlength: fresh && '8',
        autocomplete: fresh ? 'new-password' : 'current-password',
      }),
    ),
  ];
}

function tokenFields() {
  return [
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'token' }, 'Token'),
      h('textarea', {
        id: 'token',
        name: 'token',
        rows: '4',
        required: true,
        autocomplete: 'off',
        spellcheck: 'false',
        placeholder: 'eyJ…',
      }),
    ),
  ];
}

/** @param {unknown} error @param {Way} way */
function explain(error, way) {
  if (!(error instanceof HubbubError)) return 'Something went wrong. Try again.';
  if (error.code === 'unreachable') return 'The hub cannot be reached. Try again in a moment.';
  if (error.code === 'rate_limited') return 'Too many attempts. Wait a little and try again.';
  if (error.code === 'conflict') return 'This username is taken.';
  if (error.code !== 'unauthorized') return error.message;
  return way === 'token' ? 'The hub does not accept this token.' : 'Wrong username or password.';
}
