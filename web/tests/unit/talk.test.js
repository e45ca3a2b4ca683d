import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offersOf } from '../../app/features/actions/offers.js';
import { Groups } from '../../app/features/groups/store.js';
import { rowsOf } from '../../app/features/messages/rows.js';
import { Timelines } from '../../app/features/messages/store.js';
import { Timeline } from '../../app/features/messages/timeline.js';
import { Reactions } from '../../app/features/reactions/store.js';
import { Originals } from '../../app/features/replies/store.js';
import { quoteOf } from '../../app/features/replies/words.js';
import { excerpt } from '../../app/ui/format.js';
import { HubbubError } from '../../client/errors.js';

/**
 * What became of messages, as the page shows it.
 *
 * @typedef {import("../../hubbub.js").HubEvent} HubEvent
 * @typedef {import("../../hubbub.js").Group} Group
 */

/** @param {number} seq @param {Partial<HubEvent>} [rest] @returns {HubEvent} */
const event = (seq, rest) => ({
  group: 'g',
  seq,
  n: seq,
  from: 'bo',
  time: 1_700_000_000_000 + seq * 1000,
  kind: 'text',
  text: `text ${seq}`,
  ...rest,
});
/** @param {number} seq @param {string} kind @param {number} target @param {Partial<HubEvent>} [rest] */
const about = (seq, kind, target, rest) =>
  event(seq, { kind, ref: `g:${target}`, shown: false, text: undefined, ...rest });
/** @param {number} seq @param {number} target @param {number} count @param {string} [from] */
const cheer = (seq, target, count, from = 'bo') =>
  about(seq, 'reaction', target, { from, data: { emoji: '👍', on: true, count } });
/** @param {Timeline} timeline */
const texts = (timeline) => timeline.events.map(({ seq, text }) => [seq, text]);
/** Lets promises that are settled be seen as such. */
const settled = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test('what changes others is seen in them, live and in pages, and draws no line of its own', () => {
  const timeline = new Timeline(() => 'me');
  timeline.prepend([event(3), event(4, { reactions: [{ emoji: '👍', count: 2, mine: false }] })], false, { asOf: 6 });
  for (const live of [cheer(7, 4, 3, 'me'), about(8, 'edited', 3, { text: 'new' }), about(9, 'pinned', 3, { data: { on: true } })]) {
    timeline.add(live);
  }
  assert.deepEqual(texts(timeline), [[3, 'new'], [4, 'text 4']]);
  assert.deepEqual(timeline.at(4)?.reactions, [{ emoji: '👍', count: 3, mine: true }]);
  assert.deepEqual([timeline.at(3)?.pinned, typeof timeline.at(3)?.edited], [true, 'number']);
  timeline.add(about(10, 'deleted', 3));
  assert.deepEqual([timeline.at(3)?.text, timeline.at(3)?.pinned, timeline.at(3)?.deleted?.by], [undefined, undefined, 'bo']);
  timeline.add(event(11));
  assert.deepEqual([timeline.loaded, timeline.last, timeline.countAt(10)], [true, 11, 4]);
});

test('an effect that a page has in it is not applied to it again', () => {
  const timeline = new Timeline(() => 'me');
  timeline.prepend([event(3, { text: 'third', edited: 9 })], false, { asOf: 6 });
  timeline.add(about(5, 'edited', 3, { text: 'second' }));
  assert.equal(timeline.at(3)?.text, 'third');
});

test('a page that was asked for before what is known has changed does not follow on it', async () => {
  /** @type {((page: any) => void)[]} */
  const answers = [];
  /** @type {any[]} */
  const asked = [];
  const history = (/** @type {string} */ group, /** @type {any} */ options) => {
    asked.push(options);
    return new Promise((resolve) => {
      answers.push(resolve);
    });
  };
  const timelines = new Timelines({ history }, new Groups('me'), 'me');
  const looked = timelines.look('g');
  answers[0]({ messages: [event(5), event(6)], more: true, next: 5, as_of: 6 });
  await looked;
  const earlier = timelines.loadEarlier('g');
  timelines.arrive(event(9));
  answers[1]({ messages: [event(3)], more: false, as_of: 6 });
  await settled();
  answers[2]({ messages: [event(3), event(5), event(6)], more: false, as_of: 9 });
  await earlier;
  assert.deepEqual(asked, [{ limit: 50 }, { before: 5, limit: 50 }, { before: 9, limit: 50 }]);
  assert.deepEqual(timelines.of('g').events.map(({ seq }) => seq), [3, 5, 6, 9]);
});

