// What a client holds of each group, and what it found missing.

import { gaps, lost, outOfOrder, repeated } from './metrics.js';

export class Cursors {
  constructor() {
    this.held = {};
    this.missing = new Map();
  }

  /** Takes a seq in; whether the event is new. */
  take(group, seq) {
    const held = this.held[group];
    if (held === undefined || seq === held + 1) {
      this.held[group] = seq;
      return true;
    }
    if (seq <= held) return this.takeLate(group, seq);
    for (let absent = held + 1; absent < seq; absent += 1) this.missing.set(`${group}:${absent}`, true);
    this.held[group] = seq;
    return true;
  }

  takeLate(group, seq) {
    if (this.missing.delete(`${group}:${seq}`)) {
      outOfOrder.add(1);
      return true;
    }
    repeated.add(1);
    return false;
  }

  /** The hub says that these will not come. */
  skip(group, from, to, reason) {
    gaps.add(to - from + 1, { reason });
    for (let seq = from; seq <= to; seq += 1) this.missing.delete(`${group}:${seq}`);
    const held = this.held[group];
    this.held[group] = reason === 'reset' ? from - 1 : Math.max(held === undefined ? 0 : held, to);
  }

  forget(group) {
    delete this.held[group];
  }

  /** Counts as lost what is still missing. */
  settle() {
    lost.add(this.missing.size);
    this.missing.clear();
  }
}
