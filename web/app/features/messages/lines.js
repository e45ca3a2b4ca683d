import { avatar } from '../../ui/avatar.js';
import { copyButton } from '../../ui/copy.js';
import { h, icon } from '../../ui/dom.js';
import { clock, isEmojiOnly, moment, segments } from '../../ui/format.js';
import { DELETED } from '../groups/events.js';

/**
 * The lines of a conversation as they are drawn.
 *
 * @typedef {import("./rows.js").LabelRow} LabelRow
 * @typedef {import("./rows.js").MessageRow} MessageRow
 * @typedef {import("./rows.js").Progress} Progress
 *
 * @typedef {object} Part what another feature draws at a message
 * @property {"above" | "below" | "beside"} place above the text, below the bubble, or beside it
 * @property {(row: MessageRow) => unknown} signature what it shows there; undefined for nothing
 * @property {(row: MessageRow) => HTMLElement} render
 *
 * @typedef {object} How a message is drawn
 * @property {string} name its sender's
 * @property {boolean} inGroup rather than in a direct chat, where it is plain who speaks
 * @property {(cid: string) => void} onRetry
 * @property {(cid: string) => void} onDelete
 * @property {Part[]} parts
 */

/** @type {Record<Progress, { icon: string, label: string }>} */
const PROGRESS = {
  sending: { icon: 'clock', label: 'Sending' },
  failed: { icon: 'warn', label: 'Not sent' },
  stored: { icon: 'check', label: 'Stored' },
  delivered: { icon: 'checks', label: 'Delivered' },
  read: { icon: 'checks', label: 'Read' },
};

/** A day, the line above what is new, or a note. @param {LabelRow} row */
export function labelLine({ kind, text }) {
  if (kind === 'note') return h('li', { class: 'note' }, text);
  return h('li', { class: kind === 'day' ? 'day' : 'unread-line' }, h('span', {}, text));
}

/** @param {MessageRow} row @param {How} how */
export function messageLine(row, how) {
  const { from, mine, opens, closes, progress, seq } = row;
  const foreign = !mine && how.inGroup;
  const classes = [
    'message',
    mine ? 'message-mine' : 'message-theirs',
    opens && 'message-opens',
    closes && 'message-closes',
    `message-${progress}`,
    foreign && 'message-in-group',
    row.deleted && 'message-deleted',
  ];
  return h(
    'li',
    { class: classes.filter(Boolean).join(' '), 'data-seq': seq },
    foreign && opens && avatar(from, how.name, { size: 'small' }),
    h('div', { class: 'bubble-line' }, bubble(row, how, foreign), ...parts('beside', row, how)),
    ...parts('below', row, how),
    progress === 'failed' && failure(row, how),
  );
}

/** @param {Part["place"]} place @param {MessageRow} row @param {How} how */
function parts(place, row, how) {
  const there = how.parts.filter((part) => part.place === place && part.signature(row) !== undefined);
  return there.map((part) => part.render(row));
}

/**
 * @param {MessageRow} row
 * @param {How} how
 * @param {boolean} named whether who it is from is to be seen, beside being read out
 */
function bubble(row, how, named) {
  const { mine, text, time, opens, progress, deleted, edited, pinned } = row;
  const colon = h('span', { class: 'visually-hidden' }, ': ');
  return h(
    'div',
    { class: isEmojiOnly(text) ? 'bubble bubble-emoji' : 'bubble' },
    h('span', { class: opens && named ? 'sender' : 'visually-hidden' }, mine ? 'You' : h('bdi', {}, how.name), colon),
    ...parts('above', row, how),
    deleted ? h('span', { class: 'text-deleted' }, DELETED) : words(text),
    h(
      'span',
      { class: 'meta' },
      pinned && h('span', { class: 'pinned', role: 'img', 'aria-label': 'Pinned', title: 'Pinned' }, icon('pin')),
      edited !== undefined && timeOf(edited, 'edited', `Edited ${moment(edited)}`),
      timeOf(time, clock(time), moment(time)),
      mine && !deleted && progressSign(progress),
    ),
  );
}

/** @param {string} text */
function words(text) {
  const all = segments(text).map((part) => (part.href ? link(part.href) : part.text));
  return h('span', { class: 'text', dir: 'auto' }, ...all);
}

/** @param {number} time @param {string} text @param {string} title */
function timeOf(time, text, title) {
  return h('time', { datetime: new Date(time).toISOString(), title }, text);
}

/** @param {MessageRow} row @param {How} how */
function failure({ cid = '', reason, text }, { onRetry, onDelete }) {
  return h(
    'p',
    { class: 'failure' },
    `Not sent: ${reason}. `,
    h('button', { type: 'button', class: 'link-button', onclick: () => onRetry(cid) }, 'Try again'),
    ' ',
    copyButton(text),
    ' ',
    h('button', { type: 'button', class: 'link-button', onclick: () => onDelete(cid) }, 'Delete'),
  );
}

/** @param {string} href */
function link(href) {
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, href);
}

/** @param {Progress} progress */
function progressSign(progress) {
  const { icon: name, label } = PROGRESS[progress];
  return h(
    'span',
    { class: `progress progress-${progress}`, role: 'img', 'aria-label': label, title: label },
    icon(name),
  );
}