test('one is led back to a message through as many pages as it takes, and told where it is gone', async () => {
  const history = async (/** @type {string} */ group, /** @type {any} */ { before = 1001, limit }) => {
    const first = Math.max(101, before - limit);
    const messages = Array.from({ length: before - first }, (_, index) => event(first + index));
    return { group, messages, more: first > 101, as_of: 1000 };
  };
  const timelines = new Timelines({ history }, new Groups('me'), 'me');
  await timelines.look('g');
  assert.equal(await timelines.reach('g', 300), true);
  assert.equal(timelines.of('g').first, 151);
  assert.equal(await timelines.reach('g', 90), false);
  timelines.expire('g', 500);
  assert.deepEqual([timelines.of('g').first, timelines.of('g').last], [500, 1000]);
});

test('rows tell of edits, pins, replies and reactions; of a deleted message nothing', () => {
  const reactions = [{ emoji: '👍', count: 1, mine: true }];
  const events = [
    event(1, { edited: 5, pinned: true, reactions }),
    event(2, { from: 'me', ref: 'g:1' }),
    event(3, { from: 'me', ref: 'other:1', text: undefined, deleted: { time: 9, by: 'bo' } }),
    about(4, 'edited', 1, { text: 'x' }),
  ];
  const pending = [{ cid: 'c', group: 'g', ref: 'g:2', text: 'hi', time: 1, state: /** @type {const} */ ('sending') }];
  const all = rowsOf({ events, pending, me: 'me', nameOf: String, unreadAfter: undefined, progressOf: () => 'read' });
  const rows = all.flatMap((row) => (row.kind === 'message' ? [row] : []));
  assert.deepEqual(rows.map(({ text }) => text), ['text 1', 'text 2', '', 'hi']);
  assert.deepEqual([rows[0].edited, rows[0].pinned, rows[0].reactions], [5, true, reactions]);
  assert.deepEqual([rows[0].repliesTo, rows[1].repliesTo, rows[3].repliesTo], [undefined, 1, 2]);
  assert.deepEqual([rows[2].deleted, rows[2].progress, rows[2].repliesTo], [true, 'stored', undefined]);
});

/** @param {Partial<Group>} [rest] @returns {Group} */
const group = (rest) => ({
  id: 'g',
  kind: 'group',
  name: 'G',
  access: 'members',
  count: 2,
  head: 5,
  n: 4,
  read: 3,
  unread: 2,
  first: 1,
  last: event(4),
  members: [{ id: 'me', name: 'Me', role: 'member' }],
  ...rest,
});

test('the list shows the newest message as it is now', () => {
  const groups = new Groups('me');
  groups.put(group());
  const last = () => groups.get('g')?.last;
  groups.apply(about(5, 'edited', 4, { text: 'in it already' }), String);
  assert.equal(last()?.text, 'text 4');
  groups.apply(event(4, { text: 'as it was said' }), String);
  groups.apply(about(6, 'edited', 4, { text: 'changed' }), String);
  groups.apply(cheer(7, 4, 1), String);
  assert.deepEqual([last()?.text, last()?.reactions?.length, groups.get('g')?.head], ['changed', 1, 7]);
  groups.apply(about(5, 'deleted', 4), String);
  assert.deepEqual([last()?.text, last()?.deleted?.by], [undefined, 'bo']);
});

test('what is offered: to whom, where, and what the hub knows', () => {
  const features = ['reaction', 'edited', 'deleted', 'pinned'].map((kind) => `kind:${kind}`);
  const offered = (/** @type {Partial<HubEvent>} */ of, /** @type {Partial<Group>} */ where = {}, knows = features) =>
    [...offersOf(event(1, of), { me: 'me', group: group(where), features: knows })].join(' ');
  const admin = [{ id: 'me', name: 'Me', role: 'admin' }];
  assert.equal(offered({}), 'react reply copy');
  assert.equal(offered({ from: 'me' }), 'react reply edit copy remove');
  assert.equal(offered({}, { members: admin }), 'react reply pin copy remove');
  assert.equal(offered({}, { pinning: 'members' }), 'react reply pin copy');
  assert.equal(offered({}, { kind: 'direct' }), 'react reply pin copy');
  assert.equal(offered({ from: 'me' }, { members: admin }, []), 'reply copy');
  assert.equal(offered({ from: 'me' }, { archived: true }), 'copy');
  assert.equal(offered({ from: 'me', deleted: { time: 1, by: 'me' } }), '');
  assert.equal(offered({ from: 'me', kind: 'x.poll' }), '');
});

