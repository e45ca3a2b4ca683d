/** How times, names and texts are shown. */

const HOURS_AND_MINUTES = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long' });
const DAY_WITH_YEAR = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** @param {number} time */
export const clock = (time) => HOURS_AND_MINUTES.format(time);
/** @param {number} time */
export const moment = (time) => MOMENT.format(time);

/** Days between the two, by the calendar. @param {number} time @param {number} now */
function daysBefore(time, now) {
  return Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(time).setHours(0, 0, 0, 0)) / DAY_MS);
}

/** @param {number} one @param {number} other */
export const sameDay = (one, other) => daysBefore(one, other) === 0;

/** A day as a heading. @param {number} time @param {number} [now] */
export function dayLabel(time, now = Date.now()) {
  const days = daysBefore(time, now);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days > 1 && days < 7) return WEEKDAY.format(time);
  return new Date(time).getFullYear() === new Date(now).getFullYear() ? DAY.format(time) : DAY_WITH_YEAR.format(time);
}

/** A time in a narrow column. @param {number} time @param {number} [now] */
export function shortTime(time, now = Date.now()) {
  const days = daysBefore(time, now);
  if (days === 0) return clock(time);
  return days === 1 ? 'Yesterday' : SHORT_DAY.format(time);
}

/** @param {number} time when somebody was last seen @param {number} [now] */
export function lastSeen(time, now = Date.now()) {
  if (time === 0) return 'Offline';
  const minutes = Math.round((now - time) / MINUTE_MS);
  if (minutes < 1) return 'Last seen just now';
  if (minutes < 60) return `Last seen ${AGO.format(-minutes, 'minute')}`;
  if (daysBefore(time, now) === 0) return `Last seen at ${clock(time)}`;
  return `Last seen ${shortTime(time, now).replace('Yesterday', 'yesterday')}`;
}

/** @param {string} name */
export function initials(name) {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return (
    letters
      .map((word) => [...word][0])
      .join('')
      .toUpperCase() || '?'
  );
}

/** One of eight avatar colours, always the same for the same id. @param {string} id */
export function tint(id) {
  let hash = 2166136261;
  for (const letter of id) hash = Math.imul(hash ^ /** @type {number} */ (letter.codePointAt(0)), 16777619);
  return ((hash >>> 0) % 8) + 1;
}

/** "Ada", "Ada and Bo", "Ada, Bo and 3 others". @param {string[]} names @param {number} [most] */
export function nameList(names, most = 3) {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length <= most) return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
  return `${names.slice(0, most - 1).join(', ')} and ${names.length - most + 1} others`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g;

/** A text cut at its links. @param {string} text @returns {{ text: string, href?: string }[]} */
export function segments(text) {
  const parts = [];
  let end = 0;
  for (const { 0: link, index } of text.matchAll(LINK)) {
    if (index > end) parts.push({ text: text.slice(end, index) });
    parts.push({ text: link, href: link });
    end = index + link.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** The beginning of a text, in one line. @param {string} text @param {number} [most] characters */
export function excerpt(text, most = 140) {
  const letters = [...text.slice(0, 4 * most).replace(/\s+/g, ' ').trim()];
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : letters.join('');
}

/** Whether a text is nothing but one to three emoji. @param {string} text */
export const isEmojiOnly = (text) =>
  /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\uFE0F]?(?:\u200D\p{Extended_Pictographic}\uFE0F?)*\s*){1,3}$/u.test(
    text,
  );
