/** A finger that rests so long means a menu, and not a tap. */
const LONG_MS = 500;
/** One that moves further than this scrolls. */
const SLACK_PX = 10;

/**
 * Calls `act` when a finger rests on something in `element` that the selector names.
 *
 * @param {HTMLElement} element
 * @param {string} selector
 * @param {(pressed: HTMLElement) => void} act
 */
export function onLongPress(element, selector, act) {
  /** @type {{ timer: ReturnType<typeof setTimeout>, x: number, y: number } | undefined} */
  let press;
  const end = () => {
    clearTimeout(press?.timer);
    press = undefined;
  };
  element.addEventListener('pointerdown', ({ target, pointerType, isPrimary, clientX: x, clientY: y }) => {
    end();
    const pressed = /** @type {Element} */ (target).closest(selector);
    if (pointerType !== 'touch' || !isPrimary || pressed === null) return;
    const timer = setTimeout(() => {
      end();
      act(/** @type {HTMLElement} */ (pressed));
      swallowClick();
    }, LONG_MS);
    press = { timer, x, y };
  });
  element.addEventListener('pointermove', ({ clientX, clientY }) => {
    if (press && Math.hypot(clientX - press.x, clientY - press.y) > SLACK_PX) end();
  });
  for (const name of ['pointerup', 'pointercancel']) element.addEventListener(name, end);
  // The browser's own menu would lie over this one.
  element.addEventListener('contextmenu', (event) => {
    const isTouch = /** @type {PointerEvent} */ (event).pointerType === 'touch';
    if (isTouch && /** @type {Element} */ (event.target).closest(selector) !== null) event.preventDefault();
  });
}

/** The same finger's click, once it is lifted, is not meant for what lies under it by then. */
function swallowClick() {
  const done = new AbortController();
  const options = { capture: true, signal: done.signal };
  document.addEventListener('pointerdown', () => done.abort(), options);
  document.addEventListener(
    'click',
    (event) => {
      // One that a key makes has no count.
      if (event.detail === 0) return;
      event.stopPropagation();
      event.preventDefault();
      done.abort();
    },
    options,
  );
}
