import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeStores } from '../../app/shell/stores.js';
import { Wiring } from '../../app/shell/wiring.js';
import { Safe } from '../../app/storage/safe.js';
import { Emitter } from '../../client/emitter.js';

/** @typedef {import("../../hubbub.js").Group} Group */

/**
 * A hub that keeps what it is asked, and says what the test has it say.
 *
 * @extends {Emitter<any>}
 */
class QuietHub extends Emitter {
  /** @type {any[]} */
  asked = [];
  /** @type {any[]} */
  pages = [];

  /** @param {string} name @param {any} detail */
  say(name, detail) {
    this.emit(name, detail);
  }

  /** @param {string[]} groups */
  watch(groups) {
    this.asked.push(['watch', ...groups]);
    return Promise.resolve([]);
  }

  /** @param {string} group @param {number} seq */
  read(group, seq) {
    this.asked.push(['read', group, seq]);
    return Promise.resolve();
  }

  /** @param {{ after: string }} from */
  groups({ after }) {
    this.asked.push(['groups', after]);
    return Promise.resolve(this.pages.shift());
  }

  /** @param {string} group @param {object} options */
  history(group, options) {
    this.asked.push(['history', group, options]);
    return Promise.resolve(this.pages.shift());
  }

  send() {
    return new Promise(() => {});
  }

  typing() {}

  wake() {}
}

/** @param {string} id @param {Partial<Group>} [rest] @returns {Group} */
const group = (id, rest) => ({
  id,
  kind: 'group',
  name: id,
  access: 'members',
  count: 1,
  head: 5,
  n: 5,
  read: 3,
  unread: 2,
  first: 1,
  members: [{ id: 'ada', name: 'Ada', role: 'admin' }],
  ...rest,
});
const withBo = (/** @type {string} */ id) =>
  group(id, {
    kind: 'direct',
    members: [
      { id: 'ada', name: 'Ada', role: 'member' },
      { id: 'bo', name: 'Bo', role: 'member' },
    ],
  });
/** @param {number} seq @param {object} [rest] */
const event = (seq, rest) => ({
  group: 'g',
  seq,
  n: seq,
  from: 'bo',
  time: seq,
  kind: 'text',
  text: `text ${seq}`,
  ...rest,
});
/** @param {Group[]} groups @param {boolean} [more] */
const welcome = (groups, more = false) => ({ groups, more, limits: { text: 99 } });
/** Lets promises that are settled be seen as such. */
const settled = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

function desk() {
  const hub = new QuietHub();
  const stores = makeStores(
    { user: 'ada', name: 'Ada' },
    { hub: /** @type {any} */ (hub), safe: new Safe('ada', undefined), search: async () => [] },
  );
  new Wiring(stores).listen();
  return { hub, stores };
}

