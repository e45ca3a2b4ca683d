// One user's device: keeps the protocol, comes back when it is cut off, and measures.

import { Cursors } from './cursors.js';
import { breakOff, isHopeless, isTokensEnd, lackOf } from './endings.js';
import { LastWords } from './last-words.js';
import { Link, Refusal } from './link.js';
import {
  acked,
  ackTime,
  countRefusal,
  dropped,
  endToEnd,
  finished,
  joinTime,
  lost,
  received,
  reconnectTime,
  selfEffect,
  selfMessage,
  uptimeShare,
} from './metrics.js';
import { nodeOf } from './plan.js';
import { sleep, within } from './wait.js';

export { Refusal };

/** Later than the hub's own answer `unavailable`. */
const ANSWER_LIMIT = 20_000;
const REPEAT_AFTER = 15_000;
/** The pause before coming back; each further one is twice as long, until a connection has lasted. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5_000;
const LASTING = 5_000;
/** The texts of a run begin with this; the time of sending follows. */
const MARK = 'k6 ';
/** Ends a conversation: everything before it has arrived. */
const LAST = 'last';

export class Client {
  /**
   * The user at this place of the list of tokens. A quiet one, for preparations, measures nothing. A defiant
   * one, for floods, comes back also when told not to, and no later for that.
   */
  constructor(plan, place, { quiet = false, defiant = false } = {}) {
    this.plan = plan;
    this.quiet = quiet;
    this.defiant = defiant;
    this.account = plan.accounts[place];
    this.node = place;
    this.cursors = new Cursors();
    this.online = false;
    this.ended = false;
    this.drops = 0;
    this.requests = new Map();
    this.unacked = new Map();
    this.lastWords = new LastWords();
    /** Own effects on their way, by cid: when they were sent. */
    this.effects = new Map();
    this.features = [];
    this.number = 0;
    this.pause = FIRST_PAUSE;
    this.notBefore = 0;
    this.first = 0;
    this.connected = 0;
  }

  get user() {
    return this.account.user;
  }

  // --- the connection ---

  /** Connects; the hub's welcome. Fails with a Refusal. */
  open() {
    const begun = Date.now();
    return new Promise((resolve, reject) => {
      this.link = new Link(
        this.goTo || nodeOf(this.plan, this.node).ws,
        this.plan.codec,
        this.account.token,
        this.cursors.held,
        {
          heard: (frame, arrived) => {
            if (frame.type === 'welcome') {
              this.begin(frame, begun);
              resolve(frame);
            } else {
              this.hear(frame, arrived);
            }
          },
          ended: (problem) => {
            reject(problem);
            this.cutOff(problem);
          },
        },
      );
    });
  }

  /**
   * Connects, and comes back whenever the connection ends, until `finish`. Fails only at first; when the hub
   * says later not to come back, the run is over.
   */
  async keep() {
    const welcome = await this.open();
    this.comesBack = true;
    return welcome;
  }

  begin(welcome, begun) {
    this.back = Date.now();
    if (!this.quiet) joinTime.add(this.back - begun);
    if (!this.first) this.first = begun;
    if (this.lostAt) reconnectTime.add(this.back - this.lostAt);
    this.lostAt = 0;
    this.online = true;
    this.notBefore = 0;
    this.goTo = undefined;
    this.features = welcome.features || [];
    for (const group of welcome.groups) {
      if (this.cursors.held[group.id] === undefined) this.cursors.held[group.id] = group.head;
    }
    for (const send of this.unacked.values()) this.link.say(send.frame);
  }

  cutOff(problem) {
    if (this.online) {
      const lasted = Date.now() - this.back;
      this.connected += lasted;
      if (lasted >= LASTING) this.pause = FIRST_PAUSE;
      this.lostAt = Date.now() + (this.cutting ? this.away : 0);
    }
    for (const request of this.requests.values()) request.reject(problem);
    this.requests.clear();
    if (this.online && !this.ended && !this.cutting) {
      this.drops += 1;
      dropped.add(1, { code: `${problem.code}` });
    }
    this.online = false;
    if (!this.comesBack || this.ended) return;
    if (this.mayNotComeBack(problem)) {
      this.ended = true;
      return breakOff(this.plan, this.user, problem);
    }
    // Who was cut on purpose comes back to the moment; the others spread.
    this.comeBack(this.cutting ? this.away : this.nextPause());
    this.cutting = false;
  }

  mayNotComeBack(problem) {
    const defies = this.defiant && !isTokensEnd(problem) && !lackOf(problem);
    return isHopeless(problem) && !defies;
  }

  /** However the connections end, so many a second are never exceeded. */
  nextPause() {
    const pause = this.pause * (0.5 + Math.random());
    if (!this.defiant) this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
    return Math.max(pause, this.notBefore - Date.now());
  }

  comeBack(pause) {
    setTimeout(() => {
      if (this.ended) return;
      // Where this one is not, another may be; the next try is made by `cutOff`.
      this.open().catch(() => {
        this.goTo = undefined;
        this.node += 1;
      });
    }, pause);
  }

  /** Drops the connection, as a device does that changes networks, and comes back after so long (ms). */
  cut(away = 0) {
    if (!this.online) return;
    this.cutting = true;
    this.away = away;
    this.link.close();
  }

