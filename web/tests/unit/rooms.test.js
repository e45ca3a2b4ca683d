import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { breaches, readSources } from './imports.js';

const DOM = 'import { h } from "../../ui/dom.js";';

/** @param {Record<string, string>} files */
const planted = (files) => breaches(new Map(Object.entries({ 'ui/dom.js': '', 'features/a/store.js': '', ...files })));

test("the page's files keep to their rooms", () => {
  const sources = readSources(fileURLToPath(new URL('../../app', import.meta.url)));
  assert.ok(sources.size > 40, 'the files are found');
  assert.deepEqual(breaches(sources), []);
});

test('a breach of each rule is seen', () => {
  assert.deepEqual(
    planted({
      'features/b/store.js': 'import { A } from "../a/store.js";',
      'shell/main.js': 'import { A } from "../features/a/store.js";',
    }),
    [],
  );
  assert.deepEqual(planted({ 'main.js': '' }), ['main.js is in no room']);
  assert.deepEqual(planted({ 'shell/main.js': 'import "./away.js";' }), [
    'shell/main.js imports shell/away.js, which is not there',
  ]);
  assert.deepEqual(planted({ 'ui/list.js': 'export { A } from "../features/a/store.js";' }), [
    'ui/list.js imports features/a/store.js, which is above it',
  ]);
  assert.deepEqual(planted({ 'shell/main.js': '', 'features/b/store.js': 'await import("/app/shell/main.js");' }), [
    'features/b/store.js imports shell/main.js, which is above it',
  ]);
  assert.deepEqual(planted({ 'storage/safe.js': '/** @param {import("../features/a/store.js").A} a */' }), [
    'storage/safe.js imports features/a/store.js, which is above it',
  ]);
});

test("a view is known by what it imports, and is its own feature's", () => {
  const files = { 'features/a/menu.js': DOM, 'features/a/view.js': `${DOM} import { Menu } from "./menu.js";` };
  assert.deepEqual(planted({ ...files, 'shell/main.js': 'import { A } from "../features/a/view.js";' }), []);
  assert.deepEqual(planted({ ...files, 'features/b/view.js': 'import { Menu } from "../a/menu.js";' }), [
    'features/b/view.js imports features/a/menu.js, a view of another feature',
  ]);
});

test('a circle is seen, over several files and over the docs of types', () => {
  const files = {
    'features/b/store.js': 'import "../c/store.js";',
    'features/c/store.js': '/** @typedef {import("../d/store.js").D} D */',
    'features/d/store.js': "import { B } from '../b/store.js';",
  };
  assert.deepEqual(planted(files), [
    'a circle: features/b/store.js → features/c/store.js → features/d/store.js → features/b/store.js',
  ]);
});
