/**
 * Puts together what is packed: the files that hubs serve, and declarations made of their JSDoc. `npm pack` runs it
 * before, and `clear.js` after.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PACKAGE, SOURCES, WEB } from './parts.js';
// What a packing that failed has left is not to be built upon.
import './clear.js';

const TSC = fileURLToPath(new URL('tests/node_modules/typescript/bin/tsc', WEB));
const OPTIONS = [
  ...['--declaration', '--emitDeclarationOnly', '--allowJs', '--checkJs', '--strict', '--skipLibCheck'],
  ...['--target', 'es2022', '--module', 'nodenext', '--lib', 'es2023,dom,dom.iterable', '--types', ''],
];

if (!existsSync(TSC)) {
  throw new Error('The declarations are made by TypeScript: run npm ci in web/tests first.');
}
for (const name of SOURCES) cpSync(new URL(name, WEB), new URL(name, PACKAGE), { recursive: true });
cpSync(new URL('../LICENSE', WEB), new URL('LICENSE', PACKAGE));
// What npm prints is read by others: what is told here goes beside it.
const stdio = /** @type {const} */ (['ignore', 2, 2]);
execFileSync(process.execPath, [TSC, ...OPTIONS, 'hubbub.js'], { cwd: fileURLToPath(PACKAGE), stdio: [...stdio] });
