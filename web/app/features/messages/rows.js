/**
 * What a conversation shows, from top to bottom, worked out apart from the page that shows it.
 *
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 * @typedef {import("../../../hubbub.js").Reaction} Reaction
 * @typedef {import("../outbox/store.js").Pending} Pending
 *
 * @typedef {"sending" | "failed" | "stored" | "delivered" | "read"} Progress
 *
 * @typedef {{ kind: "day" | "unread" | "note", key: string, text: string }} LabelRow
 *
 * @typedef {object} MessageRow
 * @property {"message"} kind
 * @property {string} key
 * @property {string} from
 * @property {boolean} mine
 * @property {string} text
 * @property {number} time
 * @property {number} [seq]
 * @property {string} [cid]
 * @property {Progress} progress
 * @property {string} [reason] why it failed
 * @property {boolean} [deleted]
 * @property {number} [edited] when its text was last changed
 * @property {boolean} [pinned]
 * @property {number} [repliesTo] the seq of the message that it replies to
 * @property {Reaction[]} [reactions]
 * @property {boolean} opens the first of its sender's run
 * @property {boolean} closes the last of it
 *
 * @typedef {LabelRow | MessageRow} Row
 */
import { targetOf } from '../../../client/effects.js';
import { dayLabel, sameDay } from '../../ui/format.js';
import { isMembership, isShown, noteOf } from '../groups/events.js';

/** Messages of one sender no further apart than this stand together. */
const RUN_MS = 5 * 60_000;

/**
 * @param {object} input
 * @param {HubEvent[]} input.events
 * @param {number} [input.from] nothing is missing among the events from this seq on
 * @param {Pending[]} input.pending
 * @param {string} input.me
 * @param {(id: string) => string} input.nameOf
 * @param {boolean} [input.direct] of a direct chat, who is in it goes without saying
 * @param {number | undefined} input.unreadAfter a line is drawn above the first message of others behind this seq
 * @param {(seq: number) => Progress} input.progressOf how far a stored message of one's own got
 * @param {number} [input.now]
 * @returns {Row[]}
 */
export function rowsOf({ events, pending, me, nameOf, unreadAfter, progressOf, ...rest }) {
  const { from: known = events[0]?.seq ?? Infinity, direct = false, now = Date.now() } = rest;
  /** @type {Row[]} */
  const rows = [];
  let day;
  // Where the first unread one is further back than what is known, a line would stand in the wrong place.
  let lineDrawn = unreadAfter === undefined || known > unreadAfter + 1;
  for (const event of events.filter((one) => isShown(one) && !(direct && isMembership(one)))) {
    if (day === undefined || !sameDay(day, event.time)) {
      rows.push({ kind: 'day', key: `day ${event.seq}`, text: dayLabel(event.time, now) });
    }
    day = event.time;
    if (!lineDrawn && event.seq > /** @type {number} */ (unreadAfter) && event.kind === 'text' && event.from !== me) {
      rows.push({ kind: 'unread', key: 'unread', text: 'New' });
      lineDrawn = true;
    }
    rows.push(
      event.kind === 'text'
        ? messageRow(event, me, progressOf)
        : { kind: 'note', key: `seq ${event.seq}`, text: noteOf(event, me, nameOf) },
    );
  }
  for (const message of pending) {
    if (day === undefined || !sameDay(day, message.time)) {
      rows.push({ kind: 'day', key: `day ${message.cid}`, text: dayLabel(message.time, now) });
    }
    day = message.time;
    rows.push(pendingRow(message, me));
  }
  markRuns(rows);
  return rows;
}

/** @param {HubEvent} event @param {string} me @param {(seq: number) => Progress} progressOf @returns {MessageRow} */
function messageRow(event, me, progressOf) {
  const { seq, cid, from, text = '', time, edited, pinned, reactions } = event;
  const mine = from === me;
  const deleted = event.deleted !== undefined;
  // Under its cid it is the same row as while it was pending.
  const key = cid === undefined ? `seq ${seq}` : `cid ${cid}`;
  return {
    kind: 'message',
    key,
    from,
    mine,
    text: deleted ? '' : text,
    time,
    seq,
    progress: mine && !deleted ? progressOf(seq) : 'stored',
    ...(deleted ? { deleted } : { edited, pinned, reactions, repliesTo: targetOf(event) }),
    opens: true,
    closes: true,
  };
}

/** @param {Pending} pending @param {string} me @returns {MessageRow} */
function pendingRow({ cid, group, ref, text, time, state, reason }, me) {
  return {
    kind: 'message',
    key: `cid ${cid}`,
    from: me,
    mine: true,
    text,
    time,
    cid,
    progress: state,
    reason,
    repliesTo: group === undefined ? undefined : targetOf(/** @type {HubEvent} */ ({ group, ref })),
    opens: true,
    closes: true,
  };
}

/** @param {Row[]} rows */
function markRuns(rows) {
  for (let index = 1; index < rows.length; index += 1) {
    const [before, row] = [rows[index - 1], rows[index]];
    const isTwoMessages = before.kind === 'message' && row.kind === 'message';
    if (isTwoMessages && before.from === row.from && row.time - before.time <= RUN_MS) {
      before.closes = false;
      row.opens = false;
    }
  }
}
