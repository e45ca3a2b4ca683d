import { countOf, rowsOf } from '../fake/state.js';

/**
 * Sequences as a hub stores them: whatever is about another event keeps to the rules.
 *
 * @typedef {import("../../client/types.js").HubEvent} HubEvent
 * @typedef {ReturnType<typeof import("./chance.js").chanceOf>} Chance
 */

const USERS = ['ada', 'bo', 'cy'];
const EMOJI = ['👍', '🎉', ':ship:'];

/** @param {HubEvent[]} events */
const open = (events) => {
  const rows = rowsOf(events);
  return events.filter(({ seq, kind }) => kind === 'text' && rows.get(seq)?.deletion === undefined);
};

/**
 * One more event at the end of a sequence.
 *
 * @param {HubEvent[]} events
 * @param {Chance} chance
 * @param {number} first the oldest that may be meant
 */
export function grow(events, chance, first = 1) {
  const seq = (events.at(-1)?.seq ?? 0) + 1;
  const common = { group: 'g', seq, n: seq, time: 1_000 + seq };
  const targets = open(events).filter((event) => event.seq >= first);
  if (targets.length === 0 || chance.is(0.3)) {
    events.push({ ...common, from: chance.of(USERS), kind: 'text', text: `text ${seq}` });
    return;
  }
  events.push(/** @type {HubEvent} */ ({ ...common, ...about(chance.of(targets), events, chance, seq) }));
}

/** @param {HubEvent} target @param {HubEvent[]} events @param {Chance} chance @param {number} seq */
function about(target, events, chance, seq) {
  const ref = `g:${target.seq}`;
  const from = chance.of(USERS);
  switch (chance.of(['reply', 'reaction', 'reaction', 'reaction', 'edited', 'deleted', 'pinned', 'void', 'updated'])) {
    case 'reply':
      return { from, kind: 'text', text: `answer ${seq}`, ref };
    case 'edited':
      return { from: target.from, kind: 'edited', shown: false, text: `edit ${seq}`, ref };
    case 'deleted':
      return { from: target.from, kind: 'deleted', shown: false, ref };
    case 'pinned':
      return { from, kind: 'pinned', shown: false, ref, data: { on: chance.is(0.6) } };
    case 'void':
      return { from: 'hub.system', kind: 'void', shown: false };
    case 'updated':
      return { from, kind: 'updated', data: { name: `name ${seq}`, archived: chance.is(0.5) } };
    default:
      return reaction(target, from, events, chance);
  }
}

/** @param {HubEvent} target @param {string} from @param {HubEvent[]} events @param {Chance} chance */
function reaction(target, from, events, chance) {
  const [emoji, on] = [chance.of(EMOJI), chance.is(0.6)];
  const event = { from, kind: 'reaction', shown: false, ref: `g:${target.seq}`, data: { emoji, on } };
  const after = [...events, /** @type {any} */ ({ ...event, seq: Infinity })];
  return { ...event, data: { emoji, on, count: countOf(after, target.seq, emoji) } };
}