test('what is pressed shows as pressed at once, and as before where the hub refuses', async () => {
  /** @type {{ resolve: () => void, reject: (error: Error) => void }[]} */
  const answers = [];
  const reactions = new Reactions({
    react: () =>
      new Promise((resolve, reject) => {
        answers.push({ resolve: () => resolve(/** @type {any} */ ({})), reject });
      }),
  });
  const shown = (/** @type {any[]} */ known) => reactions.of('g', 4, known);
  const known = [{ emoji: '👍', count: 2, mine: false }];
  const first = reactions.react('g', 4, '👍', true);
  assert.deepEqual(shown(known), [{ emoji: '👍', count: 2, mine: true, waiting: true }]);
  const second = reactions.react('g', 4, '👍', false);
  answers[0].resolve();
  await first;
  assert.deepEqual(shown(known), [{ emoji: '👍', count: 2, mine: false, waiting: true }]);
  answers[1].resolve();
  await second;
  assert.deepEqual(shown(known), known);

  const third = reactions.react('g', 4, '🎉', true);
  assert.deepEqual(shown([]), [{ emoji: '🎉', count: 1, mine: true, waiting: true }]);
  assert.deepEqual(reactions.of('g', 44, []), []);
  answers[2].reject(new HubbubError('too_large', 'too many emoji'));
  await assert.rejects(third, { message: 'too many emoji' });
  assert.deepEqual(shown([]), []);
});

test('what is replied to comes from the timeline, or is asked for once, and follows what happens to it', async () => {
  /** @type {any[]} */
  const asked = [];
  let failure = /** @type {Error | undefined} */ (new HubbubError('timeout', 'no answer'));
  const hub = {
    history: async (/** @type {string} */ id, /** @type {any} */ options) => {
      asked.push([id, options]);
      if (failure) throw failure;
      return { group: id, messages: options.before === 4 ? [event(3)] : [event(1)], more: true };
    },
  };
  const timelines = new Timelines(hub, new Groups('me'), 'me');
  timelines.arrive(event(8));
  const originals = new Originals(hub, timelines, 'me');
  assert.equal(originals.of('g', 8)?.text, 'text 8');
  assert.deepEqual([originals.of('g', 3), originals.of('g', 3)], [undefined, undefined]);
  await settled();
  failure = undefined;
  assert.equal(originals.of('g', 3), undefined);
  originals.of('g', 2);
  await settled();
  assert.deepEqual([originals.of('g', 3)?.text, originals.of('g', 2)], ['text 3', null]);
  assert.deepEqual(asked.map(([, { before }]) => before), [4, 4, 3]);
  originals.hear(about(9, 'edited', 3, { text: 'new' }));
  assert.equal(originals.of('g', 3)?.text, 'new');
  originals.hear(about(10, 'deleted', 3));
  assert.deepEqual([originals.of('g', 3)?.text, originals.of('g', 3)?.deleted?.by], [undefined, 'bo']);
  originals.forget('g');
  assert.equal(originals.of('g', 3), undefined);
  await settled();
});

test('a quote is a line of what was said, or says what became of it', () => {
  const say = (/** @type {any} */ said) => quoteOf(said, 'me', (id) => id.toUpperCase());
  assert.deepEqual(say(event(1, { text: ' one\n two ' })), { name: 'BO', text: 'one two' });
  assert.equal(say(event(1, { from: 'me' })).name, 'You');
  assert.deepEqual(say(event(1, { text: undefined, deleted: { time: 1, by: 'bo' } })), { name: 'BO', text: 'This message was deleted' });
  assert.deepEqual(say(null), { name: '', text: 'A message that is no longer there' });
  assert.equal(say(undefined).text, '…');
  assert.deepEqual([excerpt('😀'.repeat(9), 5), excerpt('short', 5)], ['😀😀😀😀…', 'short']);
});
