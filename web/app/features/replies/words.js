import { excerpt } from '../../ui/format.js';
import { DELETED, noteOf } from '../groups/events.js';

/**
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 * @typedef {{ name: string, text: string }} Quote `name` is empty where there is nobody to name
 */

/**
 * What is said of a message that another one replies to.
 *
 * @param {HubEvent | null | undefined} event null: it is not there any more; undefined: not known yet
 * @param {string} me
 * @param {(id: string) => string} nameOf
 * @returns {Quote}
 */
export function quoteOf(event, me, nameOf) {
  if (event === undefined) return { name: '', text: '…' };
  if (event === null) return { name: '', text: 'A message that is no longer there' };
  const name = event.from === me ? 'You' : nameOf(event.from);
  if (event.deleted) return { name, text: DELETED };
  return event.kind === 'text' ? { name, text: excerpt(event.text ?? '') } : { name: '', text: noteOf(event, me, nameOf) };
}
