import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatKey, Drafts, editKey, editOf } from '../../app/features/drafts/store.js';
import { Edits } from '../../app/features/edits/store.js';
import { Groups } from '../../app/features/groups/store.js';
import { Timelines } from '../../app/features/messages/store.js';
import { Sender } from '../../app/features/outbox/sender.js';
import { Outbox } from '../../app/features/outbox/store.js';
import { Safe } from '../../app/storage/safe.js';
import { HubbubError } from '../../client/errors.js';

/** New texts of what was said, and replies, are kept as all that is typed is. */

const IN_G = chatKey({ group: 'g' });
const KEY = editKey('g', 4);

/** @param {number} seq @param {object} [rest] @returns {import("../../hubbub.js").HubEvent} */
const event = (seq, rest) => ({ group: 'g', seq, n: seq, from: 'me', time: seq, kind: 'text', text: `text ${seq}`, ...rest });
/** @param {string} kind @param {object} [rest] */
const about = (kind, rest) => event(9, { kind, ref: 'g:4', shown: false, text: undefined, ...rest });

/** A safe without a database that another tab can be heard in. */
class SharedSafe extends Safe {
  /** @param {any[]} changes */
  hear(...changes) {
    this.emit('changed', changes);
  }
}

/** @param {Safe} [safe] */
function desk(safe = new SharedSafe('me', undefined)) {
  /** @type {{ asked: any[], resolve: () => void, reject: (error: Error) => void }[]} */
  const calls = [];
  /** @type {any[]} */
  const pages = [];
  const hub = {
    edit: (/** @type {any[]} */ ...asked) =>
      new Promise((resolve, reject) => {
        calls.push({ asked, resolve: () => resolve(/** @type {any} */ ({})), reject });
      }),
    history: async () => pages.shift(),
  };
  const timelines = new Timelines(hub, new Groups('me'), 'me');
  for (const seq of [3, 4, 5]) timelines.arrive(event(seq));
  const drafts = new Drafts(safe);
  const edits = new Edits(/** @type {any} */ (hub), drafts, timelines);
  return { safe, drafts, edits, timelines, calls, pages };
}

/** Lets promises that are settled be seen as such. */
const settled = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test('an edit begins with the text that is there, and ends when the hub has the new one', async () => {
  const { drafts, edits, calls } = desk();
  edits.begin('g', 4);
  assert.deepEqual([edits.of('g')?.text, edits.of('g')?.saving, drafts.get(KEY)], ['text 4', false, '']);
  drafts.set(KEY, 'better');
  const saved = edits.save('g', 'better');
  assert.deepEqual([edits.of('g')?.saving, drafts.get(KEY)], [true, 'better']);
  calls[0].resolve();
  await saved;
  assert.deepEqual([calls[0].asked, edits.of('g'), drafts.get(KEY)], [['g', 4, 'better'], undefined, '']);
  assert.deepEqual([drafts.all(), drafts.edits()], [[], []]);
});

test('what the hub refuses stays, with its sentence; what was typed on meanwhile stays too', async () => {
  const { drafts, edits, calls } = desk();
  edits.begin('g', 4);
  const refused = edits.save('g', 'better');
  calls[0].reject(new HubbubError('forbidden', 'It is too late to change this.'));
  await refused;
  assert.deepEqual([edits.of('g')?.problem, edits.of('g')?.saving, drafts.get(KEY)], ['It is too late to change this.', false, 'better']);
  const saved = edits.save('g', 'better');
  assert.equal(edits.of('g')?.problem, undefined);
  drafts.set(KEY, 'better still');
  calls[1].resolve();
  await saved;
  assert.deepEqual([edits.of('g')?.seq, edits.of('g')?.text, drafts.get(KEY)], [4, 'better', 'better still']);
});

test('a text that is as it was is not sent, and what is given up is gone', async () => {
  const { drafts, edits, calls } = desk();
  edits.begin('g', 4);
  await edits.save('g', 'text 4');
  assert.deepEqual([calls.length, edits.of('g')], [0, undefined]);
  edits.begin('g', 4);
  drafts.set(KEY, 'never mind');
  edits.leave('g');
  assert.deepEqual([edits.of('g'), drafts.get(KEY)], [undefined, '']);
});

test('what was begun goes on after a reload, and waits while something else is written', () => {
  const { safe, drafts, edits } = desk();
  edits.begin('g', 4);
  drafts.set(KEY, 'half');
  edits.setAside('g');
  assert.deepEqual([edits.of('g'), drafts.get(KEY)], [undefined, 'half']);
  edits.begin('g', 4);
  assert.equal(edits.of('g')?.seq, 4);
  const later = desk(safe);
  assert.deepEqual([later.edits.of('g')?.seq, later.edits.of('other'), later.drafts.all()], [4, undefined, []]);
});

