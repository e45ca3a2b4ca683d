import WebSocket from 'ws';
import { Hubbub } from '../../hubbub.js';
import { FakeNode } from '../fake/server.js';
import { mintToken } from '../fake/tokens.js';

/** Short enough that nothing is waited for, long enough that nothing runs out on a busy machine. */
export const TIMING = { backoffMin: 4, backoffMax: 40, tick: 5, deliveredEvery: 5, stableAfter: 0 };

/**
 * Resolves when the condition holds; fails with `what` after half a minute.
 *
 * @param {() => any} condition
 * @param {string} what
 */
export async function until(condition, what) {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const value = condition();
    if (value) return value;
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
  throw new Error(`still not so: ${what}`);
}

/**
 * A fake node, and clients of it that are closed with the test.
 *
 * @param {import("node:test").TestContext} test
 */
export async function fixture(test) {
  const node = await new FakeNode().start();
  /** @type {Hubbub[]} */
  const clients = [];
  test.after(async () => {
    for (const client of clients) client.close();
    await node.kill();
  });

  /** @param {string} user @param {Partial<import("../../hubbub.js").Options>} [options] */
  const client = (user, { timing, ...options } = {}) => {
    const token = options.ticket ? undefined : mintToken(user);
    const hub = new Hubbub({ url: node.url, token, WebSocket, timing: { ...TIMING, ...timing }, ...options });
    clients.push(hub);
    return hub;
  };
  return { node, world: node.world, client };
}

/** Keeps what a client tells. @param {Hubbub} hub */
export function recorded(hub) {
  /** @type {{ messages: any[], gaps: any[], states: any[], errors: any[], byes: any[], groups: any[] }} */
  const log = { messages: [], gaps: [], states: [], errors: [], byes: [], groups: [] };
  hub.on('message', (message) => log.messages.push(message));
  hub.on('gap', (gap) => log.gaps.push(gap));
  hub.on('state', (change) => log.states.push(change));
  hub.on('error', (error) => log.errors.push(error));
  hub.on('bye', (bye) => log.byes.push(bye));
  hub.on('group', (group) => log.groups.push(group));
  return log;
}
