/**
 * One stop for Tab among all that can be pressed at messages, at first the newest one's: else hundreds would lie before
 * the field. The arrow keys lead from there to the other messages, and to what else a message has.
 */
const STOP = '[data-stop]';
const ROWS = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 });
const INSIDE = /** @type {Record<string, number>} */ ({ ArrowRight: 1, ArrowLeft: -1 });

export class Rove {
  #list;
  /** @type {HTMLElement | undefined} */
  #stop;

  /** @param {HTMLElement} list its rows hold the stops, each of which begins with a `tabindex` of -1 */
  constructor(list) {
    this.#list = list;
    list.addEventListener('focusin', ({ target }) => {
      const stop = /** @type {HTMLElement} */ (target);
      if (stop.matches(STOP)) this.#stopAt(stop);
    });
    list.addEventListener('keydown', move);
  }

  /** The rows are others than before. */
  update() {
    if (this.#stop?.isConnected && this.#list.contains(document.activeElement)) return;
    let row = this.#list.lastElementChild;
    while (row && mainOf(row) === null) row = row.previousElementSibling;
    this.#stopAt(row ? (mainOf(row) ?? undefined) : undefined);
  }

  /** @param {HTMLElement | undefined} stop */
  #stopAt(stop) {
    if (stop === this.#stop) return;
    if (this.#stop) this.#stop.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
    this.#stop = stop;
  }
}

/** @param {KeyboardEvent} event */
function move(event) {
  const from = /** @type {HTMLElement} */ (event.target);
  const row = from.closest('li');
  if (row === null || !from.matches(STOP)) return;
  const to = ROWS[event.key] ? besides(row, ROWS[event.key]) : within(row, from, INSIDE[event.key] ?? 0);
  if (to === undefined) return;
  event.preventDefault();
  to.focus();
}

/** What is reached first in a row. @param {Element} row @returns {HTMLElement | null} */
export function mainOf(row) {
  return row.querySelector('[data-stop="actions"]') ?? row.querySelector(STOP);
}

/** @param {Element} row @param {number} step @returns {HTMLElement | undefined} */
function besides(row, step) {
  const next = (/** @type {Element} */ one) => (step > 0 ? one.nextElementSibling : one.previousElementSibling);
  let other = next(row);
  while (other && mainOf(other) === null) other = next(other);
  return other ? (mainOf(other) ?? undefined) : undefined;
}

/** @param {Element} row @param {HTMLElement} from @param {number} step @returns {HTMLElement | undefined} */
function within(row, from, step) {
  const stops = /** @type {HTMLElement[]} */ ([...row.querySelectorAll(STOP)]);
  return step === 0 ? undefined : stops[stops.indexOf(from) + step];
}
