// What a user of the load test "conversation" does, against a hub that knows all of it and one that does not.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { FakeNode } from '../../web/tests/fake/server.js';
import { mintToken } from '../../web/tests/fake/tokens.js';
import { Client } from '../lib/client.js';
import { CODECS } from '../lib/codec.js';
import { deedAt, MIX, notesOnKinds, Talker } from '../lib/conversation.js';
import { begin, end } from './standin/life.js';
import { summarized, total } from './standin/samples.js';

globalThis.__ENV = {};

let node;
let group;

beforeEach(async () => {
  node = await new FakeNode().start();
  group = node.world.createGroup('bo', { name: 'Crew', members: ['ada'] });
  begin().catch(() => {});
});
afterEach(async () => {
  end();
  await node.kill();
});

async function talkerOf(features) {
  node.world.features = features;
  const plan = {
    accounts: [{ user: 'ada', token: mintToken('ada') }],
    urls: [{ ws: `${node.url.replace('http', 'ws')}/ws`, http: node.url }],
    codec: CODECS.json,
    run: 'run',
    text: 50,
  };
  const client = new Client(plan, 0);
  await client.keep();
  return new Talker(client, group.id);
}

async function seen(condition) {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

const kinds = () => group.events.map(({ kind }) => kind);

test('of a thousand deeds so many are of each kind', () => {
  const counted = {};
  for (let at = 0; at < 1000; at += 1) counted[deedAt(at / 1000)] = (counted[deedAt(at / 1000)] || 0) + 1;
  assert.deepEqual(counted, { text: 700, reaction: 200, edited: 30, read: 50, typing: 20 });
  assert.deepEqual([deedAt(0), deedAt(0.999999), deedAt(1)], ['text', 'typing', 'text']);
  assert.equal(Object.values(MIX).reduce((all, share) => all + share), 100);
});

test('what a hub knows is done to what was said, and its time is taken', async () => {
  const talker = await talkerOf(['kind:edited', 'kind:reaction']);
  const measured = () => summarized({}).hubbub_self_effect?.values.count ?? 0;
  const before = measured();
  await talker.do('text');
  await seen(() => talker.own);
  node.world.append(group, 'bo', { text: 'by another' });
  await seen(() => talker.texts.length === 2);
  const { own } = talker;
  await talker.do('edited');
  await talker.do('reaction');
  await talker.do('read');
  talker.do('typing');
  await seen(() => measured() === before + 2);
  await seen(() => node.session.received.at(-1).type === 'typing');
  assert.deepEqual(kinds().slice(-2), ['edited', 'reaction']);
  assert.equal(group.events.at(-2).ref, `${group.id}:${own}`, 'only what is its own is edited');
  assert.ok(group.read.get('ada') > own);
  assert.equal(total('hubbub_instead_of_reaction'), 0);
  assert.deepEqual(node.world.breaches, []);
});

test('before anything was said there is nothing to react to: it is a text', async () => {
  const talker = await talkerOf(['kind:edited', 'kind:reaction']);
  await talker.do('reaction');
  await talker.do('edited');
  assert.deepEqual(kinds().slice(-2).includes('reaction'), false);
  assert.equal(total('hubbub_instead_of_reaction'), 0);
});

test('of a hub that does not know a kind a sentence says so, and texts are said', async () => {
  const talker = await talkerOf(['kind:edited']);
  await talker.do('text');
  await seen(() => talker.own);
  for (const deed of ['reaction', 'reaction', 'edited']) await talker.do(deed);
  assert.deepEqual(kinds().slice(-3), ['text', 'text', 'edited']);
  const [sentence, ...others] = notesOnKinds(summarized({}));
  assert.match(sentence, /does not name kind:reaction in its features: 2 texts were said/);
  assert.deepEqual(others, []);
  node.session.say({ type: 'features', features: ['kind:edited', 'kind:reaction'] });
  node.world.features = ['kind:edited', 'kind:reaction'];
  await seen(() => talker.client.features.length === 2);
  await talker.do('reaction');
  assert.equal(kinds().at(-1), 'reaction');
});
