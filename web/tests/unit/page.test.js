import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayLabel, initials, isEmojiOnly, lastSeen, nameList, segments, tint } from '../../app/ui/format.js';
import { deviceOf } from '../../app/features/account/device.js';
import { isShown, noteOf } from '../../app/features/groups/events.js';
import { Groups, unreadIn } from '../../app/features/groups/store.js';
import { rowsOf } from '../../app/features/messages/rows.js';
import { Timeline } from '../../app/features/messages/timeline.js';
import { Receipts } from '../../app/features/receipts/store.js';
import { Typing } from '../../app/features/typing/store.js';

const NOON = new Date(2024, 4, 15, 12).getTime();
const HOUR = 3_600_000;

/** @param {number} seq @param {Partial<import("../../hubbub.js").HubEvent>} [rest] */
const event = (seq, rest = {}) => ({
  group: 'g',
  seq,
  n: seq,
  from: 'bo',
  time: NOON + seq * 1000,
  kind: 'text',
  text: `text ${seq}`,
  ...rest,
});
/** @param {number} from @param {number} to */
const run = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => event(from + index));
/** @param {Timeline} timeline */
const seqs = (timeline) => timeline.events.map(({ seq }) => seq);

test('a browser is one device for each of its users, and none where it keeps nothing', (context) => {
  const kept = new Map();
  const storage = {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
  };
  const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
  context.after(() => {
    Reflect.deleteProperty(globalThis, 'localStorage');
    if (before) Object.defineProperty(globalThis, 'localStorage', before);
  });
  const give = (/** @type {any} */ value) =>
    Object.defineProperty(globalThis, 'localStorage', { value, configurable: true });
  give(storage);
  const [ada, bo] = [deviceOf('ada'), deviceOf('bo')];
  assert.match(ada ?? '', /^web-[0-9a-z]{30}$/);
  assert.notEqual(ada, bo);
  assert.equal(deviceOf('ada'), ada);
  give(undefined);
  assert.equal(deviceOf('ada'), undefined);
});

test('a timeline takes pages before and events behind, each once', () => {
  const timeline = new Timeline();
  for (const live of [event(7), event(8), event(8)]) timeline.add(live);
  timeline.prepend(run(4, 7), true);
  timeline.add(event(5));
  assert.deepEqual(seqs(timeline), [4, 5, 6, 7, 8]);
  assert.equal(timeline.at(6)?.text, 'text 6');
  assert.equal(timeline.at(3), undefined);
  timeline.prepend(run(1, 3), false);
  assert.deepEqual([timeline.first, timeline.last, timeline.hasEarlier], [1, 8, false]);
});

test('a timeline never shows a hole: what is before it is fetched again', () => {
  const timeline = new Timeline();
  timeline.prepend(run(1, 5), false);
  timeline.add(event(9));
  assert.deepEqual(seqs(timeline), [9]);
  assert.deepEqual([timeline.loaded, timeline.hasEarlier], [false, true]);
});

test('a timeline that nobody looks at keeps its end', () => {
  const timeline = new Timeline();
  timeline.prepend(run(1, 500), false);
  timeline.trim();
  assert.deepEqual([timeline.events.length, timeline.first, timeline.last, timeline.hasEarlier], [200, 301, 500, true]);
  timeline.cut(499);
  assert.equal(timeline.last, 498);
});

/** @param {Partial<import("../../hubbub.js").Group>} [rest] @returns {import("../../hubbub.js").Group} */
const group = (rest) => ({
  id: 'g',
  kind: 'group',
  name: 'G',
  access: 'members',
  count: 1,
  head: 5,
  n: 4,
  read: 3,
  unread: 2,
  first: 1,
  members: [{ id: 'me', name: 'Me', role: 'admin' }],
  ...rest,
});
/** @param {Groups} groups */
const unread = (groups) => unreadIn(/** @type {any} */ (groups.get('g')));

test("unread counts what makes unread, once, and never one's own", () => {
  const groups = new Groups('me');
  groups.put(group());
  assert.equal(unread(groups), 2);
  const nameOf = String;
  groups.apply(event(6, { n: 5 }), nameOf);
  groups.apply(event(6, { n: 5 }), nameOf);
  groups.apply(event(7, { n: 5, kind: 'void', text: undefined }), nameOf);
  assert.equal(unread(groups), 3);
  assert.equal(groups.get('g')?.last?.seq, 6);
  groups.apply(event(8, { n: 6, from: 'me' }), nameOf);
  assert.deepEqual([unread(groups), groups.totalUnread, groups.get('g')?.read], [0, 0, 8]);
});

