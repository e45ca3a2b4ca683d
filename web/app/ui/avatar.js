import { h } from './dom.js';
import { initials, tint } from './format.js';

/**
 * The round or square sign of a person or a group, for the eye alone: the name stands beside it.
 *
 * @param {string} id
 * @param {string} name
 * @param {{ square?: boolean, size?: "small" | "large", online?: boolean }} [options]
 */
export function avatar(id, name, { square, size, online } = {}) {
  const classes = ['avatar', `tint-${tint(id)}`, square && 'avatar-square', size && `avatar-${size}`]
    .filter(Boolean)
    .join(' ');
  return h(
    'span',
    { class: classes, 'aria-hidden': 'true' },
    initials(name),
    online && h('span', { class: 'online-dot' }),
  );
}
