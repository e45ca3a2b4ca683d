import { openDialog } from '/app/ui/dialog.js';
import { h } from '/app/ui/dom.js';
import { drain } from './api.js';
import { whole } from './format.js';
import { base } from './series.js';

/**
 * The second thought before a node is drained.
 *
 * @typedef {import("./api.js").Cluster} Cluster
 * @typedef {import("./api.js").Node} Node
 */

/** What the open dialog says, and of which node. @type {{ node: string, text: HTMLElement } | null} */
let asking = null;

/** The nodes that were drained from this page. @type {Set<string>} */
export const ordered = new Set();

/** @param {Cluster} cluster @param {Node} node */
export function confirmDrain(cluster, node) {
  const text = h('p', {}, consequence(cluster, node.node));
  asking = { node: node.node, text };
  openDialog({
    title: `Drain ${base(node.node)}?`,
    content: [text],
    action: 'Drain this node',
    dangerous: true,
    onSubmit: () => order(node.node),
  });
}

/** @param {string} node */
async function order(node) {
  await drain(node);
  ordered.add(node);
}

/** People come and go while somebody thinks. @param {Cluster} cluster */
export function keepAsking(cluster) {
  if (asking === null) return;
  const now = consequence(cluster, asking.node);
  if (!asking.text.isConnected) asking = null;
  else if (asking.text.textContent !== now) asking.text.textContent = now;
}

/** @param {Cluster} cluster @param {string} name */
function consequence({ nodes }, name) {
  const node = nodes.find((one) => one.node === name);
  if (node === undefined) return 'This node is not there any more.';
  const left = nodes.filter((other) => other.node !== name && !other.draining);
  const others = left.filter(({ roles }) => roles.includes('clients')).length;
  const to = others === 0
    ? 'There is no other node: they wait until one is back.'
    : `They go to the other ${others === 1 ? 'node' : `${others} nodes`}, and resume without a loss.`;
  const stored = left.length === 0 || left.some(({ roles }) => roles.includes('owner'))
    ? ''
    : 'No other node is an owner: what is sent is refused until one is there. ';
  const who = node.connections === 1 ? '1 session is' : `${whole(node.connections)} sessions are`;
  return `${who} sent away. ${to} ${stored}Then the process ends; what supervises it may start it again.`;
}
