import WebSocket from 'ws';
import { Accounts, Hubbub } from '../../hubbub.js';
import { launch } from './chromium.js';
import { Line } from './line.js';
import { fresh, PASSWORD, Person, WIDE } from './person.js';

/**
 * A browser, a hub, and the people of one test file; everything ends with the file.
 *
 * @typedef {import("./hubs.js").Hub} Hub
 */
export class Stage {
  /** @type {(() => unknown)[]} */
  #endings = [];

  /** @param {import("playwright-core").Browser} browser @param {Hub} hub */
  constructor(browser, hub) {
    this.browser = browser;
    this.hub = hub;
  }

  /** @param {() => Promise<Hub>} startHub */
  static async set(startHub) {
    const hub = await startHub();
    try {
      return new Stage(await launch(), hub);
    } catch (error) {
      await hub.stop();
      throw error;
    }
  }

  async end() {
    for (const ending of this.#endings.reverse()) await ending();
    await this.browser.close();
    await this.hub.stop();
  }

  get url() {
    return this.hub.urls[0];
  }

  /**
   * Somebody with a window of their own.
   *
   * @param {string} name
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async person(name, options = {}) {
    const context = await this.browser.newContext({ viewport: WIDE, ...options });
    context.setDefaultTimeout(45_000);
    this.#endings.push(() => context.close());
    return new Person(await context.newPage(), name);
  }

  /**
   * Somebody who is already in.
   *
   * @param {string} name
   * @param {{ url?: string } & import("playwright-core").BrowserContextOptions} [options]
   */
  async member(name, { url = this.url, ...options } = {}) {
    return (await this.person(name, options)).register(url);
  }

  /** @param {string} [url] */
  async line(url = this.url) {
    const line = await Line.to(url);
    this.#endings.push(() => line.close());
    return line;
  }

  /** Somebody without a window: the client module itself. @param {string} name @param {string} [url] */
  async client(name, url = this.url) {
    const username = fresh(name);
    const { token, user } = await new Accounts(url).register({ username, password: PASSWORD, name });
    const hub = new Hubbub({ url, token, WebSocket });
    this.#endings.push(() => hub.close());
    await hub.connect();
    return { hub, user, username, name };
  }
}