test('at a welcome all pages of groups are taken, and those that are in none of them go', async () => {
  const { hub, stores } = desk();
  hub.say('group', group('left'));
  hub.pages.push({ groups: [group('c')], more: false });
  hub.say('welcome', welcome([group('a'), group('b')], true));
  assert.deepEqual([stores.groups.ready, stores.connection.limits.text], [true, 99]);
  await settled();
  assert.deepEqual(
    stores.groups.sorted().map(({ id }) => id),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(
    hub.asked.filter(([name]) => name === 'groups'),
    [['groups', 'b']],
  );
});

test('who hears of a direct chat finds in it what was typed and sent to its partner', () => {
  const { hub, stores } = desk();
  stores.drafts.set('u:bo', 'Dear Bo');
  stores.outbox.add({ cid: 'c1', to: 'bo', text: 'Hello' }, []);
  /** @type {string[]} */
  const seen = [];
  stores.groups.on('changed', () =>
    seen.push(stores.drafts.get('g:d'), ...stores.outbox.of({ group: 'd' }).map(({ text }) => text)));
  hub.say('group', withBo('d'));
  assert.deepEqual(seen, ['Dear Bo', 'Hello']);
  assert.deepEqual(
    [stores.people.name('bo'), stores.titles.of(/** @type {any} */ (stores.groups.get('d')))],
    ['Bo', 'Bo'],
  );
});

test("an event is in the timeline and in the list, ends its sender's typing, and is no longer pending", () => {
  const { hub, stores } = desk();
  hub.say('group', group('g'));
  stores.outbox.add({ cid: 'c1', group: 'g', text: 'mine' }, []);
  stores.typing.start('g', 'bo');
  hub.say('message', event(6));
  hub.say('message', event(7, { from: 'ada', cid: 'c1' }));
  assert.deepEqual(
    stores.timelines.of('g').events.map(({ seq }) => seq),
    [6, 7],
  );
  assert.deepEqual([stores.groups.get('g')?.head, stores.typing.of('g'), stores.outbox.all()], [7, [], []]);
});

test('what is stored waits in the outbox until the timeline has reached it', async () => {
  const { hub, stores } = desk();
  hub.say('group', group('g'));
  stores.outbox.add({ cid: 'c1', group: 'g', text: 'mine' }, []);
  stores.outbox.update('c1', { state: 'stored', seq: 6 });
  assert.equal(stores.outbox.all().length, 1);
  hub.pages.push({ messages: [event(5), event(6)], more: false });
  await stores.timelines.look('g');
  assert.deepEqual(hub.asked.at(-1), ['history', 'g', { limit: 50 }]);
  assert.equal(stores.outbox.all().length, 0);
});

test('reading on another device makes read here, and nothing is read once the session has ended', () => {
  const { hub, stores } = desk();
  hub.say('group', group('g'));
  hub.say('receipt', { group: 'g', user: 'ada', read: 5, delivered: 5 });
  assert.equal(stores.groups.totalUnread, 0);
  hub.say('message', event(6));
  hub.say('state', { state: 'stopped', attempt: 0 });
  stores.ownMarks.markRead('g');
  assert.deepEqual([stores.groups.totalUnread, hub.asked.some(([name]) => name === 'read')], [1, false]);
  hub.say('state', { state: 'online', attempt: 0 });
  stores.ownMarks.markRead('g');
  assert.deepEqual([stores.groups.totalUnread, hub.asked.at(-1)], [0, ['read', 'g', 6]]);
});

test('without a connection nobody is seen, and what is watched follows what is open', () => {
  const { hub, stores } = desk();
  hub.say('presence', [{ id: 'bo', online: true, last_seen: 1 }]);
  assert.equal(stores.presence.of('bo').online, true);
  hub.say('state', { state: 'waiting', attempt: 1, retryIn: 9 });
  assert.equal(stores.presence.of('bo').online, false);
  for (let number = 0; number < 25; number += 1) hub.say('group', group(`g${number}`));
  hub.pages.push({ messages: [], more: false });
  void stores.timelines.look('g24');
  const [, ...watched] = hub.asked.findLast(([name]) => name === 'watch');
  assert.deepEqual([watched.length, watched[0]], [20, 'g24']);
});

test('of a deleted message nothing is left in any store', async () => {
  const { hub, stores } = desk();
  const [said, reply] = [event(6, { from: 'ada', text: 'secret' }), event(7, { from: 'ada', ref: 'g:2' })];
  hub.say('group', group('g', { last: event(5) }));
  hub.say('message', said);
  hub.say('message', reply);
  hub.pages.push({ messages: [event(2, { text: 'secret' })], more: true });
  stores.originals.of('g', 2);
  await settled();
  stores.edits.begin('g', 6);
  stores.drafts.set('e:g:6', 'a better secret');
  stores.outbox.add({ cid: 'c1', group: 'g', text: 'secret' }, []);
  stores.outbox.update('c1', { state: 'stored', seq: 8 });
  hub.say('message', event(8, { text: 'secret', cid: undefined }));
  assert.equal(stores.groups.get('g')?.last?.text, 'secret');
  const deletion = { kind: 'deleted', shown: false, text: undefined };
  for (const [seq, target] of [[9, 2], [10, 6], [11, 8]]) hub.say('message', event(seq, { ...deletion, ref: `g:${target}` }));
  await settled();
  const { timelines, originals, edits, drafts, outbox, groups, safe } = stores;
  const left = JSON.stringify([
    timelines.of('g').events,
    originals.of('g', 2),
    edits.of('g'),
    drafts.edits(),
    outbox.all(),
    groups.get('g'),
    safe.all('drafts'),
    safe.all('outbox'),
  ]);
  assert.ok(!left.includes('secret'), left);
  assert.deepEqual(timelines.of('g').events.map(({ seq }) => seq), [6, 7, 8]);
});

test('what the hub no longer keeps is dropped, and asked for again after a gap', async () => {
  const { hub, stores } = desk();
  hub.say('group', group('g'));
  for (const seq of [6, 7, 8]) hub.say('message', event(seq));
  hub.pages.push({ messages: [event(2)], more: true }, { messages: [event(2, { text: 'changed' })], more: true });
  stores.originals.of('g', 2);
  await settled();
  hub.say('group', group('g', { head: 8, first: 8 }));
  assert.deepEqual(stores.timelines.of('g').events.map(({ seq }) => seq), [8]);
  hub.say('gap', { group: 'g', from: 9, to: 99, reason: 'too_many' });
  assert.deepEqual([stores.timelines.of('g').events, stores.originals.of('g', 2)], [[], undefined]);
  await settled();
  assert.equal(stores.originals.of('g', 2)?.text, 'changed');
});
