import { h, iconButton } from './dom.js';

/**
 * Opens a modal dialog with a form. The browser keeps the focus inside and gives it back; Escape closes it.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {(Node | string)[]} options.content
 * @param {string} options.action what the main button says
 * @param {boolean} [options.dangerous]
 * @param {() => Promise<void> | void} options.onSubmit the dialog closes when it is done; what it throws is shown
 * @param {() => void} [options.onClose] once it is gone
 */
export function openDialog({ title, content, action, dangerous = false, onSubmit, onClose = () => {} }) {
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const submit = h('button', { class: dangerous ? 'button button-danger' : 'button button-main' }, action);
  const form = h(
    'form',
    { method: 'dialog' },
    h(
      'header',
      { class: 'dialog-head' },
      h('h2', { id: 'dialog-title' }, title),
      iconButton('close', 'Close', { onclick: () => dialog.close() }),
    ),
    ...content,
    problem,
    h(
      'footer',
      { class: 'dialog-foot' },
      h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Cancel'),
      submit,
    ),
  );
  const dialog = h(
    'dialog',
    {
      class: 'dialog',
      'aria-labelledby': 'dialog-title',
      onclose: () => {
        dialog.remove();
        onClose();
      },
    },
    form,
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    problem.hidden = true;
    try {
      await onSubmit();
      dialog.close();
    } catch (error) {
      problem.textContent = /** @type {Error} */ (error).message;
      problem.hidden = false;
    } finally {
      submit.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
}
