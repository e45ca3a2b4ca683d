// What a run measures, beside k6's own metrics. Times in milliseconds.

import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

/** From the sending of a text to its arrival at each recipient. */
export const endToEnd = new Trend('hubbub_end_to_end', true);
/** The same, at the sender's own connection: the whole pipeline and back. */
export const selfMessage = new Trend('hubbub_self_message', true);
/** From the sending of a reaction or an edit to its arrival at the sender's own connection. */
export const selfEffect = new Trend('hubbub_self_effect', true);
/** From a send to its ack. */
export const ackTime = new Trend('hubbub_ack', true);
/** From dialling to the welcome. */
export const joinTime = new Trend('hubbub_connect', true);
/** From losing a connection to the next welcome. */
export const reconnectTime = new Trend('hubbub_reconnect', true);
/** The share of its time in which a client was connected, one sample a client. */
export const uptimeShare = new Trend('hubbub_uptime');

/** Texts that arrived. */
export const received = new Counter('hubbub_received');
/** What was done in conversations. */
export const deeds = {
  text: new Counter('hubbub_did_text'),
  reaction: new Counter('hubbub_did_reaction'),
  edited: new Counter('hubbub_did_edited'),
  read: new Counter('hubbub_did_read'),
  typing: new Counter('hubbub_did_typing'),
};
/** Texts that were said in the place of what the hub does not know. */
export const insteadOf = {
  reaction: new Counter('hubbub_instead_of_reaction'),
  edited: new Counter('hubbub_instead_of_edited'),
};
/** Events that never came though later ones did, and ends of conversations that were not seen. */
export const lost = new Counter('hubbub_lost');
/** Events that came behind later ones of their group. */
export const outOfOrder = new Counter('hubbub_out_of_order');
/** Events that came again; allowed after a reconnect. */
export const repeated = new Counter('hubbub_repeated');
/** Events that the hub said it would not replay. */
export const gaps = new Counter('hubbub_gaps');
/** Connections that ended without being asked to, by close code. */
export const dropped = new Counter('hubbub_dropped_connections');
/** Requests and connections that were refused, by code. */
export const refused = new Counter('hubbub_refused');
/** Users who played their part to its end: a run that broke off halfway has shown nothing. */
export const finished = new Counter('hubbub_finished');
/** What ended a run from its own side, so that there is no verdict on the hub. */
export const faults = {
  tokens: new Counter('hubbub_fault_tokens'),
  refused: new Counter('hubbub_fault_refused'),
  machine: new Counter('hubbub_fault_machine'),
};
/** Runs that were broken off before all had played their part. */
export const brokenOff = new Counter('hubbub_broken_off');
/** Users connected from their joining until the end. */
export const held = new Counter('hubbub_held');

/** Sends that were answered as stored, after repeating where the hub asked for it. */
export const acked = new Rate('hubbub_acked');
/** Refusals with a code of the protocol. */
export const clearRefusals = new Rate('hubbub_clear_refusals');

/** The highest rate (messages a second) that one channel took within the bounds. */
export const channelCapacity = new Gauge('hubbub_channel_capacity');

const CODES = new Set([
  'bad_frame',
  'unauthorized',
  'forbidden',
  'not_found',
  'too_large',
  'conflict',
  'rate_limited',
  'overloaded',
  'unavailable',
  'unsupported',
  'internal',
]);

/** Counts a refusal, and whether its code says what to do. */
export function countRefusal(code) {
  refused.add(1, { code: `${code}` });
  clearRefusals.add(CODES.has(code));
}
