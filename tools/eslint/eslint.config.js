/**
 * Airbnb's rules, as eslint-config-airbnb-extended keeps them up to date. What is left out or changed has its reason
 * beside it.
 */
import { configs, plugins, rules as airbnb } from 'eslint-config-airbnb-extended';
import globals from 'globals';

/** The options that Airbnb gives a rule. @param {string} name */
function optionsOf(name) {
  const { rules } = Object.values(airbnb.base).find((group) => group.rules?.[name] !== undefined);
  return rules[name].slice(1);
}

/** What a rule restricts, but for one of them. @param {string} rule @param {string} allowed */
function without(rule, allowed) {
  return optionsOf(rule).filter((entry) => ![entry, entry.name, entry.selector].includes(allowed));
}

/** Of everything in web/ and loadtest/. */
const everywhere = {
  // As wide as rustfmt.toml has it. A sentence that people read stays whole, so that it can be found.
  '@stylistic/max-len': [
    'error',
    { code: 120, tabWidth: 2, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true },
  ],
  // Four short names fit a line as well as three do; where they do not, max-len says so.
  '@stylistic/object-curly-newline': ['error', { multiline: true, consistent: true }],
  // Fields stand together, as those of a struct do.
  '@stylistic/lines-between-class-members': ['error', 'always', { exceptAfterSingleLine: true }],
  // What is too long for one line goes on in the next, behind an arrow too.
  '@stylistic/implicit-arrow-linebreak': 'off',
  // A file begins with what it is for; the functions that help it stand below.
  'no-use-before-define': ['error', { functions: false, classes: false, variables: false }],
  // `for … of` needs no transpiler: browsers, Node and k6 have it. The rest of what Airbnb restricts stays restricted.
  'no-restricted-syntax': ['error', ...without('no-restricted-syntax', 'ForOfStatement')],
  // Browsers and Node look for no endings of their own.
  'import-x/extensions': ['error', 'ignorePackages'],
  // A thing has the same name wherever it is imported.
  'import-x/prefer-default-export': 'off',
  // A promise that nobody waits for is marked by it.
  'no-void': ['error', { allowAsStatement: true }],
  // Elements, requests and buffers are handed over to be changed. The parameter itself stays what it was.
  'no-param-reassign': ['error', { props: false }],
  // `return this.leave()` ends a function that returns nothing; tsc's noImplicitReturns sees to those that return
  // something.
  'consistent-return': 'off',
  // A writer and its reader, or a class and the error that it throws, belong together.
  'max-classes-per-file': ['error', 2],
  // Nothing here is a package that others install, so that all its dependencies are for development.
  'import-x/no-extraneous-dependencies': ['error', { devDependencies: true }],
};

/** The bytes of MessagePack and UTF-8, and a hash, are made of bits. */
const bits = { 'no-bitwise': 'off' };

/** Tests and load scripts. */
const scripted = {
  // One step follows on the other.
  'no-await-in-loop': 'off',
  // What is set up before all tests is set once, before any function made in a loop runs.
  'no-loop-func': 'off',
  // What stands in for something has its methods, needed or not.
  'class-methods-use-this': 'off',
};

/** The load scripts' tests use the hub that web/tests has for its own. */
const borrowed = { 'import-x/no-relative-packages': 'off' };

/** Programs for the terminal: what they tell is their output. */
const told = { 'no-console': 'off' };

/** What k6 gives its scripts: what Node and browsers share, and a few of its own. */
const K6 = {
  ...globals['shared-node-browser'],
  __ENV: 'readonly',
  __VU: 'readonly',
  __ITER: 'readonly',
  open: 'readonly',
};

/** Scripts for k6. */
const loads = {
  // k6's modules are inside k6; its stand-in is shown where ws is by a loader.
  'import-x/no-unresolved': ['error', { ...optionsOf('import-x/no-unresolved')[0], ignore: ['^k6($|/)', '^ws$'] }],
  // k6's `open` reads a file; it has no window.
  'no-restricted-globals': ['error', ...without('no-restricted-globals', 'open')],
  // k6 gave them these names.
  'no-underscore-dangle': ['error', { ...optionsOf('no-underscore-dangle')[0], allow: ['__ENV', '__VU', '__ITER'] }],
};

/** The operator's page is served from the root of its listener, with what it shares with the chat page. */
const served = {
  'import-x/no-absolute-path': 'off',
  'import-x/no-unresolved': ['error', { ...optionsOf('import-x/no-unresolved')[0], ignore: ['^/app/ui/'] }],
};

export default [
  // What is copied for packing is looked at where it comes from.
  { ignores: ['**/node_modules/', 'web/package/*.{js,ts}', 'web/package/client/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  plugins.stylistic,
  plugins.importX,
  ...configs.base.recommended,
  { files: ['**/*.js'], languageOptions: { parserOptions: { ecmaVersion: 2025 } }, rules: everywhere },
  { files: ['web/**'], languageOptions: { globals: globals.browser } },
  { files: ['web/operator/**'], rules: served },
  { files: ['web/msgpack.js', 'web/app/ui/format.js', 'loadtest/lib/{msgpack,utf8}.js'], rules: bits },
  { files: ['loadtest/**'], languageOptions: { globals: K6 }, rules: { ...loads, ...scripted } },
  { files: ['web/package/tools/**'], languageOptions: { globals: globals.node } },
  { files: ['web/tests/**', 'loadtest/tests/**'], languageOptions: { globals: globals.node }, rules: scripted },
  { files: ['web/tests/tools/**', 'loadtest/{*,lib/groups}.js', 'loadtest/tests/standin/**'], rules: told },
  { files: ['loadtest/tests/**'], rules: borrowed },
];