test('what the hub says of a group does not undo what came since', () => {
  const groups = new Groups('me');
  groups.put(group());
  groups.apply(event(6, { n: 5 }), String);
  groups.markRead('g', 6, 5);
  groups.put(group());
  assert.deepEqual([groups.get('g')?.head, unread(groups)], [6, 0]);
});

test('members follow the events', () => {
  const groups = new Groups('me');
  groups.put(group());
  groups.apply(event(6, { kind: 'joined', from: 'me', data: { users: ['bo', 'cy'] } }), (id) => id.toUpperCase());
  assert.deepEqual(
    groups.get('g')?.members?.map(({ name }) => name),
    ['Me', 'BO', 'CY'],
  );
  groups.apply(event(7, { kind: 'left', from: 'bo', data: { users: ['bo'] } }), String);
  assert.deepEqual([groups.get('g')?.members?.map(({ id }) => id), groups.get('g')?.count], [['me', 'cy'], 2]);
  groups.apply(event(8, { kind: 'role', from: 'me', data: { users: ['cy'], role: 'admin' } }), String);
  assert.deepEqual(
    groups.get('g')?.members?.map(({ id, name, role }) => [id, name, role]),
    [
      ['me', 'Me', 'admin'],
      ['cy', 'CY', 'admin'],
    ],
  );
});

test('direct chats are known by the partner', () => {
  const groups = new Groups('me');
  groups.put(
    group({
      id: 'd',
      kind: 'direct',
      members: [
        { id: 'me', name: 'Me', role: 'member' },
        { id: 'bo', name: 'Bo', role: 'member' },
      ],
    }),
  );
  assert.equal(groups.directWith('bo')?.id, 'd');
  assert.equal(groups.directWith('cy'), undefined);
});

/** @param {Partial<Parameters<typeof rowsOf>[0]>} input */
const rows = (input) =>
  rowsOf({
    events: [],
    pending: [],
    me: 'me',
    nameOf: String,
    unreadAfter: undefined,
    progressOf: () => 'stored',
    now: NOON,
    ...input,
  });
/** @param {import("../../app/features/messages/rows.js").Row[]} list */
const kinds = (list) =>
  list.map((row) =>
    (row.kind === 'message' ? `${row.from}${row.opens ? ' opens' : ''}${row.closes ? ' closes' : ''}` : row.kind));

test('rows: days, runs of one sender, a line above what is new, voids not at all', () => {
  const events = [
    event(1, { time: NOON - 30 * HOUR }),
    event(2),
    event(3, { kind: 'void', text: undefined }),
    event(4),
    event(5, { from: 'me' }),
    event(6),
    event(7, { kind: 'reaction', ref: 'g:6', text: undefined, shown: false }),
    event(8, { time: NOON + HOUR }),
  ];
  const list = rows({ events, unreadAfter: 5 });
  assert.deepEqual(kinds(list), [
    'day',
    'bo opens closes',
    'day',
    'bo opens',
    'bo closes',
    'me opens closes',
    'unread',
    'bo opens closes',
    'bo opens closes',
  ]);
  assert.deepEqual(
    list.filter(({ kind }) => kind === 'day').map((row) => row.kind === 'day' && row.text),
    ['Yesterday', 'Today'],
  );
});

test('rows: no line when the first unread one is further back than what is known', () => {
  assert.ok(!kinds(rows({ events: run(50, 60), unreadAfter: 10 })).includes('unread'));
  assert.ok(kinds(rows({ events: run(50, 60), unreadAfter: 49 })).includes('unread'));
});

test('rows: what is pending comes last, and stays the same row when it is stored', () => {
  const pending = { cid: 'c', group: 'g', text: 'hi', time: NOON, state: /** @type {const} */ ('sending') };
  const before = rows({ events: run(1, 2), pending: [pending] }).at(-1);
  const after = rows({ events: [...run(1, 2), event(3, { from: 'me', cid: 'c' })] }).at(-1);
  assert.deepEqual([before?.key, before?.kind === 'message' && before.progress], ['cid c', 'sending']);
  assert.deepEqual([after?.key, after?.kind === 'message' && after.progress], ['cid c', 'stored']);
});

test('rows: of a kind that the page does not know it says that something is there, in direct chats too', () => {
  const events = [
    event(1),
    event(2, { kind: 'x.poll', text: undefined, from: 'me' }),
    event(3, { kind: 'x.quiet', shown: false }),
  ];
  const notes = rows({ events, direct: true }).filter(({ kind }) => kind === 'note');
  assert.deepEqual(
    notes.map((row) => row.kind === 'note' && row.text),
    ["You sent something that this page can't show yet"],
  );
});

