import { h } from './dom.js';

/** Puts a text on the clipboard, also where a page over plain HTTP is given no clipboard. @param {string} text */
export async function copyText(text) {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'visually-hidden';
  // A modal dialog takes the focus from everything outside of it.
  (document.querySelector('dialog[open]') ?? document.body).append(field);
  const focused = document.activeElement;
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!copied) throw new Error('the browser does not let this page copy');
}

/** A button that copies a text and says so. @param {string} text */
export function copyButton(text) {
  const button = h('button', { type: 'button', class: 'link-button' }, 'Copy');
  button.addEventListener('click', () => {
    copyText(text).then(
      () => {
        button.textContent = 'Copied';
      },
      () => {
        button.textContent = 'Copying is not allowed: select the text';
      },
    );
  });
  return button;
}
