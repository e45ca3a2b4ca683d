import { h, icon } from './dom.js';

/**
 * @typedef {object} MenuItem
 * @property {string} icon
 * @property {string} label
 * @property {boolean} [dangerous]
 * @property {() => void} run
 *
 * @typedef {object} Toggle one of the small ones in the first line
 * @property {string} label
 * @property {boolean} on
 * @property {() => void} run
 */

const STEPS = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 });
/** Between the menu and the edges of the window. */
const MARGIN = 8;

/**
 * Opens a menu beside what it belongs to; on a narrow window it is a sheet at the foot. The browser keeps the focus
 * inside; Escape and a click elsewhere close it.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {Element} options.anchor
 * @param {{ label: string, toggles: Toggle[] }} options.first its first line, which may be empty
 * @param {MenuItem[]} options.items
 * @param {() => void} options.onClose once it is gone
 */
export function openMenu({ label, anchor, first, items, onClose }) {
  const close = (/** @type {() => void} */ run) => () => {
    dialog.close();
    run();
  };
  const line = h(
    'div',
    { class: 'menu-toggles', role: 'group', 'aria-label': first.label },
    ...first.toggles.map((toggle) => toggleButton(toggle, close(toggle.run))),
  );
  const menu = h(
    'div',
    { role: 'menu', 'aria-label': label, onkeydown: moveFocus },
    first.toggles.length > 0 && line,
    ...items.map((item) => itemButton(item, close(item.run))),
  );
  const dialog = h('dialog', { class: 'popup', 'aria-label': label, onclick: leave }, menu);
  dialog.addEventListener('close', () => {
    dialog.remove();
    onClose();
  });
  document.body.append(dialog);
  dialog.showModal();
  place(dialog, anchor);
}

/** @param {Toggle} toggle @param {() => void} onclick */
function toggleButton({ label, on }, onclick) {
  const props = { type: 'button', role: 'menuitemcheckbox', 'aria-checked': String(on), class: 'menu-toggle', onclick };
  return h('button', props, label);
}

/** @param {MenuItem} item @param {() => void} onclick */
function itemButton({ icon: name, label, dangerous }, onclick) {
  const classes = dangerous ? 'menu-item menu-item-danger' : 'menu-item';
  return h('button', { type: 'button', role: 'menuitem', class: classes, onclick }, icon(name), label);
}

/** What lies behind a modal dialog is the dialog to a click. @param {MouseEvent} event */
function leave({ target, currentTarget }) {
  if (target === currentTarget) /** @type {HTMLDialogElement} */ (target).close();
}

/** @param {KeyboardEvent} event */
function moveFocus(event) {
  const menu = /** @type {HTMLElement} */ (event.currentTarget);
  const stops = [...menu.querySelectorAll('button')];
  const at = stops.findIndex((stop) => stop === document.activeElement);
  const ends = /** @type {Record<string, number>} */ ({ Home: 0, End: stops.length - 1 });
  const to = ends[event.key] ?? (STEPS[event.key] && (at + STEPS[event.key] + stops.length) % stops.length);
  if (to === undefined) return;
  event.preventDefault();
  stops[to].focus();
}

/** Below the anchor where there is room, else above it. @param {HTMLElement} dialog @param {Element} anchor */
function place(dialog, anchor) {
  const by = anchor.getBoundingClientRect();
  const { width, height } = dialog.getBoundingClientRect();
  const below = by.bottom + height + MARGIN <= window.innerHeight;
  const top = below ? by.bottom : Math.max(MARGIN, by.top - height);
  const left = Math.max(MARGIN, Math.min(by.left, window.innerWidth - width - MARGIN));
  dialog.style.setProperty('--top', `${top}px`);
  dialog.style.setProperty('--left', `${left}px`);
}
