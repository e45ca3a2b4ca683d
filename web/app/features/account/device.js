/** What this browser calls itself to the hub, for each user of it: made at random once, and kept. */

import { newCid } from '../../../hubbub.js';

/** @param {string} user */
const keyOf = (user) => `hubbub.device.${user}`;

/**
 * The name of this browser as a device of a user. In tabs that begin at once the first to keep its name wins.
 *
 * @param {string} user
 * @returns {string | undefined} none where the browser keeps nothing: each page would be another device
 */
export function deviceOf(user) {
  const key = keyOf(user);
  try {
    if (localStorage.getItem(key) === null) localStorage.setItem(key, `web-${newCid()}`);
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}
