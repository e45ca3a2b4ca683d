/**
 * @typedef {import("../../../hubbub.js").Hubbub} Hubbub
 * @typedef {import("../connection/store.js").Connection} Connection
 * @typedef {import("../groups/store.js").Groups} Groups
 */

/** Tells the hub how far this user has read. */
export class OwnMarks {
  #hub;
  #groups;
  #connection;

  /** @param {Pick<Hubbub, "read">} hub @param {Groups} groups @param {Connection} connection */
  constructor(hub, groups, connection) {
    this.#hub = hub;
    this.#groups = groups;
    this.#connection = connection;
  }

  /** Everything in a group is read. @param {string} id */
  markRead(id) {
    const group = this.#groups.get(id);
    if (group === undefined || group.read >= group.head || this.#connection.isStopped) return;
    this.#hub.read(id, group.head).catch(() => {
      // A mark that did not get through is made again with the next one.
    });
    this.#groups.markRead(id, group.head, group.n);
  }
}
