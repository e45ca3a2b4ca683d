import { h } from '../../ui/dom.js';

const TEXT = 'This browser keeps nothing for this page: what you write is lost when you close it before it is sent.';

/** Says so where nothing that is written outlives the page. @param {import("../../storage/safe.js").Safe} safe */
export function volatileNote(safe) {
  const note = h('p', { class: 'volatile', role: 'status', hidden: safe.durable }, TEXT);
  safe.on('durable', (durable) => {
    note.hidden = durable;
  });
  return note;
}
