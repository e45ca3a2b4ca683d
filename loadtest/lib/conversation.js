// What people do in a conversation all day, and how often.

import { deeds, insteadOf } from './metrics.js';
import { sleep } from './wait.js';

/** Of a hundred deeds so many are of each kind. */
export const MIX = { text: 70, reaction: 20, edited: 3, read: 5, typing: 2 };
/** Fewer than an event may have. */
const EMOJI = ['👍', '❤️', '😂', '🎉', '😮', '🙏'];
/** Most reactions are to what was said last. */
const REMEMBERED = 10;
/** The share of reactions that are put on; the others are taken back. */
const PUT_ON = 0.8;

/** The kind of deed at this point between 0 and 1. */
export function deedAt(point) {
  let left = point * Object.values(MIX).reduce((all, share) => all + share);
  for (const [deed, share] of Object.entries(MIX)) {
    left -= share;
    if (left < 0) return deed;
  }
  return 'text';
}

/** Does something each `INTERVAL`, from a time of its own on, until the end. */
export async function converse(plan, client, group, end) {
  const talker = new Talker(client, group);
  await sleep(Math.min(Math.random() * plan.interval * 1000, end - Date.now()));
  while (Date.now() < end) {
    talker.do(deedAt(Math.random()));
    await sleep(Math.min(plan.interval * 1000, end - Date.now()));
  }
}

/** A user who remembers what was said last in a group. */
export class Talker {
  constructor(client, group) {
    this.client = client;
    this.group = group;
    this.texts = [];
    this.own = undefined;
    client.onEvent = (event) => this.hear(event);
  }

  hear({ group, kind, seq, from }) {
    if (group !== this.group || kind !== 'text') return;
    this.texts.push(seq);
    if (this.texts.length > REMEMBERED) this.texts.shift();
    if (from === this.client.user) this.own = seq;
  }

  /** What cannot be done, since the hub does not know it or nothing was said yet, is a text instead. */
  do(deed) {
    const target = { reaction: oneOf(this.texts), edited: this.own }[deed];
    const isUnknown = deed in insteadOf && !this.client.features.includes(`kind:${deed}`);
    if (isUnknown) insteadOf[deed].add(1);
    const done = isUnknown || (deed in insteadOf && target === undefined) ? 'text' : deed;
    deeds[done].add(1);
    return this[done](target);
  }

  text() {
    return this.client.send(this.group);
  }

  reaction(seq) {
    const data = { emoji: oneOf(EMOJI), on: Math.random() < PUT_ON };
    return this.client.act(this.group, seq, 'reaction', { data });
  }

  edited(seq) {
    return this.client.act(this.group, seq, 'edited', { text: this.client.textOf('edit') });
  }

  /** A refusal is counted where it is heard, and a lost one is made good by the next. */
  read() {
    if (!this.client.online) return undefined;
    const seq = this.client.cursors.held[this.group] || 0;
    return this.client.request({ type: 'read', group: this.group, seq }).catch(() => {});
  }

  typing() {
    if (this.client.online) this.client.link.say({ type: 'typing', group: this.group });
  }
}

/** What the summary says of kinds that the hub does not know. */
export function notesOnKinds(metrics) {
  return Object.keys(insteadOf).flatMap((kind) => {
    const counted = metrics[`hubbub_instead_of_${kind}`];
    const count = counted ? counted.values.count : 0;
    if (count === 0) return [];
    return [`The hub does not name kind:${kind} in its features: ${count} texts were said in the place of such events.`];
  });
}

function oneOf(list) {
  return list[Math.floor(Math.random() * list.length)];
}
