import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatKey, Drafts, targetOf } from '../../app/features/drafts/store.js';
import { Outbox } from '../../app/features/outbox/store.js';
import { Sender } from '../../app/features/outbox/sender.js';
import { Safe } from '../../app/storage/safe.js';
import { strandedChats } from '../../app/features/outbox/stranded.js';

const TO_BO = chatKey({ to: 'bo' });
const IN_G = chatKey({ group: 'g' });

/** A safe without a database whose writes end when the test says so. */
class SlowSafe extends Safe {
  /** @type {{ changes: any[], end: () => void }[]} */
  writes = [];

  constructor() {
    super('ada', undefined);
  }

  /** @param {any[]} changes */
  write(changes) {
    void super.write(changes);
    return new Promise((resolve) => {
      this.writes.push({ changes, end: () => resolve(undefined) });
    });
  }

  /** As if the page were to end. */
  end() {
    this.emit('leaving', undefined);
  }

  /** As if another tab had written. @param {any[]} changes */
  hear(...changes) {
    this.emit('changed', changes);
  }
}

/** Lets promises that are settled be seen as such. */
const settled = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test('a chat and its name among the drafts lead to each other', () => {
  for (const target of [{ group: 'g' }, { to: 'u:odd|name' }]) assert.deepEqual(targetOf(chatKey(target)), target);
});

test('letters typed while a draft is being written are written next, the newest text only', async () => {
  const safe = new SlowSafe();
  const drafts = new Drafts(safe);
  for (const text of ['H', 'He', 'Hel']) drafts.set(IN_G, text);
  assert.deepEqual(
    safe.writes.map(({ changes }) => changes[0].record.text),
    ['H'],
  );
  safe.writes[0].end();
  await settled();
  assert.deepEqual(
    safe.writes.map(({ changes }) => changes[0].record.text),
    ['H', 'Hel'],
  );
  safe.writes[1].end();
  await settled();
  assert.equal(safe.writes.length, 2);
});

test('a page that is about to end writes what is still unwritten at once', () => {
  const safe = new SlowSafe();
  const drafts = new Drafts(safe);
  for (const text of ['H', 'Hello']) drafts.set(IN_G, text);
  safe.end();
  assert.equal(safe.writes.at(-1)?.changes[0].record.text, 'Hello');
});

test('what another tab sent or wrote before does not take away what was typed here since, which is kept again', async () => {
  const safe = new SlowSafe();
  const drafts = new Drafts(safe);
  drafts.set(IN_G, 'typed here');
  const { time } = safe.all('drafts')[0];
  safe.writes[0].end();
  await settled();
  safe.hear({ store: 'drafts', id: IN_G, record: null, news: { time: time - 1 } });
  assert.equal(drafts.get(IN_G), 'typed here');
  assert.equal(safe.writes.at(-1)?.changes[0].record.text, 'typed here');
  safe.writes[1].end();
  await settled();
  safe.hear({ store: 'drafts', id: IN_G, record: { chat: IN_G, text: 'before', time: time - 1 } });
  assert.equal(drafts.get(IN_G), 'typed here');
  assert.equal(safe.writes.length, 3);
  safe.writes[2].end();
  await settled();
  safe.hear({ store: 'drafts', id: IN_G, record: null, news: { time } });
  assert.equal(drafts.get(IN_G), '');
  assert.equal(safe.writes.length, 3);
});

test('a draft that is sent says when what it was had been typed', () => {
  const safe = new SlowSafe();
  const drafts = new Drafts(safe);
  drafts.set(IN_G, 'Hello');
  const { time } = safe.all('drafts')[0];
  assert.deepEqual(drafts.take(IN_G), [{ store: 'drafts', id: IN_G, record: null, news: { time } }]);
});

test('what another tab wrote shows, unless something newer is typed here', () => {
  const safe = new SlowSafe();
  const drafts = new Drafts(safe);
  /** @type {string[]} */
  const changed = [];
  drafts.on('changed', (chat) => changed.push(chat));
  const record = { chat: IN_G, text: 'theirs', time: 1 };
  safe.hear({ store: 'drafts', id: IN_G, record });
  assert.deepEqual([drafts.get(IN_G), changed], ['theirs', [IN_G]]);
  for (const text of ['o', 'ours']) drafts.set(IN_G, text);
  safe.hear({ store: 'drafts', id: IN_G, record });
  assert.equal(drafts.get(IN_G), 'ours');
  safe.hear({ store: 'drafts', id: TO_BO, record: null });
  assert.equal(drafts.get(TO_BO), '');
});

test('a draft moves with its chat, and what was typed there before is kept above it', () => {
  const drafts = new Drafts(new SlowSafe());
  drafts.set(TO_BO, 'to you');
  drafts.move(TO_BO, IN_G);
  assert.deepEqual([drafts.get(TO_BO), drafts.get(IN_G)], ['', 'to you']);
  drafts.set(TO_BO, 'to you');
  drafts.move(TO_BO, IN_G);
  assert.equal(drafts.get(IN_G), 'to you', 'the same text is no second one');
  drafts.set(TO_BO, 'and more');
  drafts.move(TO_BO, IN_G);
  assert.equal(drafts.get(IN_G), 'to you\nand more');
});

