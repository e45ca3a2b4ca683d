import { connect } from "node:net";
import { startMongoDb } from "./mongodb.js";
import { startNode } from "./nodes.js";
import { freePort, Process, scratch } from "./process.js";

/**
 * Nodes of the real hub over a Redis and a MongoDB of their own.
 *
 * @typedef {import("./hubs.js").Hub & { kill: (index: number) => Promise<void> }} Cluster `kill` ends a node as SIGKILL does
 *
 * @param {number} count nodes
 * @returns {Promise<Cluster>}
 */
export async function startCluster(count) {
  /** @type {(() => Promise<void>)[]} */
  const endings = [];
  const stop = async () => {
    for (const ending of endings.reverse()) await ending();
  };
  try {
    const redis = await startRedis();
    endings.push(redis.stop);
    const mongodb = await startMongoDb();
    endings.push(mongodb.stop);
    const settings = { HUBBUB_REDIS_URL: redis.url, HUBBUB_MONGODB_URL: mongodb.url };
    /** @type {{ url: string, node: Process }[]} */
    const nodes = [];
    for (let number = 1; number <= count; number += 1) {
      const started = await startNode(`n${number}`, settings);
      endings.push(() => started.node.remove());
      nodes.push(started);
    }
    return { urls: nodes.map(({ url }) => url), kill: (index) => nodes[index].node.kill(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startRedis() {
  const [port, directory] = [await freePort(), scratch("redis")];
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "yes", "--maxmemory-policy", "noeviction"];
  const server = new Process("redis-server", "redis-server", args, { directory });
  await server.ready(() => accepts(port));
  return { url: `redis://127.0.0.1:${port}`, stop: () => server.remove() };
}

/** @param {number} port @returns {Promise<boolean>} */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
