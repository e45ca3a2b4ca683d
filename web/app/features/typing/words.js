import { nameList } from '../../ui/format.js';

/** Who is typing, in a line of the list. @param {string[]} names @param {boolean} direct */
export function typingText(names, direct) {
  if (direct) return 'typing…';
  return `${nameList(names)} ${names.length === 1 ? 'is' : 'are'} typing…`;
}