test('membership in words', () => {
  assert.equal(
    noteOf(event(1, { kind: 'joined', data: { users: ['bo'], role: 'admin' } }), 'me', String),
    'bo started the group',
  );
  const say = (/** @type {string} */ kind, /** @type {string} */ from, /** @type {string[]} */ users) =>
    noteOf(event(9, { kind, from, data: { users } }), 'me', (id) => id.toUpperCase());
  assert.equal(say('joined', 'bo', ['bo']), 'BO joined');
  assert.equal(say('joined', 'me', ['me']), 'You joined');
  assert.equal(say('joined', 'bo', ['me', 'cy']), 'BO added you and CY');
  assert.equal(say('joined', 'me', ['a', 'b', 'c', 'd']), 'You added A, B and 2 others');
  assert.equal(say('role', 'bo', ['me']), 'BO took the admin role from you');
  assert.equal(
    noteOf(event(1, { kind: 'role', data: { users: ['a', 'b'], role: 'admin' } }), 'me', String),
    'bo made a and b admins',
  );
  assert.equal(say('left', 'bo', ['bo']), 'BO left');
  assert.equal(say('left', 'me', ['bo']), 'You removed BO');
});

test('what an admin changed in words, and in the list of groups', () => {
  const note = (/** @type {Record<string, unknown>} */ data) =>
    noteOf(event(9, { kind: 'updated', from: 'ann', data }), 'me', (id) => id.toUpperCase());
  assert.equal(note({ name: 'Tea' }), 'ANN changed the name to “Tea”');
  assert.equal(note({ about: '', archived: true }), 'ANN took away the description and archived the group');
  assert.equal(
    note({ name: 'Tea', about: 'x', access: 'open', pinning: 'members', archived: false }),
    'ANN changed the name to “Tea”, changed the description, opened the group to everybody, let everybody pin and brought the group back',
  );
  assert.equal(note({ colour: 'green' }), 'ANN changed the group');
  assert.ok(isShown(event(9, { kind: 'updated' })));
  const groups = new Groups('me');
  groups.put(group());
  groups.apply(event(6, { n: 4, kind: 'updated', from: 'ann', data: { name: 'Tea', archived: true } }), String);
  assert.deepEqual([groups.get('g')?.name, groups.get('g')?.archived, groups.get('g')?.head], ['Tea', true, 6]);
});

test('typing ends by itself, receipts tell who has read', () => {
  const typing = new Typing({ typing: () => {} }, () => {});
  typing.start('g', 'bo', 1000);
  assert.deepEqual(typing.of('g', 1001), ['bo']);
  assert.deepEqual(typing.of('g', 60_000), []);
  const receipts = new Receipts('me');
  receipts.mark({ group: 'g', user: 'bo', read: 4, delivered: 4 });
  receipts.mark({ group: 'g', user: 'bo', read: 0, delivered: 6 });
  receipts.mark({ group: 'g', user: 'me', read: 9, delivered: 9 });
  assert.deepEqual(receipts.reached('g', 4), { read: ['bo'], delivered: true });
  assert.deepEqual(receipts.reached('g', 5), { read: [], delivered: true });
  assert.deepEqual(receipts.reached('g', 7), { read: [], delivered: false });
});

test('links are cut out of a text without its punctuation', () => {
  assert.deepEqual(segments('see https://a.example/b?c=d. And (http://e.example)!'), [
    { text: 'see ' },
    { text: 'https://a.example/b?c=d', href: 'https://a.example/b?c=d' },
    { text: '. And (' },
    { text: 'http://e.example', href: 'http://e.example' },
    { text: ')!' },
  ]);
  // eslint-disable-next-line no-script-url -- what must not become a link
  const harmless = 'javascript:alert(1) data:text/html,x';
  assert.deepEqual(segments(harmless), [{ text: harmless }]);
});

test('names, initials, colours, days', () => {
  assert.equal(nameList(['A']), 'A');
  assert.equal(nameList(['A', 'B']), 'A and B');
  assert.equal(nameList(['A', 'B', 'C', 'D']), 'A, B and 2 others');
  assert.deepEqual(['Ada Lindqvist', 'bo', '  ', 'x.y-z'].map(initials), ['AL', 'B', '?', 'XZ']);
  assert.equal(tint('ada'), tint('ada'));
  assert.ok(['a', 'b', 'c'].every((id) => tint(id) >= 1 && tint(id) <= 8));
  assert.deepEqual(
    [0, 24].map((hours) => dayLabel(NOON - hours * HOUR, NOON)),
    ['Today', 'Yesterday'],
  );
  assert.equal(lastSeen(0), 'Offline');
  assert.equal(lastSeen(NOON - 20_000, NOON), 'Last seen just now');
  assert.match(lastSeen(NOON - 5 * 60_000, NOON), /5 minutes ago/);
  assert.deepEqual(['🍰', '👍🏽👍🏽', '👩‍🚀', 'ok 👍', '1'].map(isEmojiOnly), [true, true, true, false, false]);
});
