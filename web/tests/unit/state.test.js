import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conversations } from '../../client/conversations.js';
import { Cursors } from '../../client/cursors.js';
import { isHidden, reckoned } from '../fake/state.js';
import { chanceOf } from './chance.js';
import { grow } from './sequences.js';

/**
 * What a client makes of pages and live events that come in any order must be what the raw sequence says.
 *
 * @typedef {import("../../client/types.js").HubEvent} HubEvent
 * @typedef {import("../../client/conversations.js").Asked} Asked
 */

const ME = 'ada';
const SEEDS = 200;

/** A hub whose events are shown late and whose pages are read and answered at odd moments. */
class OddHub {
  /** @type {HubEvent[]} */
  events = [];
  first = 1;
  /** The newest event that its node has given to this client. */
  position = 0;
  /** @type {{ page: Asked, asOf: number, resolve: (page: any) => void }[]} what is asked and not answered yet */
  asked = [];

  /** @param {ReturnType<typeof chanceOf>} chance */
  constructor(chance) {
    this.chance = chance;
    this.cursors = new Cursors();
    this.conversations = new Conversations({
      me: () => ME,
      ask: (_, page) => new Promise((resolve) => {
        this.asked.push({ page, asOf: this.position, resolve });
      }),
    });
    this.conversations.meet(this.group());
    this.timeline = this.conversations.timeline('g');
  }

  get head() {
    return this.events.at(-1)?.seq ?? 0;
  }

  group() {
    const described = { id: 'g', kind: 'group', name: 'g', head: this.position, first: this.first };
    return /** @type {any} */ (described);
  }

  /** Read some time after the position, and so with more in it. @param {Asked} asked @param {number} asOf */
  #page({ before = Infinity, limit = 50 }, asOf) {
    const readAt = this.chance.between(asOf, this.head);
    const there = reckoned(this.events, ME, readAt).filter(
      ({ seq, kind }) => seq >= this.first && seq <= readAt && seq < before && !isHidden(kind),
    );
    const messages = there.slice(-limit);
    return { group: 'g', messages, more: there.length > limit, next: messages[0]?.seq, as_of: asOf };
  }

  /** Gives the next event, and now and then one that was given before. */
  deliver() {
    if (this.position >= this.head) return;
    this.position += 1;
    this.#hear(this.events[this.position - 1]);
    if (this.chance.is(0.1)) this.#hear(this.events[this.chance.between(0, this.position - 1)]);
  }

  /** @param {HubEvent} event */
  #hear(event) {
    if (this.cursors.accept('g', event.seq)) this.conversations.hear(structuredClone(event));
  }

  /** The client was away for long. */
  skip() {
    const to = this.chance.between(this.position, this.head);
    if (to <= this.position) return;
    this.#gap({ group: 'g', from: this.position + 1, to, reason: 'too_many' });
    this.position = to;
  }

  /** The hub was set back to an earlier state of its store; what was asked is asked again on the next connection. */
  setBack() {
    const from = this.chance.between(Math.max(this.first, 1), this.position + 1);
    if (this.position === 0 || from > this.position) return;
    this.events = this.events.filter(({ seq }) => seq < from);
    for (const each of this.asked) each.asOf = Math.min(each.asOf, from - 1);
    this.#gap({ group: 'g', from, to: this.position, reason: 'reset' });
    this.position = from - 1;
  }

  /** Retention. */
  expire() {
    this.first = this.chance.between(this.first, Math.max(this.first, this.position - 3));
    this.conversations.meet(this.group());
  }

  /** @param {import("../../client/types.js").Gap} gap */
  #gap(gap) {
    this.cursors.skip(gap);
    this.conversations.skip(gap);
  }

  answer() {
    const [answered] = this.asked.splice(this.chance.between(0, this.asked.length - 1), 1);
    answered?.resolve(this.#page(answered.page, answered.asOf));
  }

  /** Everything arrives. */
  async settle() {
    while (this.asked.length > 0 || this.position < this.head) {
      if (this.asked.length > 0) this.answer();
      else this.deliver();
      await turn();
    }
  }
}

const turn = () => new Promise((resolve) => {
  setImmediate(resolve);
});

/** @param {OddHub} hub @param {(keyof typeof STEPS)[]} steps */
async function play(hub, steps) {
  for (let left = 120; left > 0; left -= 1) {
    STEPS[hub.chance.of(steps)](hub);
    if (hub.chance.is(0.5)) await turn();
  }
  await hub.settle();
}

