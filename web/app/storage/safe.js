import { Emitter } from '../../client/emitter.js';
import { Database, idOf, STORES } from './database.js';
import { takeLegacyOutbox } from './legacy.js';

/**
 * @typedef {import("./database.js").StoreName} StoreName
 * @typedef {import("./database.js").Change & { news?: any }} Change `news`: what other tabs are told with it
 *
 * @typedef {object} Events
 * @property {Change[]} changed by another tab
 * @property {undefined} left another tab is closed, whatever it was doing
 * @property {undefined} leaving this page may end now
 * @property {boolean} durable whether what is written outlives the page
 */

const CHANNEL = 'hubbub.storage';
/** A browser that has not opened its database by then does not keep anybody from chatting. */
const OPENING_MS = 3_000;

/**
 * One user's records: in memory to be read at once, in the database to outlive the page, and the same in every tab.
 * Where there is no database they live as long as the page, and `durable` says so.
 *
 * @extends {Emitter<Events>}
 */
export class Safe extends Emitter {
  durable = true;
  #user;
  /** @type {Database | undefined} */
  #database;
  /** @type {BroadcastChannel | undefined} */
  #channel;
  /** @type {Record<StoreName, Map<string, any>>} */
  #records = { outbox: new Map(), drafts: new Map() };
  /** What the database did not take, to be tried again with the next change. @type {Map<string, Change>} */
  #refused = new Map();
  /** Counts changes, so that what was read before one can be told. */
  #changes = 0;
  #closed = new AbortController();

  /** @param {string} user @param {Database | undefined} database */
  constructor(user, database) {
    super();
    this.#user = user;
    this.#database = database;
    this.durable = database !== undefined;
  }

  /** Opens what is kept of a user. @param {string} user @param {IDBFactory} [factory] @returns {Promise<Safe>} */
  static async open(user, factory) {
    const safe = new Safe(user, new Database(factory));
    const late = new Promise((_, reject) => {
      setTimeout(reject, OPENING_MS, new Error('the database does not open'));
    });
    await Promise.race([safe.reload(), late]).catch(() => safe.#doWithout());
    safe.#listen();
    takeLegacyOutbox(user, async (messages) => {
      await safe.write(messages.map((record) => ({ store: 'outbox', id: record.cid, record })));
      return safe.durable;
    });
    return safe;
  }

  /** @param {StoreName} store @returns {any[]} */
  all(store) {
    return [...this.#records[store].values()];
  }

  /**
   * Changes records: here at once, all or none in the database.
   *
   * @param {Change[]} changes
   * @param {{ synced?: boolean }} [options] whether they outlive a loss of power
   * @returns {Promise<void>} when they are kept, as well as can be
   */
  async write(changes, options) {
    this.#apply(changes);
    if (this.#database === undefined) return;
    // Of each record the newest change is left, whatever was refused before.
    const newest = new Map([
      ...this.#refused,
      ...changes.map((change) => /** @type {const} */ ([nameOf(change), change])),
    ]);
    const all = [...newest.values()];
    try {
      await this.#database.write(this.#user, all, options);
    } catch {
      // As it is by now: a later change of the same record may have been taken.
      for (const [name, { store, id }] of newest) {
        this.#refused.set(name, { store, id, record: this.#records[store].get(id) ?? null });
      }
      return this.#setDurable(false);
    }
    for (const name of newest.keys()) this.#refused.delete(name);
    this.#setDurable(this.#refused.size === 0);
    this.#channel?.postMessage({ user: this.#user, changes: all });
  }

  /** Reads again what other tabs may have changed while this one slept. */
  async reload() {
    const database = this.#database;
    if (database === undefined) return;
    let seen;
    let found;
    do {
      seen = this.#changes;
      // eslint-disable-next-line no-await-in-loop -- read again only when something changed while it was read
      found = await Promise.all(STORES.map((store) => database.of(store, this.#user)));
    } while (seen !== this.#changes);
    const changes = STORES.flatMap((store, index) => this.#differences(store, found[index]));
    this.#apply(changes);
    if (changes.length > 0) this.emit('changed', changes);
  }

  /** Nothing of this user is to be left. */
  forget() {
    return this.write(
      STORES.flatMap((store) => [...this.#records[store].keys()].map((id) => ({ store, id, record: null }))),
    );
  }

  close() {
    this.#leave();
    this.#closed.abort();
    this.#channel?.close();
    this.#channel = undefined;
  }

  #listen() {
    const { signal } = this.#closed;
    window.addEventListener('pagehide', () => this.#leave(), { signal });
    document.addEventListener('visibilitychange', () => this.#looked(), { signal });
    if (this.#database === undefined || globalThis.BroadcastChannel === undefined) return;
    this.#channel = new BroadcastChannel(CHANNEL);
    this.#channel.onmessage = ({ data: { user, changes } }) => {
      if (user !== this.#user) return;
      if (changes === undefined) return this.emit('left', undefined);
      const news = changes.filter((/** @type {Change} */ change) => !this.#refused.has(nameOf(change)));
      this.#apply(news);
      this.emit('changed', news);
    };
  }

  #looked() {
    if (document.visibilityState === 'hidden') return this.emit('leaving', undefined);
    void this.reload().then(
      () => this.emit('left', undefined),
      () => {},
    );
  }

  #leave() {
    this.emit('leaving', undefined);
    this.#channel?.postMessage({ user: this.#user });
  }

  /** @param {Change[]} changes */
  #apply(changes) {
    this.#changes += 1;
    for (const { store, id, record } of changes) {
      if (record === null) this.#records[store].delete(id);
      else this.#records[store].set(id, record);
    }
  }

  /** @param {StoreName} store @param {any[]} found @returns {Change[]} */
  #differences(store, found) {
    const kept = new Map(found.map((record) => [idOf(store, record), record]));
    const own = this.#records[store];
    const gone = [...own.keys()].filter((id) => !kept.has(id)).map((id) => ({ store, id, record: null }));
    const news = [...kept]
      .filter(([id, record]) => !alike(record, own.get(id)))
      .map(([id, record]) => ({ store, id, record }));
    return [...gone, ...news].filter((change) => !this.#refused.has(nameOf(change)));
  }

  #doWithout() {
    this.#database = undefined;
    this.#setDurable(false);
  }

  /** @param {boolean} durable */
  #setDurable(durable) {
    if (durable === this.durable) return;
    this.durable = durable;
    this.emit('durable', durable);
  }
}

/** @param {Change} change */
const nameOf = ({ store, id }) => `${store} ${id}`;

/** @param {any} one @param {any} other */
function alike(one, other) {
  const entries = (/** @type {any} */ record) =>
    Object.entries(record ?? {})
      .filter(([key, value]) => key !== 'user' && value !== undefined)
      .sort();
  return other !== undefined && JSON.stringify(entries(one)) === JSON.stringify(entries(other));
}
