import { h } from '../../ui/dom.js';
import { toGroup, toList } from '../../ui/route.js';

/**
 * What a link to a group shows that one is not in: a way to join it.
 *
 * @param {Pick<import("../../../hubbub.js").Hubbub, "join">} hub
 * @param {{ id: string, title: string | undefined, unsent: HTMLElement }} group `title`: what it was called while one
 *   was in it
 */
export function joinOffer(hub, { id, title, unsent }) {
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const join = async () => {
    try {
      await hub.join(id);
      toGroup(id);
    } catch (error) {
      problem.textContent = `That did not work: ${/** @type {Error} */ (error).message}`;
      problem.hidden = false;
    }
  };
  return h(
    'div',
    { class: 'blank' },
    h('h2', {}, title === undefined ? 'You are not in this group' : `You are not in “${title}” any more`),
    h('p', {}, 'If it is open to everybody, you can join it.'),
    problem,
    unsent,
    h(
      'div',
      { class: 'blank-actions' },
      h('button', { type: 'button', class: 'button button-main', onclick: join }, 'Join'),
      h('button', { type: 'button', class: 'button', onclick: toList }, 'Back to the list'),
    ),
  );
}