/** @type {Record<string, (hub: OddHub) => void>} */
const STEPS = {
  say: (hub) => grow(hub.events, hub.chance, hub.first),
  deliver: (hub) => hub.deliver(),
  ask: (hub) => {
    void hub.timeline.earlier(hub.chance.between(1, 12)).catch(() => {});
  },
  answer: (hub) => hub.answer(),
  skip: (hub) => hub.chance.is(0.1) && hub.skip(),
  setBack: (hub) => hub.chance.is(0.05) && hub.setBack(),
  expire: (hub) => hub.chance.is(0.2) && hub.expire(),
};

/** @param {OddHub} hub @param {number} seed */
function compare(hub, seed) {
  const { events } = hub.timeline;
  const from = events[0]?.seq ?? Infinity;
  const all = reckoned(hub.events, ME).filter(({ seq, kind }) => seq >= from && !isHidden(kind));
  assert.deepEqual(events.map(sorted), all.map(sorted), `seed ${seed}`);
}

/**
 * Which emoji came first, of those that were all taken back in between, a page does not tell.
 *
 * @param {HubEvent} event
 */
function sorted({ reactions, ...event }) {
  return reactions === undefined ? event : { ...event, reactions: reactions.toSorted(byEmoji) };
}

/** @typedef {import("../../client/types.js").Reaction} Reaction @param {Reaction} one @param {Reaction} other */
const byEmoji = (one, other) => (one.emoji < other.emoji ? -1 : 1);

for (const [name, disorder] of /** @type {[string, (keyof typeof STEPS)[]][]} */ ([
  ['pages and events in any order', []],
  ['with gaps', ['skip']],
  ['with retention', ['expire']],
  ['with a hub that was set back', ['setBack']],
  ['with all of it', ['skip', 'expire', 'setBack']],
])) {
  test(`${name} come to what the raw sequence says`, async () => {
    let held = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const hub = new OddHub(chanceOf(seed));
      await play(hub, ['say', 'say', 'say', 'deliver', 'deliver', 'ask', 'answer', ...disorder]);
      compare(hub, seed);
      held += hub.timeline.events.length;
    }
    assert.ok(held > 7 * SEEDS, `enough was looked at: ${held}`);
  });
}

test('a page that is older than what is held is brought up to date, whatever is newer in it', async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const hub = new OddHub(chanceOf(seed));
    for (let left = 60; left > 0; left -= 1) STEPS[hub.chance.of(['say', 'say', 'deliver'])](hub);
    const page = hub.conversations.page('g', { limit: 200 });
    for (let left = 20; left > 0; left -= 1) STEPS[hub.chance.of(['say', 'deliver'])](hub);
    hub.answer();
    await turn();
    const { messages } = await page;
    await hub.settle();
    const again = hub.conversations.bringUpToDate('g', { ...(await page), as_of: 0 });
    const now = new Map(reckoned(hub.events, ME).map((event) => [event.seq, event]));
    const uncounted = (/** @type {any} */ { replies, ...event }) => sorted(event);
    const all = messages.map(({ seq }) => uncounted(now.get(seq)));
    assert.deepEqual(again.messages.map(uncounted), all, `seed ${seed}`);
  }
});

test('what a group is named follows its events, in whatever order it is told', () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const hub = new OddHub(chanceOf(seed));
    const named = (/** @type {number} */ upTo) => {
      const last = hub.events.findLast(({ seq, kind }) => kind === 'updated' && seq <= upTo);
      return last?.data?.name ?? 'g';
    };
    for (let left = 80; left > 0; left -= 1) {
      STEPS[hub.chance.of(['say', 'deliver', 'deliver'])](hub);
      // An answer that was read earlier comes behind the events since.
      const head = hub.chance.between(0, hub.position);
      if (hub.chance.is(0.2)) hub.conversations.meet({ ...hub.group(), head, name: named(head) });
      assert.equal(hub.conversations.groups.get('g')?.name, named(hub.position), `seed ${seed}`);
    }
  }
});

test('a page from before a gap is asked for again: what came about it meanwhile is not known', async () => {
  const hub = new OddHub(chanceOf(1));
  for (let left = 40; left > 0; left -= 1) grow(hub.events, hub.chance);
  while (hub.position < 10) hub.deliver();
  const page = hub.conversations.page('g', { limit: 200 });
  const [asked] = hub.asked;
  hub.conversations.skip({ group: 'g', from: 11, to: hub.head, reason: 'too_many' });
  hub.position = hub.head;
  asked.resolve({ group: 'g', messages: [], more: false, as_of: asked.asOf });
  await turn();
  hub.asked.shift();
  assert.equal(hub.asked.length, 1, 'asked again');
  hub.answer();
  const now = reckoned(hub.events, ME).filter(({ kind }) => !isHidden(kind));
  assert.deepEqual((await page).messages, now);
});
