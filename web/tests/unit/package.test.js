import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const WEB = fileURLToPath(new URL('../../', import.meta.url));
const TSC = path.join(WEB, 'tests/node_modules/typescript/bin/tsc');
const run = promisify(execFile);

const RIGHT = `
import { Accounts, Hubbub, HubbubError, Timeline, TokenKeeper, newCid } from 'hubbub-client';
import type { Ack, HubEvent, Options, Reaction } from 'hubbub-client';

const options: Options = { url: 'https://hub.example', token: async () => 'jwt', timing: { tick: 5 } };
const hub = new Hubbub(options);
hub.on('message', (event) => console.log(event.seq.toFixed(), event.deleted?.by));
hub.on('gap', ({ reason }) => reason === 'too_many');
const stored: Promise<Ack> = hub.react('g', 5, '👍');
const gone: Promise<void> = hub.remove('g', ['bo']);
const deleted: Promise<Ack> = hub.remove('g', 5);
const chat: Timeline = hub.timeline('g');
chat.on('changed', (events: readonly HubEvent[]) => events.flatMap(({ reactions = [] }): Reaction[] => reactions));
const code = (error: unknown) => (error instanceof HubbubError ? error.code : undefined);
export { Accounts, TokenKeeper, chat, code, deleted, gone, newCid, stored };
`;

/** Each line is wrong by itself. */
const WRONG = [
  'hub.react(5, 5, "x");',
  'hub.on("nothing", () => {});',
  'hub.emit("message", undefined);',
  'hub.timeline("g").events.push();',
  'hub.remove("g", "bo");',
  'new Hubbub({});',
];

/** @type {string} */
let folder;
/** @type {string[]} */
let packed;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hubbub-client-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder, path.join(WEB, 'package')]);
  const [{ filename, files }] = JSON.parse(stdout);
  packed = files.map((/** @type {{ path: string }} */ file) => file.path);
  await writeFile(path.join(folder, 'package.json'), '{"type": "module", "private": true}');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', path.join(folder, filename)], { cwd: folder });
});

after(() => rm(folder, { recursive: true, force: true }));

test('the package holds what hubs serve of the module, declared, and nothing else', async () => {
  const served = [...await readdir(path.join(WEB, 'client'))].map((name) => `client/${name}`);
  const modules = ['hubbub.js', 'msgpack.js', ...served];
  const declarations = modules.map((name) => name.replace(/js$/, 'd.ts'));
  assert.deepEqual(packed.sort(), ['LICENSE', 'README.md', 'package.json', ...modules, ...declarations].sort());
  for (const name of modules) {
    const installed = await readFile(path.join(folder, 'node_modules/hubbub-client', name), 'utf8');
    assert.equal(installed, await readFile(path.join(WEB, name), 'utf8'), name);
  }
});

test('it has the version of the hub, and depends on nothing', async () => {
  const { version, dependencies } = JSON.parse(await readFile(path.join(WEB, 'package/package.json'), 'utf8'));
  const [, hub] = /^version = "(.*)"$/m.exec(await readFile(path.join(WEB, '../Cargo.toml'), 'utf8')) ?? [];
  assert.deepEqual([version, dependencies], [hub, undefined]);
});

test('nothing of the packing is left behind', async () => {
  assert.deepEqual((await readdir(path.join(WEB, 'package'))).sort(), ['README.md', 'package.json', 'tools']);
});

test('Node imports it by its name', async () => {
  const names = "console.log(Object.keys(await import('hubbub-client')).sort().join(' '))";
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', names], { cwd: folder });
  assert.equal(stdout.trim(), 'Accounts Hubbub HubbubError Timeline TokenKeeper newCid');
});

test('TypeScript takes what is right, and nothing that is wrong', async () => {
  await mkdir(path.join(folder, 'src'));
  const expected = WRONG.map((line) => `// @ts-expect-error\n${line}`).join('\n');
  await writeFile(path.join(folder, 'src/use.ts'), `${RIGHT}\n${expected}\n`);
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom'];
  const files = ['--types', '', 'src/use.ts'];
  const told = await run(process.execPath, [TSC, ...options, ...files], { cwd: folder }).catch((error) => error);
  assert.equal(told.stdout, '');
});
