import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../../app/features/connection/store.js';
import { Groups } from '../../app/features/groups/store.js';
import { Titles } from '../../app/features/groups/titles.js';
import { Timelines } from '../../app/features/messages/store.js';
import { People } from '../../app/features/people/store.js';

/**
 * @typedef {import("../../hubbub.js").HistoryPage} HistoryPage
 * @typedef {import("../../hubbub.js").HubEvent} HubEvent
 */

/** @param {string} id @param {string} name */
const person = (id, name) => ({ id, name, username: id, online: true, last_seen: 1 });
/** @param {number} seq @returns {HubEvent} */
const event = (seq) => ({ group: 'g', seq, n: seq, from: 'bo', time: seq, kind: 'text', text: `text ${seq}` });
/** @param {number} from @param {number} to */
const run = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => event(from + index));
/** @param {HubEvent[]} messages @param {boolean} more @returns {HistoryPage} */
const page = (messages, more) => ({ group: 'g', messages, more });
/** Lets promises that are settled be seen as such. */
const settled = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test('a search finds others, and tells their names and presence', async () => {
  const people = new People('ada', async () => [person('ada', 'Ada'), person('bo', 'Bo')]);
  /** @type {string[]} */
  const told = [];
  people.on('changed', () => told.push('changed'));
  people.on('found', (found) => told.push(...found.map(({ id }) => id)));
  const found = await people.find('b');
  assert.deepEqual(
    found.map(({ id }) => id),
    ['bo'],
  );
  assert.deepEqual(told, ['changed', 'ada', 'bo']);
  people.learn([person('bo', 'Bo')]);
  assert.equal(told.length, 3, 'what was known is no change');
});

test('who is known by id only is looked up once, and again when that failed', async () => {
  let fails = true;
  /** @type {string[]} */
  const asked = [];
  const people = new People('ada', async (prefix) => {
    asked.push(prefix);
    if (fails) throw new Error('no line');
    return [];
  });
  people.lookUp('bo');
  await settled();
  fails = false;
  for (let times = 0; times < 3; times += 1) people.lookUp('bo');
  await settled();
  assert.deepEqual(asked, ['bo', 'bo']);
});

test('the first page reaches back to what is unread, the next ones follow, and a failure can be tried again', async () => {
  const groups = new Groups('ada');
  const rest = { kind: /** @type {const} */ ('group'), name: 'G', access: /** @type {const} */ ('members') };
  groups.put({ ...rest, id: 'g', count: 1, head: 200, n: 200, read: 100, unread: 100, first: 1, members: [] });
  /** @type {any[]} */
  const asked = [];
  /** @type {(Error | HistoryPage)[]} */
  const answers = [
    page(run(81, 200), true),
    new Error('no line'),
    page(run(31, 80), false),
  ];
  const history = async (/** @type {string} */ group, /** @type {any} */ options) => {
    asked.push([group, options]);
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer;
    return answer;
  };
  const timelines = new Timelines({ history }, groups);
  await timelines.look('g');
  await timelines.look('g');
  await timelines.loadEarlier('g');
  assert.equal(timelines.of('g').failure, 'no line');
  await timelines.loadEarlier('g');
  await timelines.loadEarlier('g');
  assert.deepEqual(asked, [
    ['g', { limit: 120 }],
    ['g', { before: 81, limit: 50 }],
    ['g', { before: 81, limit: 50 }],
  ]);
  assert.deepEqual([timelines.of('g').first, timelines.of('g').failure, timelines.of('g').loading], [31, undefined, false]);
});

test('a gap in the open group is filled by its newest page, elsewhere once it is looked at', async () => {
  /** @type {string[]} */
  const asked = [];
  const history = async (/** @type {string} */ group) => {
    asked.push(group);
    return page(run(10, 12), true);
  };
  const timelines = new Timelines({ history }, new Groups('ada'));
  await timelines.look('g');
  timelines.skip({ group: 'g', from: 13, to: 99, reason: 'too_many' });
  timelines.skip({ group: 'other', from: 13, to: 99, reason: 'too_many' });
  await settled();
  assert.deepEqual(asked, ['g', 'g']);
  timelines.skip({ group: 'g', from: 12, to: 12, reason: 'reset' });
  assert.equal(timelines.of('g').last, 11);
});

test('a chat is called by its name or its partner, and keeps what it was called once', () => {
  const groups = new Groups('ada');
  const people = new People('ada', async () => []);
  const titles = new Titles('ada', groups, people);
  assert.equal(titles.ofTarget({ group: 'gone' }, 'Choir'), 'Choir');
  assert.equal(titles.ofTarget({ group: 'gone' }), 'Group');
  assert.equal(titles.ofTarget({ to: 'bo' }), 'bo');
  people.learn([person('bo', 'Bo')]);
  assert.equal(titles.ofTarget({ to: 'bo' }, 'Robert'), 'Bo');
});

test('the connection tells how it stands, and keeps what the hub allows', () => {
  let woken = 0;
  const connection = new Connection({
    wake: () => {
      woken += 1;
    },
  });
  /** @type {string[]} */
  const told = [];
  connection.on('changed', ({ state }) => told.push(state));
  connection.allow({ text: 9, members: 5 });
  connection.change({ state: 'online', attempt: 0 });
  assert.deepEqual([connection.isOnline, connection.isStopped, connection.limits.text], [true, false, 9]);
  connection.change({ state: 'stopped', attempt: 0 });
  assert.deepEqual([connection.isOnline, connection.isStopped, told], [false, true, ['online', 'stopped']]);
  connection.reconnect();
  assert.equal(woken, 1);
});
