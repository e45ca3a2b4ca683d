import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MongoClient } from "mongodb";
import { freePort, Process, scratch } from "./process.js";

const run = promisify(execFile);
const FERRETDB = fileURLToPath(new URL("../../../target/tools/ferretdb", import.meta.url));
const ALREADY_INITIALIZED = 23;
const WAYS = `No MongoDB can be had here. One of these four will do:
  - HUBBUB_TEST_MONGODB_URL: the URL of one that may be used for tests
  - mongod (MongoDB 6 or newer) on the PATH
  - a running Docker, for its mongo image
  - FerretDB as a stand-in: scripts/build-tool ferretdb builds it, with Go 1.21 or newer`;

/**
 * A MongoDB with an empty database, from wherever one can be had.
 *
 * @typedef {{ url: string, stop: () => Promise<void> }} MongoDb
 * @returns {Promise<MongoDb>}
 */
export async function startMongoDb() {
  const given = process.env.HUBBUB_TEST_MONGODB_URL;
  if (given) return emptyDatabaseOf(given);
  if (await succeeds("mongod", "--version")) return startMongod();
  if (await succeeds("docker", "info")) return startContainer();
  if (existsSync(FERRETDB)) return startFerretDb();
  throw new Error(WAYS);
}

/** @param {string} command @param {string} argument */
const succeeds = (command, argument) => run(command, [argument]).then(() => true, () => false);

/** @param {string} given @returns {Promise<MongoDb>} */
async function emptyDatabaseOf(given) {
  const database = `hubbub_browser_${Date.now()}`;
  const url = new URL(given);
  if (url.username && !url.searchParams.has("authSource")) url.searchParams.set("authSource", url.pathname.slice(1) || "admin");
  url.pathname = database;
  const stop = () => withClient(url.href, (client) => client.db(database).dropDatabase());
  return { url: url.href, stop: async () => void (await stop()) };
}

/** @returns {Promise<MongoDb>} */
async function startMongod() {
  const [port, directory] = [await freePort(), scratch("mongod")];
  const server = new Process("mongod", "mongod", ["--replSet", "rs0", "--bind_ip", "127.0.0.1", "--port", `${port}`, "--dbpath", directory], { directory });
  await server.ready(() => takesWrites(port));
  return { url: replicaSetUrl(port), stop: () => server.remove() };
}

/** @returns {Promise<MongoDb>} */
async function startContainer() {
  const port = await freePort();
  const name = `hubbub-browser-${port}`;
  const directory = scratch("docker");
  const args = ["run", "--rm", "--name", name, "--network", "host", "mongo:7", "--replSet", "rs0", "--bind_ip", "127.0.0.1", "--port", `${port}`];
  const server = new Process("docker", "docker", args, { directory });
  await server.ready(() => takesWrites(port));
  const stop = async () => {
    await run("docker", ["rm", "--force", "--volumes", name]);
    await server.remove();
  };
  return { url: replicaSetUrl(port), stop };
}

/** @returns {Promise<MongoDb>} */
async function startFerretDb() {
  const [port, directory] = [await freePort(), scratch("ferretdb")];
  const server = new Process("ferretdb", FERRETDB, ["-listen", `127.0.0.1:${port}`, "-dir", `${directory}/data`], { directory });
  const url = `mongodb://127.0.0.1:${port}/hubbub`;
  await server.ready(() => withClient(url, async (client) => (await client.db("admin").command({ ping: 1 })).ok === 1));
  return { url, stop: () => server.remove() };
}

/** @param {number} port */
const replicaSetUrl = (port) => `mongodb://127.0.0.1:${port}/hubbub?replicaSet=rs0`;

/** Makes the server a replica set of its own if it is none yet; whether it is its primary. @param {number} port */
function takesWrites(port) {
  return withClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, async (client) => {
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    await client.db("admin").command({ replSetInitiate: { _id: "rs0", members } }).catch((error) => {
      if (error.code !== ALREADY_INITIALIZED) throw error;
    });
    return (await client.db("admin").command({ hello: 1 })).isWritablePrimary === true;
  });
}

/** @template Result @param {string} url @param {(client: MongoClient) => Promise<Result>} use */
async function withClient(url, use) {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 2000 });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