test('of a deleted message no new text is kept, whether that is heard, seen in a page, or asked for', async () => {
  const heard = desk();
  heard.edits.begin('g', 4);
  heard.drafts.set(KEY, 'secret');
  heard.edits.hear(about('deleted'));
  await settled();
  assert.deepEqual([heard.edits.of('g'), heard.drafts.get(KEY), heard.safe.all('drafts')], [undefined, '', []]);

  const seen = desk();
  seen.edits.begin('g', 4);
  seen.timelines.arrive(event(6));
  seen.timelines.arrive(event(7, { kind: 'deleted', ref: 'g:4', shown: false }));
  assert.equal(seen.edits.of('g'), undefined);

  const asked = desk();
  asked.drafts.set(KEY, 'secret');
  asked.drafts.set(editKey('g', 3), 'kept');
  asked.pages.push({ messages: [event(4, { text: undefined, deleted: { time: 1, by: 'me' } })] }, { messages: [event(3)] });
  await asked.edits.look();
  assert.deepEqual([asked.drafts.get(KEY), asked.drafts.get(editKey('g', 3))], ['', 'kept']);
});

test('an edit whose answer was lost is done when it is seen, and other tabs follow', async () => {
  const { safe, drafts, edits } = desk();
  drafts.set(KEY, 'better');
  edits.hear(about('edited', { text: 'something else' }));
  assert.equal(edits.of('g')?.seq, 4);
  edits.hear(about('edited', { text: 'better' }));
  assert.deepEqual([edits.of('g'), drafts.get(KEY)], [undefined, '']);
  await settled();

  /** @type {string[]} */
  const changed = [];
  edits.on('changed', (group) => changed.push(group));
  const record = { chat: KEY, text: 'from there', time: Date.now() + 1 };
  /** @type {SharedSafe} */ (safe).hear({ store: 'drafts', id: KEY, record });
  assert.deepEqual([edits.of('g')?.seq, changed], [4, ['g']]);
  /** @type {SharedSafe} */ (safe).hear({ store: 'drafts', id: KEY, record: null, news: { time: record.time } });
  assert.deepEqual([edits.of('g'), changed], [undefined, ['g', 'g']]);
});

test('names of edits are no names of chats', () => {
  assert.deepEqual(editOf(editKey('g', 12)), { group: 'g', seq: 12 });
  for (const target of [{ group: 'g' }, { to: 'e:x:1' }]) assert.equal(editOf(chatKey(target)), undefined);
});

test('what a draft replies to is kept with it, goes out with it, and is over then', () => {
  const safe = new SharedSafe('me', undefined);
  const drafts = new Drafts(safe);
  drafts.reply(IN_G, 4);
  assert.deepEqual([drafts.repliesTo(IN_G), safe.all('drafts')], [4, []]);
  drafts.set(IN_G, 'yes');
  assert.equal(new Drafts(safe).repliesTo(IN_G), 4);
  /** @type {any[]} */
  const sent = [];
  const outbox = new Outbox(safe);
  const hub = {
    send: (/** @type {any} */ message) => {
      sent.push(message);
      return new Promise(() => {});
    },
  };
  const sender = new Sender(/** @type {any} */ (hub), outbox, drafts, () => 'G');
  sender.say({ group: 'g' }, 'yes');
  const { cid } = sent[0];
  assert.deepEqual(sent, [{ cid, group: 'g', text: 'yes', ref: 'g:4' }]);
  assert.deepEqual([drafts.repliesTo(IN_G), outbox.all()[0].ref], [undefined, 'g:4']);
  outbox.update(cid, { state: 'stored', seq: 9 });
  outbox.forget('g', 8);
  assert.equal(outbox.all().length, 1);
  outbox.forget('g', 9);
  assert.equal(outbox.all().length, 0);
  sender.say({ group: 'g' }, 'and no');
  assert.ok(!('ref' in sent[1]));
});

test('what a draft replies to can be taken back, here and in another tab', () => {
  const safe = new SharedSafe('me', undefined);
  const drafts = new Drafts(safe);
  /** @type {string[]} */
  const told = [];
  drafts.on('replying', (chat) => told.push(chat));
  const record = { chat: IN_G, text: 'yes', time: Date.now(), repliesTo: 7 };
  safe.hear({ store: 'drafts', id: IN_G, record });
  assert.deepEqual([drafts.repliesTo(IN_G), drafts.get(IN_G)], [7, 'yes']);
  drafts.reply(IN_G);
  assert.deepEqual([drafts.repliesTo(IN_G), drafts.get(IN_G), told], [undefined, 'yes', [IN_G, IN_G]]);
});
