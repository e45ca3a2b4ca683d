/**
 * The state of events, reckoned from the raw sequence alone: of each event a set of rows, put together at the end.
 *
 * @typedef {import("../../client/types.js").HubEvent} HubEvent
 *
 * @typedef {object} Rows what came about one event
 * @property {HubEvent | undefined} edit the newest
 * @property {HubEvent | undefined} deletion the first
 * @property {boolean} pinned
 * @property {Map<string, Set<string>>} reactions emoji, by first use → who
 * @property {Set<number>} answers
 */

const HIDDEN = new Set(['edited', 'deleted', 'reaction', 'pinned', 'void']);

/** @param {string} kind */
export const isHidden = (kind) => HIDDEN.has(kind);

/** @param {{ ref?: string }} event */
export const seqOf = ({ ref }) => Number(ref?.split(':')[1]);

/** @returns {Rows} */
const noRows = () => ({
  edit: undefined,
  deletion: undefined,
  pinned: false,
  reactions: new Map(),
  answers: new Set(),
});

/** @param {HubEvent[]} events @param {number} [upTo] @returns {Map<number, Rows>} */
export function rowsOf(events, upTo = Infinity) {
  /** @type {Map<number, Rows>} */
  const rows = new Map(events.map(({ seq }) => [seq, noRows()]));
  const known = events.filter(({ seq }) => seq <= upTo);
  for (const event of known) {
    const target = event.ref === undefined ? undefined : rows.get(seqOf(event));
    if (target !== undefined && target.deletion === undefined) note(target, event);
  }
  const gone = new Set(known.filter(({ seq }) => rows.get(seq)?.deletion).map(({ seq }) => seq));
  for (const { answers } of rows.values()) for (const seq of gone) answers.delete(seq);
  return rows;
}

/** @param {Rows} rows @param {HubEvent} event */
function note(rows, event) {
  if (event.kind === 'text') rows.answers.add(event.seq);
  if (event.kind === 'edited') rows.edit = event;
  if (event.kind === 'deleted') rows.deletion = event;
  if (event.kind === 'pinned') rows.pinned = event.data?.on;
  if (event.kind !== 'reaction') return;
  const { emoji, on } = /** @type {any} */ (event.data);
  const users = rows.reactions.get(emoji) ?? new Set();
  if (on) users.add(event.from);
  else users.delete(event.from);
  if (users.size > 0) rows.reactions.set(emoji, users);
  else rows.reactions.delete(emoji);
}

/**
 * Events as the store shows them.
 *
 * @param {HubEvent[]} events a whole sequence
 * @param {string} reader
 * @param {number} [upTo] the newest event whose effect counts
 * @returns {HubEvent[]}
 */
export function reckoned(events, reader, upTo = Infinity) {
  const rows = rowsOf(events, upTo);
  return events.map((event) => shownWith(event, /** @type {Rows} */ (rows.get(event.seq)), reader));
}

/** @param {HubEvent} event @param {Rows} rows @param {string} reader @returns {HubEvent} */
function shownWith(event, { edit, deletion, pinned, reactions, answers }, reader) {
  if (deletion) {
    const { text, data, mentions, ...left } = event;
    return { ...left, deleted: { time: deletion.time, by: deletion.from } };
  }
  const listed = [...reactions].map(([emoji, users]) => ({ emoji, count: users.size, mine: users.has(reader) }));
  return {
    ...event,
    ...(edit && { text: edit.text, edited: edit.time }),
    ...(listed.length > 0 && { reactions: listed }),
    ...(answers.size > 0 && { replies: answers.size }),
    ...(pinned && { pinned }),
  };
}

/** How often an emoji stands at an event. @param {HubEvent[]} events @param {number} seq @param {string} emoji */
export function countOf(events, seq, emoji) {
  return rowsOf(events).get(seq)?.reactions.get(emoji)?.size ?? 0;
}
