import { openDialog } from '../../ui/dialog.js';
import { h } from '../../ui/dom.js';

/**
 * Asks whether a message is really to go.
 *
 * @param {() => Promise<unknown>} remove what it throws is shown
 * @param {() => void} onClose once nothing has the focus any more
 */
export function askToRemove(remove, onClose) {
  openDialog({
    title: 'Delete this message?',
    content: [h('p', {}, 'It will be gone for everybody, and cannot be brought back.')],
    action: 'Delete',
    dangerous: true,
    onSubmit: async () => {
      await remove();
    },
    onClose: () => document.activeElement === document.body && onClose(),
  });
}
