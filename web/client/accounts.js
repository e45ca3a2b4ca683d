import { HubbubError } from './errors.js';

/**
 * The HTTP side of the hub that a client needs: accounts, tickets, finding people.
 *
 * @typedef {{ user: string, token: string, expires: number }} Login `expires` in Unix milliseconds
 * @typedef {{ id: string, username: string, name: string, online: boolean, last_seen: number }} Person
 */

/** Connecting waits for a token that is due; a hub that does not answer must not hold it up for long. */
const RENEWAL_TIMEOUT_MS = 8_000;

export class Accounts {
  #base;
  #fetch;

  /**
   * @param {string | URL} base the hub's address, `https://hub.example`
   * @param {typeof fetch} [fetcher]
   */
  constructor(base, fetcher = globalThis.fetch.bind(globalThis)) {
    this.#base = base;
    this.#fetch = fetcher;
  }

  /** @param {{ username: string, password: string, name?: string }} account @returns {Promise<Login>} */
  register(account) {
    return this.#request('POST', '/auth/register', { body: account });
  }

  /** @param {{ username: string, password: string }} account @returns {Promise<Login>} */
  login(account) {
    return this.#request('POST', '/auth/login', { body: account });
  }

  /**
   * Another token for the account whose good one this is.
   *
   * @param {string} token
   * @returns {Promise<{ token: string, expires: number }>}
   */
  renew(token) {
    return this.#request('POST', '/auth/renew', { token, timeout: RENEWAL_TIMEOUT_MS });
  }

  /** A one-time ticket for `?ticket=`. @param {string} token @returns {Promise<{ ticket: string, expires: number }>} */
  ticket(token) {
    return this.#request('POST', '/auth/ticket', { token });
  }

  /**
   * Up to 20 users whose username begins so.
   *
   * @param {string} token
   * @param {string} prefix
   * @returns {Promise<Person[]>}
   */
  find(token, prefix) {
    return this.#request('GET', `/users?username=${encodeURIComponent(prefix)}`, { token });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ token?: string, body?: object, timeout?: number }} options
   * @returns {Promise<any>}
   * @throws {HubbubError} with the problem document's code; `unreachable` when there was no answer
   */
  async #request(method, path, { token, body, timeout }) {
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    };
    let response;
    try {
      response = await this.#fetch(new URL(path, this.#base), {
        method,
        headers,
        body: body && JSON.stringify(body),
        signal: timeout === undefined ? undefined : AbortSignal.timeout?.(timeout),
      });
    } catch (cause) {
      throw new HubbubError('unreachable', 'the hub cannot be reached', { cause });
    }
    const answer = await response.json().catch(() => undefined);
    if (!response.ok) throw problem(response, answer ?? {});
    // Cut off half-way, or from whoever answers in the hub's place: a login page of the network's, say.
    if (answer === undefined) throw new HubbubError('unreachable', 'what answers is not the hub, or was cut off');
    return answer;
  }
}

/** @param {Response} response @param {any} document a problem document (RFC 9457) */
function problem({ status, headers }, document) {
  const seconds = Number(headers.get('retry-after'));
  const retryAfter = document.retry_after ?? (seconds > 0 ? seconds * 1000 : undefined);
  return new HubbubError(document.code ?? `http_${status}`, document.detail ?? document.title ?? `HTTP ${status}`, {
    status,
    retryAfter,
  });
}
