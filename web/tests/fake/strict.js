/**
 * What docs/protocol.md allows a client to send. The fake hub notes every breach, and tests fail on any.
 *
 * @typedef {(value: any) => boolean} Check
 */

/** @type {Check} */
const text = (value) => typeof value === 'string' && value.length > 0;
/** @type {Check} */
const seq = (value) => Number.isSafeInteger(value) && value >= 0;
/** @type {Check} */
const map = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
/** @type {Check} */
const texts = (value) => Array.isArray(value) && value.every(text);
/** @type {Check} */
const cursors = (value) => map(value) && Object.values(value).every(seq);
/** @type {Check} */
const cid = (value) => text(value) && Buffer.byteLength(value) <= 64;
/** @type {Check} */
const limit = (value) => Number.isInteger(value) && value >= 1 && value <= 200;
/** @type {Check} */
const data = (value) => map(value) && JSON.stringify(value).length <= 16 * 1024;
/** @type {Check} */
const flag = (value) => typeof value === 'boolean';
/** @type {Check} */
const mentions = (value) => value === 'all' || (texts(value) && value.length <= 100);
/** @type {Check} */
const access = (value) => value === 'members' || value === 'open';
/** @type {Check} */
const watched = (value) => texts(value) && value.length <= 20;

/** @type {Record<string, { must: Record<string, Check>, may: Record<string, Check> }>} */
const FRAMES = {
  hello: { must: {}, may: { token: text, device: text, cursors } },
  send: {
    must: { cid },
    may: { group: text, to: text, text: (value) => typeof value === 'string', kind: text, ref: text, mentions, data },
  },
  read: { must: { group: text, seq }, may: {} },
  typing: { must: { group: text }, may: {} },
  history: { must: { group: text }, may: { before: seq, after: seq, limit, ref: text, raw: flag } },
  pins: { must: { group: text }, may: {} },
  seen: { must: { group: text, seq }, may: { after: text } },
  reactions: { must: { group: text, seq }, may: { emoji: text, after: text } },
  me: { must: {}, may: { name: text, about: text, settings: map } },
  groups: { must: {}, may: { after: text, limit } },
  create: { must: { name: text, members: texts }, may: { access, cid } },
  join: { must: { group: text }, may: {} },
  leave: { must: { group: text }, may: {} },
  add: { must: { group: text, users: texts }, may: {} },
  remove: { must: { group: text, users: texts }, may: {} },
  watch: { must: { groups: watched }, may: {} },
  ping: { must: {}, may: { cursors } },
};

/** @param {any} id */
const validId = (id) => typeof id === 'string' || Number.isSafeInteger(id);

/** @param {any} frame @returns {string | undefined} what is wrong with it */
export function breachOf(frame) {
  if (!map(frame) || typeof frame.type !== 'string') return 'not a frame';
  const rule = FRAMES[frame.type];
  if (rule === undefined) return `unknown type ${frame.type}`;
  if (frame.id !== undefined && !validId(frame.id)) return `${frame.type}: bad id`;
  for (const [field, check] of Object.entries(rule.must)) {
    if (!check(frame[field])) return `${frame.type}: bad or missing ${field}`;
  }
  for (const field of Object.keys(frame)) {
    const isChecked = field === 'type' || field === 'id' || field in rule.must;
    const check = rule.may[field];
    if (!isChecked && check === undefined) return `${frame.type}: unknown field ${field}`;
    if (!isChecked && !check(frame[field])) return `${frame.type}: bad ${field}`;
  }
  if (frame.type === 'send' && (frame.group === undefined) === (frame.to === undefined)) {
    return 'send: one of group and to';
  }
  const needsText = frame.type === 'send' && [undefined, 'text', 'edited'].includes(frame.kind);
  if (needsText && frame.text === undefined) return 'send: bad or missing text';
  return undefined;
}
