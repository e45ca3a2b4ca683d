import { h } from '../../ui/dom.js';
import { nameList } from '../../ui/format.js';

/** What stands above the first message and below the last one. */

/**
 * Whether there is more before the first message, and how it is with that.
 *
 * @param {import("./timeline.js").Timeline | undefined} timeline
 * @param {() => void} onRetry
 * @returns {Node[]}
 */
export function topNotes(timeline, onRetry) {
  if (timeline?.failure !== undefined) {
    const again = h('button', { type: 'button', class: 'link-button', onclick: onRetry }, 'Try again');
    return [h('p', { class: 'top-note' }, 'Earlier messages could not be loaded. ', again)];
  }
  if (timeline?.loading) return [h('p', { class: 'top-note top-loading' }, 'Loading messages…')];
  if (timeline !== undefined && (!timeline.loaded || timeline.hasEarlier)) return [];
  const isWhole = timeline?.events[0]?.seq === 1 || !timeline?.events.length;
  const note = isWhole ? 'This is where it begins.' : 'What was said before is no longer kept.';
  return [h('p', { class: 'top-note' }, note)];
}

/** Who has read the newest message. @param {string[]} names */
export function readersLine(names) {
  return h('p', { class: 'readers' }, `Read by ${nameList(names, 4)}`);
}
