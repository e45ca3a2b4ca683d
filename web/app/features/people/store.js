import { Emitter } from '../../../client/emitter.js';

/**
 * @typedef {import("../../../client/accounts.js").Person} Person
 *
 * @typedef {object} Events
 * @property {undefined} changed somebody has a name that was not known
 * @property {Person[]} found by a search, with their presence
 */

/**
 * Who people are: the names of those that the page has met, and the search for others.
 *
 * @extends {Emitter<Events>}
 */
export class People extends Emitter {
  #me;
  #search;
  /** @type {Map<string, string>} */
  #names = new Map();
  /** @type {Set<string>} */
  #lookedUp = new Set();

  /** @param {string} me @param {(prefix: string) => Promise<Person[]>} search asks the hub */
  constructor(me, search) {
    super();
    this.#me = me;
    this.#search = search;
  }

  /** @param {string} id */
  name(id) {
    return this.#names.get(id) ?? id;
  }

  /** @param {string} id */
  knows(id) {
    return this.#names.has(id);
  }

  /** @param {Iterable<{ id: string, name?: string }>} people */
  learn(people) {
    const news = [...people].filter(({ id, name }) => name && this.#names.get(id) !== name);
    for (const { id, name } of news) this.#names.set(id, /** @type {string} */ (name));
    if (news.length > 0) this.emit('changed', undefined);
  }

  /** Other people whose username begins so. @param {string} prefix */
  async find(prefix) {
    const found = await this.#search(prefix);
    this.learn(found);
    this.emit('found', found);
    return found.filter(({ id }) => id !== this.#me);
  }

  /** Asks once for the name of somebody who is known by id only. @param {string} id */
  lookUp(id) {
    if (this.knows(id) || this.#lookedUp.has(id)) return;
    this.#lookedUp.add(id);
    this.find(id).catch(() => this.#lookedUp.delete(id));
  }
}
