import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, Process, scratch } from './process.js';

const TARGET = process.env.CARGO_TARGET_DIR
  ? `${process.env.CARGO_TARGET_DIR}/`
  : fileURLToPath(new URL('../../../target/', import.meta.url));

/** The hub under test: the one given, else whichever was built last. */
export function binary() {
  const given = process.env.HUBBUB_TEST_BINARY;
  const built = [given ?? '', `${TARGET}release/hubbub`, `${TARGET}debug/hubbub`].filter(
    (path) => path !== '' && existsSync(path),
  );
  if (built.length === 0) throw new Error('there is no hub to test: cargo build, or set HUBBUB_TEST_BINARY');
  return given ?? built.reduce((one, other) => (statSync(other).mtimeMs > statSync(one).mtimeMs ? other : one));
}

/**
 * Starts a node of the real hub and waits until it takes traffic.
 *
 * @param {string} name
 * @param {Record<string, string>} [settings] `HUBBUB_…`
 * @param {string} [internalHost] where the internal listener is bound
 */
export async function startNode(name, settings = {}, internalHost = '127.0.0.1') {
  const directory = scratch(name);
  const [port, internalPort] = [await freePort(), await freePort()];
  const [url, internal] = [port, internalPort].map((number) => `http://127.0.0.1:${number}`);
  const env = {
    HUBBUB_NODE: name,
    HUBBUB_LISTEN: `127.0.0.1:${port}`,
    HUBBUB_INTERNAL_LISTEN: `${internalHost}:${internalPort}`,
    HUBBUB_PUBLIC_URL: url,
    HUBBUB_DATA_DIR: `${directory}/data`,
    HUBBUB_JWT_SECRET: 'the secret of the browser tests, long enough for HS256',
    HUBBUB_LOG: 'info',
    ...settings,
  };
  const node = new Process(name, binary(), [], { directory, env });
  const ready = () => node.ready(async () => (await fetch(`${internal}/readyz`)).ok);
  await ready();
  return { url, internal, node, ready, env };
}

/**
 * A token from the command line, as the node with this environment takes it.
 *
 * @param {Record<string, string>} env
 * @param {...string} args of `hubbub token`
 */
export async function mintToken(env, ...args) {
  const { stdout } = await promisify(execFile)(binary(), ['token', ...args], { env });
  return stdout.trim();
}
