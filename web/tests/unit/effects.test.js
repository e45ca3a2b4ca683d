import assert from 'node:assert/strict';
import { test } from 'node:test';
import { affected, repliedTo, isShown, targetOf } from '../../client/effects.js';
import { Held } from '../../client/held.js';
import { StateLog } from '../../client/state-log.js';

/** @typedef {import("../../client/types.js").HubEvent} HubEvent */

/** @param {number} seq @param {object} [more] @returns {HubEvent} */
function text(seq, more = {}) {
  return { group: 'g', seq, n: seq, from: 'bo', time: seq, kind: 'text', text: `t${seq}`, ...more };
}

/** @param {number} seq @param {number} target @param {string} kind @param {object} [more] @returns {HubEvent} */
function about(seq, target, kind, more = {}) {
  return { ...text(seq, { kind, ref: `g:${target}`, shown: false }), text: undefined, ...more };
}

/** As it comes over the line. @param {string} line @returns {HubEvent} */
const read = (line) => JSON.parse(line);

/** @param {HubEvent} event @param {...HubEvent} effects */
const after = (event, ...effects) => effects.reduce((state, effect) => affected(state, effect, 'ada'), event);

test('an edit replaces text and mentions, and leaves data', () => {
  const said = text(1, { mentions: ['ada'], data: { x: 1 } });
  const edited = after(said, about(5, 1, 'edited', { text: 'new' }));
  assert.deepEqual(edited, text(1, { text: 'new', edited: 5, data: { x: 1 } }));
  assert.deepEqual(after(edited, about(6, 1, 'edited', { text: 'newer', mentions: 'all' })).mentions, 'all');
  assert.equal(said.text, 't1', 'what was given stays as it is');
});

test('a deletion empties, and ends it', () => {
  const said = { ref: 'g:9', data: {}, mentions: ['ada'], cid: 'c' };
  const full = text(1, { ...said, edited: 3, replies: 2, pinned: true, reactions: [] });
  const deleted = after(full, about(7, 1, 'deleted', { from: 'cy' }));
  const left = { group: 'g', seq: 1, n: 1, from: 'bo', time: 1, kind: 'text', ref: 'g:9', cid: 'c' };
  assert.deepEqual(deleted, { ...left, deleted: { time: 7, by: 'cy' } });
  const edit = about(8, 1, 'edited', { text: 'x' });
  const pin = about(9, 1, 'pinned', { data: { on: true } });
  assert.equal(after(deleted, edit, pin, about(10, 1, 'deleted')), deleted);
});

test('a reaction says what a count has come to, and whose it is', () => {
  const by = (/** @type {string} */ from, /** @type {any} */ data) => about(2, 1, 'reaction', { from, data });
  const one = by('bo', { emoji: '👍', on: true, count: 1 });
  const two = by('ada', { emoji: '👍', on: true, count: 2 });
  const other = by('cy', { emoji: '🎉', on: true, count: 1 });
  const state = after(text(1), one, one, two, other, two);
  const party = { emoji: '🎉', count: 1, mine: false };
  assert.deepEqual(state.reactions, [{ emoji: '👍', count: 2, mine: true }, party]);
  const own = after(state, by('ada', { emoji: '👍', on: false, count: 1 }));
  assert.deepEqual(own.reactions, [{ emoji: '👍', count: 1, mine: false }, party]);
  const less = after(own, by('bo', { emoji: '👍', on: false, count: 0 }));
  assert.deepEqual(less.reactions, [party]);
  assert.equal('reactions' in after(less, by('cy', { emoji: '🎉', on: false, count: 0 })), false);
  const [emoji, on] = ['👍', true];
  for (const data of [undefined, {}, { emoji: 5, on, count: 1 }, { emoji, on, count: '7' }, { emoji, on }]) {
    assert.equal(after(state, by('bo', data)), state, JSON.stringify(data));
  }
});

test('numbers are numbers however JSON writes them', () => {
  const data = '{"emoji":"👍","on":true,"count":30e-1}';
  const line = `{"group":"g","seq":2.0,"n":1,"from":"bo","time":2e0,"kind":"reaction","ref":"g:1","data":${data}}`;
  const held = new Held(() => 'ada');
  held.arrive(read('{"group":"g","seq":1e0,"n":1,"from":"bo","time":1,"kind":"text","text":"x"}'));
  assert.equal(held.arrive(read(line)), true);
  assert.deepEqual(held.all()[0].reactions, [{ emoji: '👍', count: 3, mine: false }]);
});

test('a pin is on or off', () => {
  const on = about(2, 1, 'pinned', { data: { on: true } });
  const off = about(3, 1, 'pinned', { data: { on: false } });
  assert.equal(after(text(1), on).pinned, true);
  assert.deepEqual(after(text(1), on, off), text(1));
});

test('what an event is about is found in its own group alone', () => {
  assert.equal(targetOf(text(3, { ref: 'g:2' })), 2);
  const others = ['', 'g', 'g:', 'g:0', 'g:-1', 'g:1.5', 'g:1e3', 'h:2', 'gg:2', 'g:2 ', 'g:99999999999999999'];
  for (const ref of [undefined, 7, ...others]) {
    assert.equal(targetOf(text(3, { ref })), undefined, String(ref));
  }
  assert.equal(repliedTo(text(3, { ref: 'g:2' })), 2);
  assert.equal(repliedTo(text(3, { ref: 'g:2', deleted: { time: 1, by: 'bo' } })), undefined);
  assert.equal(repliedTo(about(3, 2, 'x.vote')), undefined);
});

test('nobody is shown what only changes others, nor what says so', () => {
  assert.equal(isShown(text(1)), true);
  assert.equal(isShown(text(1, { kind: 'x.vote' })), true);
  assert.equal(isShown(text(1, { kind: 'later', shown: false })), false);
  for (const kind of ['edited', 'deleted', 'reaction', 'pinned', 'void']) {
    assert.equal(isShown(text(1, { kind })), false, kind);
  }
});

test('a log holds the newest thousand, and knows what it does not reach', () => {
  const log = new StateLog(10);
  assert.deepEqual([log.reaches(9), log.reaches(10)], [false, true]);
  for (let seq = 11; seq <= 1511; seq += 1) log.add(about(seq, 1, 'edited', { text: `${seq}` }));
  assert.equal(log.above(0).length, 1000);
  assert.deepEqual([log.reaches(510), log.reaches(511)], [false, true]);
  assert.equal(log.since(1509).get(1)?.effects.length, 2);
  log.add(text(1512));
  log.add(about(1400, 1, 'edited', { text: 'again' }));
  assert.equal(log.above(0).length, 1000, 'neither what has no effect nor what came before');
});

test('of what was deleted a log keeps that it was', () => {
  const log = new StateLog(0);
  log.add(text(2, { ref: 'g:1', text: 'a secret answer' }));
  log.add(about(3, 2, 'edited', { text: 'a secret edit' }));
  assert.deepEqual([log.since(1).get(1)?.replies, log.since(2).get(1)?.replies], [1, undefined]);
  log.add(about(4, 2, 'deleted'));
  log.add(about(5, 2, 'deleted'));
  assert.deepEqual(log.above(0).map(({ seq }) => seq), [4]);
  assert.doesNotMatch(JSON.stringify(log.above(0)), /secret/);
  assert.equal(log.since(2).get(1)?.replies, -1, 'a page that had it counts one less');
  assert.equal(log.since(1).get(1), undefined, 'a page from before has not counted it');
});
