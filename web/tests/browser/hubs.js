import WebSocket from 'ws';
import { Accounts, Hubbub } from '../../hubbub.js';
import { FakeNode } from '../fake/server.js';
import { World } from '../fake/world.js';
import { startNode } from './nodes.js';
import { fresh, PASSWORD } from './person.js';

/**
 * The hubs that the browser tests run against.
 *
 * @typedef {object} Hub
 * @property {string[]} urls of its nodes
 * @property {() => Promise<void>} stop
 */

/**
 * A hub of one node: the one given by `HUBBUB_TEST_URLS`, else a real one of its own; the fake one where
 * `HUBBUB_TEST_FAKE` is set, to work on the page without building a hub.
 *
 * @returns {Promise<Hub>}
 */
export async function startHub() {
  const given = process.env.HUBBUB_TEST_URLS?.split(',');
  if (given) return { urls: given, stop: async () => {} };
  if (process.env.HUBBUB_TEST_FAKE) return fakeHub(1);
  const { url, node } = await startNode('browser');
  return { urls: [url], stop: () => node.remove() };
}

/** What people do with messages, as hubs name it. */
const TALK = ['reaction', 'edited', 'deleted', 'pinned'].map((kind) => `kind:${kind}`);

/** The same, if it knows what people do with messages; else the fake one, which does. @returns {Promise<Hub>} */
export async function startTalkingHub() {
  const hub = await startHub();
  const features = await featuresOf(hub.urls[0]);
  if (TALK.every((name) => features.includes(name))) return hub;
  await hub.stop();
  const fake = await fakeHub(1);
  teach(fake.nodes[0].world);
  return fake;
}

/** Has a fake hub know what people do with messages. @param {World} world */
export function teach(world) {
  world.changeFeatures([...world.features, ...TALK]);
}

/** What a hub can do. @param {string} url */
async function featuresOf(url) {
  const { token } = await new Accounts(url).register({ username: fresh('asks'), password: PASSWORD });
  const client = new Hubbub({ url, token, WebSocket });
  const { features } = await client.connect();
  client.close();
  return features;
}

/** @param {number} count nodes @returns {Promise<Hub & { nodes: FakeNode[] }>} */
export async function fakeHub(count) {
  const world = new World();
  const nodes = await Promise.all(
    Array.from({ length: count }, (_, index) => new FakeNode(world, `n${index + 1}`).start()),
  );
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.kill().catch(() => {})));
      if (world.breaches.length > 0) throw new Error(`the page broke the protocol: ${world.breaches.join('; ')}`);
    },
  };
}
