/** Removes what was put together for packing. */
import { rmSync } from 'node:fs';
import { MADE, PACKAGE, SOURCES } from './parts.js';

for (const name of [...SOURCES, ...MADE, 'LICENSE']) {
  rmSync(new URL(name, PACKAGE), { recursive: true, force: true });
}
