/**
 * The groups that the hub has told of, as `updated` events have changed them since.
 *
 * @typedef {import("./types.js").HubEvent} HubEvent
 * @typedef {import("./types.js").Group} Group
 */

/** What an `updated` event may say anew of a group. */
const FIELDS = ['name', 'about', 'image', 'access', 'pinning', 'archived', 'retention'];

export class Groups {
  /** @type {Map<string, Group>} */
  #known = new Map();
  /** Group → the seq of the newest event that is in what is known. @type {Map<string, number>} */
  #asOf = new Map();

  /** @param {string} id */
  get(id) {
    return this.#known.get(id);
  }

  /**
   * The hub told of a group.
   *
   * @param {Group} group
   * @param {(asOf: number) => HubEvent[]} since what is known to have come after a seq
   */
  meet(group, since) {
    this.#known.set(group.id, group);
    this.#asOf.set(group.id, group.head ?? 0);
    for (const event of since(group.head ?? 0)) this.hear(event);
  }

  /** @param {HubEvent} event */
  hear({ group: id, seq, kind, data }) {
    const group = this.#known.get(id);
    if (kind !== 'updated' || group === undefined || seq <= (this.#asOf.get(id) ?? 0)) return;
    const changed = FIELDS.filter((field) => data?.[field] !== undefined).map((field) => [field, data?.[field]]);
    this.#known.set(id, { ...group, ...Object.fromEntries(changed) });
    this.#asOf.set(id, seq);
  }

  /** @param {string} id */
  forget(id) {
    this.#known.delete(id);
    this.#asOf.delete(id);
  }
}