/** A hub whose answers the test gives. */
function slowHub() {
  /** @type {{ message: any, store: (seq: number) => void, refuse: (error: any) => void }[]} */
  const sends = [];
  const send = (/** @type {any} */ message) =>
    new Promise((resolve, reject) => {
      sends.push({
        message,
        store: (seq) => resolve({ group: 'g', cid: message.cid, seq, time: seq }),
        refuse: reject,
      });
    });
  return { sends, hub: /** @type {any} */ ({ send }) };
}

function desk() {
  const safe = new SlowSafe();
  const { sends, hub } = slowHub();
  const [outbox, drafts] = [new Outbox(safe), new Drafts(safe)];
  const sender = new Sender(hub, outbox, drafts, () => 'Bo');
  return { safe, sends, sender, outbox, drafts };
}

test('a text is in the outbox and out of the drafts by one and the same change', () => {
  const { safe, sender, drafts, outbox } = desk();
  drafts.set(IN_G, 'Hello');
  sender.say({ group: 'g' }, 'Hello');
  const { changes } = /** @type {any} */ (safe.writes.at(-1));
  assert.deepEqual(
    changes.map((/** @type {any} */ { store, record }) => [store, record?.text]),
    [
      ['outbox', 'Hello'],
      ['drafts', undefined],
    ],
  );
  assert.deepEqual([drafts.get(IN_G), outbox.unsent().length], ['', 1]);
});

test('what follows on its way to a user takes the same way, though there is a group by now', async () => {
  const { sends, sender, outbox } = desk();
  sender.say({ to: 'bo' }, 'one');
  outbox.moveInto('bo', 'g');
  sender.say({ group: 'g', to: undefined }, 'two');
  assert.deepEqual(
    sends.map(({ message: { text, to, group } }) => [text, to, group]),
    [
      ['one', 'bo', undefined],
      ['two', 'bo', undefined],
    ],
  );
  assert.deepEqual(
    outbox.of({ group: 'g' }).map(({ text }) => text),
    ['one', 'two'],
  );
  for (const [index, { store }] of sends.entries()) store(index + 1);
  await settled();
  sender.say({ group: 'g' }, 'three');
  assert.equal(sends.at(-1)?.message.group, 'g');
});

test('what is adopted twice is sent once, and what was refused waits for somebody to decide', async () => {
  const { sends, sender, outbox, safe } = desk();
  safe.hear({
    store: 'outbox',
    id: 'c1',
    record: { cid: 'c1', group: 'g', text: 'theirs', time: 1, state: 'sending' },
  });
  sender.adopt();
  sender.adopt();
  assert.equal(sends.length, 1);
  sends[0].refuse(Object.assign(new Error('not here'), { code: 'forbidden' }));
  await settled();
  assert.deepEqual([outbox.get('c1')?.state, outbox.get('c1')?.reason], ['failed', 'not here']);
  sender.adopt();
  assert.equal(sends.length, 1);
  sender.retry('c1');
  assert.deepEqual([sends.length, outbox.get('c1')?.state], [2, 'sending']);
  sends[1].refuse(Object.assign(new Error('closed'), { code: 'closed' }));
  await settled();
  assert.equal(outbox.get('c1')?.state, 'sending', 'the end of the page is no refusal');
});

test('what another tab sent is stored here too, and what it deleted is gone', async () => {
  const { safe, outbox } = desk();
  for (const cid of ['a', 'b']) {
    safe.hear({ store: 'outbox', id: cid, record: { cid, group: 'g', text: cid, time: 1, state: 'sending' } });
  }
  safe.hear(
    { store: 'outbox', id: 'a', record: null, news: { group: 'g', seq: 7, time: 9 } },
    { store: 'outbox', id: 'b', record: null },
  );
  assert.deepEqual(
    outbox.all().map(({ cid, state, seq }) => [cid, state, seq]),
    [['a', 'stored', 7]],
  );
  outbox.settle('g', 7);
  assert.deepEqual(outbox.all(), []);
});

test('messages of one millisecond come back in their order', () => {
  const { sender, safe } = desk();
  for (let number = 0; number < 20; number += 1) sender.say({ group: 'g' }, String(number));
  const again = new Outbox(Object.assign(new SlowSafe(), { all: () => safe.all('outbox').sort(() => -1) }));
  assert.deepEqual(
    again.all().map(({ text }) => text),
    Array.from({ length: 20 }, (_, number) => String(number)),
  );
});

test('chats with something unsent that are in no list are told, the newest first', () => {
  const pending = /** @type {any} */ ([
    { cid: '1', group: 'gone', title: 'Choir', text: 'old', time: 1, state: 'failed' },
    { cid: '2', group: 'gone', title: 'Choir', text: 'newer', time: 5, state: 'failed' },
    { cid: '3', group: 'listed', text: 'fine', time: 9, state: 'sending' },
  ]);
  const drafts = [
    { chat: TO_BO, text: 'Dear Bo', time: 7 },
    { chat: chatKey({ group: 'listed' }), text: 'fine', time: 8 },
  ];
  const chats = strandedChats({
    pending,
    drafts,
    isListed: ({ group }) => group === 'listed',
    titleOf: ({ to }, title) => title ?? to ?? '',
  });
  assert.deepEqual(
    chats.map(({ title, text, draft }) => [title, text, draft]),
    [
      ['bo', 'Dear Bo', true],
      ['Choir', 'newer', false],
    ],
  );
});
