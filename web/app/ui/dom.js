/** Small helpers to make and change elements. Text goes in as text, never as HTML. */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [props] `class`, attributes by their names, `on…` listeners (`onclick`); undefined,
 *   null and false leave an attribute out, true sets it empty
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(typeof child === 'number' ? String(child) : child);
    }
  }
  return element;
}

/** @param {Element} element @param {string} name @param {any} value */
export function set(element, name, value) {
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (value === undefined || value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/** Strokes on a 24 by 24 grid. @type {Record<string, string[]>} */
const ICONS = {
  add: ['M12 5v14', 'M5 12h14'],
  back: ['M15 5l-7 7 7 7'],
  check: ['M5 12.5l4.5 4.5L19 7.5'],
  checks: ['M2.5 12.5L7 17l8.5-9', 'M11.5 16l1 1L21.5 7.5'],
  clock: ['M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17z', 'M12 7.5V12l3 2'],
  close: ['M6 6l12 12', 'M18 6L6 18'],
  copy: ['M8.5 8.5h11v11h-11z', 'M15.5 8.5v-4h-11v11h4'],
  down: ['M12 5v13', 'M6 12.5l6 6 6-6'],
  edit: ['M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5z', 'M13.5 7l3.5 3.5'],
  group: [
    'M9 4.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z',
    'M2.5 19.5c.6-3.4 3-5.2 6.5-5.2s5.9 1.8 6.5 5.2',
    'M15.5 4.8a3.5 3.5 0 0 1 0 6.4',
    'M17.8 14.8c2 .7 3.3 2.3 3.7 4.7',
  ],
  info: ['M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17z', 'M12 11v5.5', 'M12 7.5v.1'],
  leave: ['M14 4.5H6.5v15H14', 'M11 12h9.5', 'M17 8.5l3.5 3.5-3.5 3.5'],
  link: [
    'M10 14a4 4 0 0 0 5.7.3l3-3a4 4 0 0 0-5.7-5.7l-1.2 1.2',
    'M14 10a4 4 0 0 0-5.7-.3l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2',
  ],
  more: ['M5.5 12v.1', 'M12 12v.1', 'M18.5 12v.1'],
  pin: ['M9 4h6l-1 6.5 3.5 3.5h-11l3.5-3.5z', 'M12 14v6.5'],
  remove: ['M4.5 7h15', 'M9.5 7V4.5h5V7', 'M6.5 7l1 12.5h9l1-12.5'],
  reply: ['M10 6l-6 6 6 6', 'M4.5 12H14c3.5 0 5.5 2 5.5 6'],
  search: ['M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z', 'M15.5 15.5L20.5 20.5'],
  send: ['M12 19V5.5', 'M5.5 12L12 5.5l6.5 6.5'],
  warn: ['M12 4L2.8 19.5h18.4z', 'M12 10v4.5', 'M12 17v.1'],
};

/** A decorative icon; what it stands in says what it means. @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [key, value] of Object.entries({ class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' })) {
    svg.setAttribute(key, value);
  }
  for (const strokes of ICONS[name]) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', strokes);
    svg.append(path);
  }
  return svg;
}

/**
 * A button that shows an icon and is named by a label.
 *
 * @param {keyof typeof ICONS} name
 * @param {string} label
 * @param {Record<string, any>} [props]
 */
export function iconButton(name, label, props = {}) {
  return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, ...props }, icon(name));
}

/**
 * Makes `parent`'s children be the rows, in their order: what is there under the same key and signature stays as it is.
 *
 * @template Row
 * @param {Element} parent
 * @param {Row[]} rows
 * @param {{ key: (row: Row) => string, signature: (row: Row) => string, render: (row: Row) => HTMLElement }} how
 */
export function reconcile(parent, rows, { key, signature, render }) {
  const old = new Map(
    [...parent.children].map((child) => [
      /** @type {HTMLElement} */ (child).dataset.key,
      /** @type {HTMLElement} */ (child),
    ]),
  );
  let cursor = parent.firstElementChild;
  for (const row of rows) {
    const id = key(row);
    const known = old.get(id);
    const element = known?.dataset.signature === signature(row) ? known : render(row);
    old.delete(id);
    if (element !== known) Object.assign(element.dataset, { key: id, signature: signature(row) });
    if (known && element !== known) {
      if (known === cursor) cursor = element;
      replaceKeepingFocus(known, element);
    }
    if (element === cursor) cursor = element.nextElementSibling;
    else parent.insertBefore(element, cursor);
  }
  for (const gone of old.values()) gone.remove();
}

/**
 * What has the focus is found again by its `data-stop`, where there are several to choose from.
 *
 * @param {HTMLElement} old
 * @param {HTMLElement} element
 */
function replaceKeepingFocus(old, element) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const wasInside = old.contains(focused);
  old.replaceWith(element);
  if (!wasInside) return;
  const inside = /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll('a, button'));
  const stops = [element, ...inside];
  const name = focused?.dataset.stop;
  const same = stops.find((stop) => name !== undefined && stop.dataset.stop === name);
  (same ?? stops.find((stop) => stop.matches('a, button')))?.focus();
}

/** Calls `update` once before the next paint, however often it is asked to. @param {() => void} update */
export function oncePerFrame(update) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      update();
    });
  };
}

/** Arrow keys move the focus among the links and buttons of a list. @param {HTMLElement} list */
export function arrowKeys(list) {
  list.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('a, button, input')]).filter(
      (stop) => stop.offsetParent !== null,
    );
    const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (step === undefined || at < 0 || stops[at + step] === undefined) return;
    event.preventDefault();
    stops[at + step].focus();
  });
}
