import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The rules for who may import whom among the page's files; docs of types count as imports do.
 *
 * @typedef {Map<string, string>} Sources a file's path below `app/` → its text
 */

/** Each may import those before it. */
const ROOMS = ['ui', 'storage', 'features', 'shell'];
/** Who imports this makes elements: it is a view. */
const ELEMENTS = 'ui/dom.js';

/** An import, an export from elsewhere, an import at run time or in the docs of a type. */
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)(["'])(\.{1,2}\/[^"']+|\/[^"']+)\1/g;

/** @param {string} folder @returns {Sources} */
export function readSources(folder) {
  const names = /** @type {string[]} */ (readdirSync(folder, { recursive: true })).filter((name) =>
    name.endsWith('.js'));
  return new Map(names.map((name) => [name.split(path.sep).join('/'), readFileSync(path.join(folder, name), 'utf8')]));
}

/**
 * What a file imports, by the paths below `app/`; what is outside of it begins with `..`.
 *
 * @param {string} file
 * @param {string} source
 */
function importsOf(file, source) {
  const absolute = (/** @type {string} */ name) => path.posix.relative('/app', name);
  const relative = (/** @type {string} */ name) => path.posix.join(path.posix.dirname(file), name);
  return [...source.matchAll(IMPORT)].map(([, , name]) => (name.startsWith('/') ? absolute(name) : relative(name)));
}

const roomOf = (/** @type {string} */ file) => file.split('/')[0];
const featureOf = (/** @type {string} */ file) => (roomOf(file) === 'features' ? file.split('/')[1] : undefined);

/** What breaks the rules, in words. @param {Sources} sources @returns {string[]} */
export function breaches(sources) {
  const imports = new Map([...sources].map(([file, source]) => [file, importsOf(file, source)]));
  const isView = (/** @type {string} */ file) => imports.get(file)?.includes(ELEMENTS) ?? false;
  const found = [...sources.keys()]
    .filter((file) => !ROOMS.includes(roomOf(file)))
    .map((file) => `${file} is in no room`);
  for (const [file, names] of imports) {
    for (const name of names.filter((each) => !each.startsWith('..'))) {
      if (!sources.has(name)) found.push(`${file} imports ${name}, which is not there`);
      if (ROOMS.indexOf(roomOf(name)) > ROOMS.indexOf(roomOf(file))) {
        found.push(`${file} imports ${name}, which is above it`);
      }
      const isForeign = ![featureOf(file), undefined].includes(featureOf(name)) && featureOf(file) !== undefined;
      if (isForeign && isView(name)) found.push(`${file} imports ${name}, a view of another feature`);
    }
  }
  return [...found, ...circles(imports)];
}

/** @param {Map<string, string[]>} imports @returns {string[]} */
function circles(imports) {
  /** @type {string[]} */
  const found = [];
  const done = new Set();
  const visit = (/** @type {string} */ file, /** @type {string[]} */ way) => {
    if (way.includes(file)) found.push(`a circle: ${[...way.slice(way.indexOf(file)), file].join(' → ')}`);
    else if (!done.has(file)) for (const name of imports.get(file) ?? []) visit(name, [...way, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}
