/** What the page asks of the node that serves it. */

const KEPT_AS = 'hubbub.service-token';

/** The node wants the service token, or another one. */
export class TokenNeeded extends Error {
  /** @param {boolean} refused whether one was given */
  constructor(refused) {
    super('this node wants its service token');
    this.refused = refused;
  }
}

/**
 * @typedef {object} Vitals counters of a node since its process began, and a few present numbers
 * @property {number} time when they were so, by the node's clock
 * @property {number} users
 * @property {number} pending_sends
 * @property {number} partitions
 * @property {number} lag
 * @property {number} pending
 * @property {number} accepted
 * @property {number} acked
 * @property {number} delivered
 * @property {Record<string, number>} rejected
 * @property {Record<string, number>} faults
 * @property {number[]} latency
 * @property {number[]} probe
 * @property {Record<string, number[]>} stages
 *
 * @typedef {object} Node
 * @property {string} node with its epoch
 * @property {string | null} public_url
 * @property {string | null} zone
 * @property {number} connections
 * @property {number} capacity
 * @property {boolean} draining
 * @property {string[]} roles
 * @property {string} version
 * @property {number} since
 * @property {Vitals} vitals
 *
 * @typedef {{ owner: string | null, length: number, pending: number, lag: number }} Partition
 *
 * @typedef {object} Cluster
 * @property {string} node the one that tells
 * @property {number} time
 * @property {string | null} not_ready
 * @property {string} group
 * @property {number[]} latency_edges in seconds
 * @property {Node[]} nodes
 * @property {Partition[] | null} partitions
 *
 * @typedef {{ time: number, nodes: Node[] }} Sample
 *
 * @typedef {{ snapshot: number | null, libraries: number, known: string[], not_counted: string[] }} Advisories
 *   `snapshot` is when the list of advisories was made; null where none was looked at
 */

/** Keeps the service token for as long as the tab is open. @param {string} token */
export const keepToken = (token) => sessionStorage.setItem(KEPT_AS, token);

/** @param {string} path @param {RequestInit} [init] */
async function ask(path, init = {}) {
  const headers = new Headers(init.headers);
  const token = sessionStorage.getItem(KEPT_AS);
  if (token) headers.set('authorization', `Bearer ${token}`);
  const answer = await fetch(path, { ...init, headers, cache: 'no-store' });
  if (answer.status === 401) throw new TokenNeeded(token !== null);
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.detail ?? problem.title ?? `${path} was answered with ${answer.status}`);
  }
  return answer;
}

/** @returns {Promise<Cluster>} */
export const cluster = async () => (await ask('/cluster')).json();

/** The last quarter of an hour. @returns {Promise<Sample[]>} */
export const history = async () => (await (await ask('/cluster/history')).json()).samples;

/** What was known of the libraries' vulnerabilities when the hub was built. @returns {Promise<Advisories>} */
export const advisories = async () => (await ask('/operator/advisories.json')).json();

/** Has a node hand over its sessions and end. @param {string} node @returns {Promise<void>} */
export async function drain(node) {
  await ask('/admin/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ order: 'drain', node }),
  });
}
