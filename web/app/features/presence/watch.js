/** The hub shows presence and typing for so many groups at once. */
const MOST_WATCHED = 20;

/** Watches the open group and those with the newest activity. */
export class Watch {
  /** @type {string | undefined} */
  open;
  #hub;
  #groups;
  #onSeen;
  #watching = "";

  /** @param {import("../../../hubbub.js").Hubbub} hub @param {import("../groups/store.js").Groups} groups @param {() => void} onSeen */
  constructor(hub, groups, onSeen) {
    this.#hub = hub;
    this.#groups = groups;
    this.#onSeen = onSeen;
  }

  /** Looks which groups are to be watched now. */
  update() {
    const newest = this.#groups.sorted().map(({ id }) => id);
    const open = this.open !== undefined && this.#groups.get(this.open) ? [this.open] : [];
    const wanted = [...new Set([...open, ...newest])].slice(0, MOST_WATCHED);
    const key = [...wanted].sort().join(" ");
    if (key === this.#watching) return;
    this.#watching = key;
    this.#hub.watch(wanted).then(this.#onSeen, () => (this.#watching = ""));
  }
}
