import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { binary } from './nodes.js';
import { scratch } from './process.js';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../../../scripts/cluster', import.meta.url));
const NODES = 3;
/** What `scripts/cluster` takes for its nodes and all that is beside them, counted from its first port. */
const PORTS = [0, 1, 2, 3, 7, 8, 10, 11, 20, 21];

/**
 * Three nodes of the real hub over a Redis and a MongoDB of their own, as `scripts/cluster` starts them.
 *
 * @typedef {import("./hubs.js").Hub & { internals: string[], kill: (index: number) => Promise<void> }} Cluster
 *   `internals` are where operators look, `kill` ends a node as SIGKILL does
 *
 * @returns {Promise<Cluster>}
 */
export async function startCluster() {
  const directory = scratch('cluster');
  const first = await freePorts();
  const given = process.env.HUBBUB_TEST_MONGODB_URL;
  const env = {
    ...process.env,
    HUBBUB_RUN_DIR: directory,
    HUBBUB_CLUSTER_PORT: String(first),
    HUBBUB_CLUSTER_BINARY: binary(),
    ...(given && { HUBBUB_MONGODB_URL: given }),
  };
  /** @param {...string} args */
  const cluster = (...args) => run(SCRIPT, args, { env });
  const stop = async () => {
    await cluster('down');
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await cluster('up');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    urls: Array.from({ length: NODES }, (_, index) => `http://127.0.0.1:${first + 10 * index}`),
    internals: Array.from({ length: NODES }, (_, index) => `http://127.0.0.1:${first + 10 * index + 1}`),
    kill: async (index) => {
      await cluster('kill', String(index + 1));
    },
    stop,
  };
}

/** The first of a row of ports that are all free, below those that outgoing connections are given. */
async function freePorts() {
  for (;;) {
    const first = 20_000 + 30 * Math.floor(Math.random() * 400);
    const taken = await Promise.all(PORTS.map((offset) => answers(first + offset)));
    if (!taken.includes(true)) return first;
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
