import { FakeNode } from '../fake/server.js';
import { World } from '../fake/world.js';
import { startNode } from './nodes.js';

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
