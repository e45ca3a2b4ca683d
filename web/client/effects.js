/**
 * What an event does to another one of its group, as docs/protocol.md has it.
 *
 * Nothing is changed in place: who draws an event can tell by its identity whether it is another one than before.
 *
 * @typedef {import("./types.js").HubEvent} HubEvent
 * @typedef {import("./types.js").Reaction} Reaction
 */

/** Kinds whose one effect is on the event that their `ref` names. */
const ABOUT_EVENTS = new Set(['edited', 'deleted', 'reaction', 'pinned']);
/** Kinds that nobody is shown, whatever a hub says of them. */
const NEVER_SHOWN = new Set([...ABOUT_EVENTS, 'file', 'void']);
/** What is left of an event that was deleted. */
const LEFT = /** @type {const} */ (['group', 'seq', 'n', 'from', 'time', 'kind', 'shown', 'ref', 'cid']);

/** Whether people are to see something of an event in its place. @param {HubEvent} event */
export function isShown({ kind, shown }) {
  return shown !== false && !NEVER_SHOWN.has(kind);
}

/** Whether an event changes the one that it is about. @param {HubEvent} event */
export function isAboutAnother({ kind }) {
  return ABOUT_EVENTS.has(kind);
}

/** The seq of the event that this one is about or replies to, in its own group. @param {HubEvent} event */
export function targetOf({ group, ref }) {
  if (typeof ref !== 'string' || !ref.startsWith(`${group}:`)) return undefined;
  const digits = ref.slice(group.length + 1);
  return /^[1-9]\d{0,15}$/.test(digits) ? Number(digits) : undefined;
}

/** The seq of what this text replies to; undefined for what is no reply, or deleted. @param {HubEvent} event */
export function repliedTo(event) {
  return event.kind === 'text' && event.deleted === undefined ? targetOf(event) : undefined;
}

/**
 * The event as it is once `effect`, which is about it, has come. What was deleted stays as it is.
 *
 * @param {HubEvent} event
 * @param {HubEvent} effect
 * @param {string | undefined} me who reads it
 * @returns {HubEvent}
 */
export function affected(event, effect, me) {
  if (event.deleted !== undefined) return event;
  switch (effect.kind) {
    case 'edited':
      return { ...without(event, 'mentions'), text: effect.text, edited: effect.time, ...mentionsOf(effect) };
    case 'deleted':
      return { ...emptied(event), deleted: { time: effect.time, by: effect.from } };
    case 'reaction':
      return withReactions(event, reactionsAfter(event.reactions ?? [], effect, me));
    case 'pinned':
      return effect.data?.on === true ? { ...event, pinned: true } : without(event, 'pinned');
    default:
      return event;
  }
}

/** The event with so many replies to it. @param {HubEvent} event @param {number} replies @returns {HubEvent} */
export function withReplies(event, replies) {
  if (event.deleted !== undefined || (event.replies ?? 0) === replies) return event;
  return replies > 0 ? { ...event, replies } : without(event, 'replies');
}

/**
 * The hub says what an emoji's count has come to: nothing is added, so an effect may come twice.
 *
 * @param {Reaction[]} reactions
 * @param {HubEvent} effect
 * @param {string | undefined} me
 * @returns {Reaction[]}
 */
function reactionsAfter(reactions, { from, data }, me) {
  const { emoji, on, count } = data ?? {};
  if (typeof emoji !== 'string' || !Number.isSafeInteger(count)) return reactions;
  const known = reactions.find((each) => each.emoji === emoji);
  const mine = from === me ? on === true : (known?.mine ?? false);
  if (count <= 0) return reactions.filter((each) => each !== known);
  if (known === undefined) return [...reactions, { emoji, count, mine }];
  return reactions.map((each) => (each === known ? { ...known, count, mine } : each));
}

/** @param {HubEvent} event @param {Reaction[]} reactions @returns {HubEvent} */
function withReactions(event, reactions) {
  if (reactions === event.reactions) return event;
  return reactions.length > 0 ? { ...event, reactions } : without(event, 'reactions');
}

/** @param {HubEvent} event @param {keyof HubEvent} field @returns {HubEvent} */
function without(event, field) {
  const { [field]: dropped, ...rest } = event;
  return /** @type {HubEvent} */ (rest);
}

/** @param {HubEvent} effect */
function mentionsOf({ mentions }) {
  return mentions === undefined ? {} : { mentions };
}

/** @param {HubEvent} event @returns {HubEvent} */
function emptied(event) {
  const left = LEFT.filter((field) => event[field] !== undefined).map((field) => [field, event[field]]);
  return Object.fromEntries(left);
}
