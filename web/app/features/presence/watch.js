/**
 * @typedef {import("../../../hubbub.js").Hubbub} Hubbub
 * @typedef {import("../groups/store.js").Groups} Groups
 */

/** The hub shows presence and typing for so many groups at once. */
const MOST_WATCHED = 20;

/** Watches the open group and those with the newest activity. */
export class Watch {
  #hub;
  #groups;
  #watching = '';

  /** @param {Pick<Hubbub, "watch">} hub @param {Groups} groups */
  constructor(hub, groups) {
    this.#hub = hub;
    this.#groups = groups;
  }

  /** Looks which groups are to be watched now. @param {string | undefined} open */
  update(open) {
    const newest = this.#groups.sorted().map(({ id }) => id);
    const first = open !== undefined && this.#groups.get(open) ? [open] : [];
    const wanted = [...new Set([...first, ...newest])].slice(0, MOST_WATCHED);
    const key = [...wanted].sort().join(' ');
    if (key === this.#watching) return;
    this.#watching = key;
    this.#hub.watch(wanted).catch(() => {
      this.#watching = '';
    });
  }
}
