/**
 * @typedef {import("../drafts/store.js").Target} Target
 * @typedef {import("../people/store.js").People} People
 * @typedef {import("./store.js").Groups} Groups
 * @typedef {import("./store.js").KnownGroup} KnownGroup
 */

/** What chats are called: a group has a name, a direct chat that of its partner. */
export class Titles {
  #me;
  #groups;
  #people;

  /** @param {string} me @param {Groups} groups @param {People} people */
  constructor(me, groups, people) {
    this.#me = me;
    this.#groups = groups;
    this.#people = people;
  }

  /** @param {KnownGroup} group */
  of(group) {
    const partner = this.#groups.partner(group);
    if (partner === this.#me) return `${this.#people.name(partner)} (you)`;
    return partner === undefined ? group.name || 'Group' : this.#people.name(partner);
  }

  /** Of a chat that may be in no list. @param {Target} target @param {string} [title] what it was called once */
  ofTarget({ group, to }, title) {
    const known = group === undefined ? undefined : this.#groups.get(group);
    if (known) return this.of(known);
    if (to !== undefined && this.#people.knows(to)) return this.#people.name(to);
    return title ?? to ?? 'Group';
  }
}
