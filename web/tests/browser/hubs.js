import { FakeNode } from "../fake/server.js";
import { World } from "../fake/world.js";

/**
 * The hubs that the browser tests run against.
 *
 * @typedef {object} Hub
 * @property {string[]} urls of its nodes
 * @property {(index: number) => Promise<void>} kill ends a node without a word
 * @property {() => Promise<void>} stop
 */

/**
 * The fake hub with `HUBBUB_TEST_FAKE=1`.
 *
 * @param {number} count nodes
 * @returns {Promise<Hub>}
 */
export async function startHub(count) {
  return fakeHub(count);
}

/** @param {number} count nodes @returns {Promise<Hub & { nodes: FakeNode[] }>} */
export async function fakeHub(count) {
  const world = new World();
  const nodes = await Promise.all(Array.from({ length: count }, (_, index) => new FakeNode(world, `n${index + 1}`).start()));
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    kill: (index) => nodes[index].kill(),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.kill().catch(() => {})));
      if (world.breaches.length > 0) throw new Error(`the page broke the protocol: ${world.breaches.join("; ")}`);
    },
  };
}