  /** Disconnects, and counts what is missing. */
  finish() {
    if (this.online) this.connected += Date.now() - this.back;
    if (!this.quiet) finished.add(1);
    if (this.first && !this.quiet) uptimeShare.add(this.connected / Math.max(1, Date.now() - this.first));
    this.ended = true;
    this.online = false;
    for (const send of this.unacked.values()) {
      clearTimeout(send.timer);
      acked.add(false);
    }
    this.cursors.settle();
    this.link.close();
  }

  // --- what it hears ---

  hear(frame, arrived) {
    switch (frame.type) {
      case 'message':
        return this.take(frame, arrived);
      case 'ack':
        return this.isStored(frame);
      case 'gap':
        return this.cursors.skip(frame.group, frame.from, frame.to, frame.reason);
      case 'group':
        if (frame.gone) this.cursors.forget(frame.id);
        return this.answered(frame);
      case 'features':
        this.features = frame.features;
        return undefined;
      case 'error':
        if (!this.quiet) countRefusal(frame.code);
        return this.turnedDown(frame.re, new Refusal(frame.code, frame.message, frame.retry_after));
      case 'bye':
        this.goTo = frame.url;
        this.notBefore = Date.now() + (frame.after || 0);
        return undefined;
      default:
        return this.answered(frame);
    }
  }

  take(event, arrived) {
    if (!this.cursors.take(event.group, event.seq)) return;
    this.takeEffect(event, arrived);
    if (this.onEvent) this.onEvent(event);
    if (event.kind !== 'text' || !event.text || !event.text.startsWith(MARK)) return;
    const [, sent, what] = event.text.split(' ', 3);
    received.add(1);
    if (what === LAST) this.lastWords.hear(event.group);
    // What was said while this client was away took no longer because of the hub.
    if (Number(sent) < this.back) return;
    const took = Math.max(0, arrived - Number(sent));
    endToEnd.add(took);
    if (event.from === this.user) selfMessage.add(took);
    if (this.onText) this.onText(event.group, took);
  }

  takeEffect(event, arrived) {
    const sent = this.effects.get(event.cid);
    this.effects.delete(event.cid);
    if (sent >= this.back) selfEffect.add(Math.max(0, arrived - sent));
  }

  answered(frame) {
    const request = this.requests.get(frame.re);
    this.requests.delete(frame.re);
    if (request) request.resolve(frame);
  }

  turnedDown(re, refusal) {
    const request = this.requests.get(re);
    this.requests.delete(re);
    if (request) return request.reject(refusal);
    for (const send of this.unacked.values()) {
      if (send.frame.id === re && refusal.retryAfter >= 0) this.repeatLater(send, refusal.retryAfter);
    }
    return undefined;
  }

  isStored(ack) {
    const send = this.unacked.get(ack.cid);
    if (!send) return;
    this.unacked.delete(ack.cid);
    clearTimeout(send.timer);
    ackTime.add(Date.now() - send.at);
    acked.add(true);
    send.resolve(ack);
  }

  // --- what it says ---

  /** Asks, and resolves with the answer. Fails with a Refusal. */
  request(frame) {
    this.number += 1;
    const id = this.number;
    const answer = new Promise((resolve, reject) => {
      this.requests.set(id, { resolve, reject });
    });
    this.link.say({ ...frame, id });
    return within(ANSWER_LIMIT, answer, `no answer to ${frame.type} within ${ANSWER_LIMIT / 1000} s`);
  }

  /** The same; when the hub says when to try again, this does. */
  async insist(frame) {
    for (;;) {
      try {
        return await this.request(frame);
      } catch (error) {
        if (!(error.retryAfter >= 0)) throw error;
        await sleep(error.retryAfter);
      }
    }
  }

  /** Sends a text with the time in it; resolves when it is stored, however often it was repeated. */
  send(group, what = 'text') {
    return this.say({ group, text: this.textOf(what) });
  }

  /** Does something to an event of a group (a reaction, an edit); resolves as `send` does. */
  act(group, seq, kind, more) {
    return this.say({ group, kind, ref: `${group}:${seq}`, ...more });
  }

  /** A text that tells when it was made. */
  textOf(what) {
    return `${MARK}${Date.now()} ${what} `.padEnd(this.plan.text, '.');
  }

  say(content) {
    this.number += 1;
    const id = this.number;
    const cid = `${this.plan.run}-${this.user}-${id}`.slice(-64);
    const frame = { type: 'send', id, cid, ...content };
    return new Promise((resolve) => {
      const send = { frame, resolve, at: Date.now() };
      if (content.kind) this.effects.set(cid, send.at);
      this.unacked.set(cid, send);
      this.repeatLater(send, REPEAT_AFTER);
      if (this.online) this.link.say(frame);
    });
  }

  repeatLater(send, ms) {
    clearTimeout(send.timer);
    send.timer = setTimeout(() => {
      if (this.online) this.link.say(send.frame);
      this.repeatLater(send, REPEAT_AFTER);
    }, ms);
  }

  /** Says the last word in a group: whoever hears it has heard everything before it. */
  sayLast(group) {
    return this.send(group, LAST);
  }

  /** Waits for a group's last word; its absence counts as a loss. */
  async hearLast(group, ms) {
    await within(ms, this.lastWords.of(group), 'nothing').catch(() => lost.add(1));
  }
}
