/**
 * Records that outlive the page, in the browser's IndexedDB. Each belongs to one user of the hub, and no other ever
 * reads it.
 *
 * @typedef {"outbox" | "drafts"} StoreName
 * @typedef {object} Change of one record
 * @property {StoreName} store
 * @property {string} id the record's, among its user's
 * @property {any} record what is kept from now on; null: nothing
 */

const NAME = 'hubbub';
const VERSION = 1;

/** What makes a record's id, after its user. @type {Record<StoreName, string>} */
const IDS = { outbox: 'cid', drafts: 'chat' };

/** @type {StoreName[]} */
export const STORES = ['outbox', 'drafts'];

/** @param {StoreName} store @param {any} record @returns {string} */
export const idOf = (store, record) => record[IDS[store]];

export class Database {
  #factory;
  /** Undefined while there is no connection; the next use makes one. @type {IDBDatabase | undefined} */
  #connection;

  /** @param {IDBFactory} [factory] */
  constructor(factory = globalThis.indexedDB) {
    this.#factory = factory;
  }

  /** Everything kept of a user, in no order. @param {StoreName} store @param {string} user @returns {Promise<any[]>} */
  async of(store, user) {
    const connection = this.#connection ?? (await this.#connect());
    const transaction = this.#begin(connection, [store], 'readonly');
    const request = transaction.objectStore(store).getAll(IDBKeyRange.bound([user], [user, []]));
    await finished(transaction);
    return request.result;
  }

  /**
   * Makes all of the changes or none. The writing has begun when this returns, where there is a connection: a page
   * that ends right after has left them.
   *
   * @param {string} user
   * @param {Change[]} changes
   * @param {{ synced?: boolean }} [options] whether they outlive a loss of power
   * @returns {Promise<void>} when they are kept
   */
  write(user, changes, { synced = false } = {}) {
    const put = (/** @type {IDBDatabase} */ connection) => this.#put(connection, user, changes, synced);
    return this.#connection ? put(this.#connection) : this.#connect().then(put);
  }

  /**
   * @param {IDBDatabase} connection
   * @param {string} user
   * @param {Change[]} changes
   * @param {boolean} synced
   * @returns {Promise<void>}
   */
  async #put(connection, user, changes, synced) {
    const stores = new Set(changes.map(({ store }) => store));
    const transaction = this.#begin(connection, [...stores], 'readwrite', {
      durability: synced ? 'strict' : 'relaxed',
    });
    try {
      for (const { store, id, record } of changes) {
        const records = transaction.objectStore(store);
        if (record === null) records.delete([user, id]);
        else records.put({ ...record, user });
      }
      transaction.commit?.();
    } catch (error) {
      // What was put before would be kept by itself.
      transaction.abort();
      throw error;
    }
    await finished(transaction);
  }

  /**
   * @param {IDBDatabase} connection
   * @param {StoreName[]} stores
   * @param {IDBTransactionMode} mode
   * @param {IDBTransactionOptions} [options]
   */
  #begin(connection, stores, mode, options) {
    try {
      return connection.transaction(stores, mode, options);
    } catch (error) {
      // Browsers close connections of their own accord; the next use opens another.
      this.#connection = undefined;
      throw error;
    }
  }

  /** @returns {Promise<IDBDatabase>} */
  #connect() {
    return new Promise((resolve, reject) => {
      const request = this.#factory.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        for (const store of STORES) request.result.createObjectStore(store, { keyPath: ['user', IDS[store]] });
      };
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error('another tab holds an older database'));
      request.onsuccess = () => {
        const connection = request.result;
        const forget = () => {
          this.#connection = undefined;
        };
        connection.onclose = forget;
        connection.onversionchange = () => {
          connection.close();
          forget();
        };
        resolve((this.#connection = connection));
      };
    });
  }
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the browser gave the transaction up'));
  });
}
