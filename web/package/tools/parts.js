/** What the package takes over from where hubs serve it, and where it is. */
export const PACKAGE = new URL('../', import.meta.url);
export const WEB = new URL('../../', import.meta.url);

/** Files and folders below `web/`. */
export const SOURCES = ['hubbub.js', 'msgpack.js', 'client'];
/** What is made of them, beside them. */
export const MADE = ['hubbub.d.ts', 'msgpack.d.ts'];
