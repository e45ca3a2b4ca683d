/**
 * What faults mean, and what to do. A `repair` is the hub at work on what went wrong elsewhere: no promise is broken
 * by it.
 *
 * @typedef {{ name: string, grade: "fault" | "repair", meaning: string }} Meaning
 */

/** @type {Record<string, Meaning>} */
const MEANINGS = {
  backplane_error: {
    name: 'Redis did not answer',
    grade: 'fault',
    meaning:
      'Sends wait, then get `unavailable`; nothing that was acked is lost. Look at Redis: alive, memory, latency, network.',
  },
  store_error: {
    name: 'The store did not answer',
    grade: 'fault',
    meaning:
      'Nothing is acked until it does; clients repeat their sends. Look at MongoDB (or the disk of the embedded store).',
  },
  probe_lost: {
    name: "A node's message to itself was lost",
    grade: 'fault',
    meaning:
      "It did not come back in time, so users' messages do not either. Look at the stages and at the partition's lag.",
  },
  lease_lost: {
    name: "The node's lease had ended",
    grade: 'fault',
    meaning:
      'The node was paused, starved or cut off from Redis for 8 s, or Redis came back empty. It registered again; its clients stayed.',
  },
  node_reaped: {
    name: 'A dead node was cleared away',
    grade: 'fault',
    meaning: 'Its process died or was cut off. Its clients have gone to other nodes, and resume. Find out why it died.',
  },
  node_gone: {
    name: 'The node is gone',
    grade: 'fault',
    meaning: 'No drain was seen: it was killed, crashed, or cut off. Others take its partitions within seconds.',
  },
  node_restarted: {
    name: 'The node ended and came back',
    grade: 'fault',
    meaning:
      'Back within a minute, and no drain was seen: it crashed, was killed, or was restarted in a hurry. Meanwhile others had its partitions.',
  },
  node_left: {
    name: 'The node has drained and left',
    grade: 'repair',
    meaning: 'As ordered: its clients were told where to go.',
  },
  entries_claimed: {
    name: 'Log entries were taken over',
    grade: 'repair',
    meaning: 'After a change of owner or a lost reply, messages under way were claimed and delivered.',
  },
  hole_repaired: {
    name: 'Events were fetched again',
    grade: 'repair',
    meaning:
      'A node had not heard of them in time (slow, cut off, or its inbox overflowed) and took them from the store.',
  },
  state_restored: {
    name: 'Group states were restored',
    grade: 'repair',
    meaning:
      'Redis did not have them (new groups after a restart, or Redis lost its memory); they came from the store.',
  },
  resequenced: {
    name: 'Messages got a new place',
    grade: 'repair',
    meaning:
      "Redis had lost its newest entries, so numbers were given twice; the later ones moved up. Is Redis' AOF on?",
  },
  void: {
    name: 'Places without a message',
    grade: 'repair',
    meaning: 'What was to stand there had been stored before, or was refused by the store. Clients show nothing.',
  },
  overloaded: {
    name: 'Load was shed',
    grade: 'fault',
    meaning:
      'Requests were told to come back later: a full node, a full log or Redis out of memory. Add nodes, or find who floods.',
  },
  unavailable: {
    name: 'Requests were not answered in time',
    grade: 'fault',
    meaning: 'Clients try again with the same id; nothing is doubled. Redis or the store is slow or away.',
  },
  internal: {
    name: 'The store refused for good',
    grade: 'fault',
    meaning: 'The log names the message. It will not succeed by repeating.',
  },
};

/** @param {string} kind @returns {Meaning} */
export const meaning = (kind) => MEANINGS[kind] ?? { name: kind.replaceAll('_', ' '), grade: 'fault', meaning: '' };
