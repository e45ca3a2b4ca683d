import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE_MS = 60_000;
const POLL_MS = 20;
const SHOWN_LOG_LINES = 30;

/** A port that nobody listens on now. @returns {Promise<number>} */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** A directory of its own under the system's temporary one. @param {string} name */
export const scratch = (name) => mkdtempSync(join(tmpdir(), `hubbub-${name}-`));

/** A server that a test runs, with what it says kept in a file beside its data. */
export class Process {
  #start;
  #child;
  #name;
  #log;
  #directory;
  #ended;

  /**
   * @param {string} name
   * @param {string} command
   * @param {string[]} args
   * @param {{ directory: string, env?: Record<string, string> }} options
   */
  constructor(name, command, args, { directory, env = {} }) {
    this.#name = name;
    this.#directory = directory;
    this.#log = join(directory, 'log');
    // What the developer's own shell sets must not reach the process.
    const outer = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('HUBBUB_')));
    this.#start = () =>
      spawn(command, args, { cwd: directory, env: { ...outer, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = this.#start();
    this.#ended = this.#follow();
  }

  /** Starts it again as it was, with the data that it left. */
  startAgain() {
    this.#child = this.#start();
    this.#ended = this.#follow();
  }

  #follow() {
    const child = this.#child;
    const log = createWriteStream(this.#log, { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    return new Promise((resolve) => {
      child.on('error', resolve);
      child.on('exit', resolve);
    });
  }

  /**
   * Waits until the check passes; else ends the process and fails with the end of its log.
   *
   * @param {() => Promise<boolean>} check
   */
  async ready(check) {
    let over = false;
    void this.#ended.then(() => {
      over = true;
    });
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !over;) {
      if (await check().catch(() => false)) return;
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS);
      });
    }
    const log = await readFile(this.#log, 'utf8').catch(() => '');
    await this.remove();
    throw new Error(
      `${this.#name} ${over ? 'ended' : 'is not ready'}:\n${log.split('\n').slice(-SHOWN_LOG_LINES).join('\n')}`,
    );
  }

  /** SIGTERM, and waits until it has ended by itself. */
  async terminate() {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  /** Waits until it has ended by itself. */
  async ended() {
    await this.#ended;
  }

  /** SIGKILL; its data stays. */
  async kill() {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** SIGKILL, and its data goes. */
  async remove() {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
