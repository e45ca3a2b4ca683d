import { h, icon, oncePerFrame, reconcile } from '../../ui/dom.js';
import { unreadIn } from '../groups/store.js';
import { readersLine, topNotes } from './edges.js';
import { labelLine, messageLine } from './lines.js';
import { mainOf, Rove } from './rove.js';
import { rowsOf } from './rows.js';

/**
 * @typedef {import("../drafts/store.js").Target} Target
 * @typedef {import("../groups/store.js").Groups} Groups
 * @typedef {import("../outbox/sender.js").Sender} Sender
 * @typedef {import("../outbox/store.js").Outbox} Outbox
 * @typedef {import("../people/store.js").People} People
 * @typedef {import("../receipts/own-marks.js").OwnMarks} OwnMarks
 * @typedef {import("../receipts/store.js").Receipts} Receipts
 * @typedef {import("./lines.js").Part} Part
 * @typedef {import("./rows.js").MessageRow} MessageRow
 * @typedef {import("./rows.js").Progress} Progress
 * @typedef {import("./rows.js").Row} Row
 * @typedef {import("./store.js").Timelines} Timelines
 *
 * @typedef {object} Needs
 * @property {string} me
 * @property {Groups} groups
 * @property {Timelines} timelines
 * @property {People} people
 * @property {Receipts} receipts
 * @property {OwnMarks} ownMarks
 * @property {Outbox} outbox
 */

/** Nearer to the end than this, the view follows what comes. */
const FOLLOW_PX = 48;
/**
 * A page that is left open does not grow for ever: at the end of more messages than this, those far above are let go.
 */
const MOST_FOLLOWED = 1000;
/** Nearer to the beginning than this, the page before is fetched. */
const FETCH_PX = 600;

/** The messages of the open conversation: a list that follows what comes and fetches what was. */
export class Messages {
  #me;
  #groups;
  #timelines;
  #people;
  #receipts;
  #ownMarks;
  #outbox;
  #parts;
  /** @type {(cid: string) => void} */
  #retry;
  #delete = (/** @type {string} */ cid) => this.#outbox.remove(cid);
  /** @type {Target} */
  #target = {};
  /** @type {number | undefined} */
  #unreadAfter;
  #following = true;
  #placed = false;
  /** Where following put the view; elsewhere, somebody has scrolled and the event for it is still to come. */
  #followedTo = 0;
  #list = h('ol', { class: 'messages' });
  #rove = new Rove(this.#list);
  #top = h('div', { class: 'list-top' });
  #scroller;
  #jump;
  #missed = 0;

  /** @param {Needs} needs @param {Sender} sender @param {Part[]} [parts] what other features draw at each message */
  constructor({ me, groups, timelines, people, receipts, ownMarks, outbox }, sender, parts = []) {
    this.#me = me;
    this.#groups = groups;
    this.#timelines = timelines;
    this.#people = people;
    this.#receipts = receipts;
    this.#ownMarks = ownMarks;
    this.#outbox = outbox;
    this.#parts = parts;
    this.#retry = (cid) => sender.retry(cid);
    this.#scroller = h(
      'div',
      { class: 'scroller', tabindex: '0', role: 'region', 'aria-label': 'Messages', onscroll: () => this.#scrolled() },
      h('div', { class: 'scroller-content' }, this.#top, this.#list),
    );
    this.#jump = h(
      'button',
      { type: 'button', class: 'jump', hidden: true, onclick: () => this.follow() },
      icon('down'),
      h('span', {}),
    );
    this.element = h('div', { class: 'messages-pane' }, this.#scroller, this.#jump);
    new ResizeObserver(() => this.#stillFollows() && this.#toEnd()).observe(this.#scroller);

    people.on('changed', this.refresh);
    receipts.on('changed', this.refresh);
    timelines.on('changed', this.refresh);
    outbox.on('changed', this.refresh);
    timelines.on('arrived', ({ group, from, kind }) => {
      if (group === this.#target.group && kind === 'text' && from !== me && !this.#following) this.#missed += 1;
    });
  }

  /** Something that is drawn is another one than before. */
  refresh = oncePerFrame(() => this.#update());

  /** @param {Target} target @param {string} title */
  show(target, title) {
    if (this.#target.group !== undefined) this.#timelines.lookAway(this.#target.group);
    const group = target.group === undefined ? undefined : this.#groups.get(target.group);
    this.#target = target;
    this.#unreadAfter = group && unreadIn(group) > 0 ? group.read : undefined;
    this.#following = this.#unreadAfter === undefined;
    this.#placed = false;
    this.#missed = 0;
    this.#scroller.setAttribute('aria-label', `Messages with ${title}`);
    this.#list.replaceChildren();
    this.#update();
  }

  /** The page is looked at again: what is in view counts as read. */
  look() {
    this.#afterMoving();
  }

  /**
   * Goes to a message, wherever it is.
   *
   * @param {number} seq
   * @returns {Promise<boolean>} whether it is there
   */
  async goTo(seq) {
    const { group } = this.#target;
    if (group === undefined || !(await this.#timelines.reach(group, seq)) || group !== this.#target.group) return false;
    this.#following = false;
    this.#placed = true;
    this.#update();
    const line = this.#lineOf(seq);
    if (line === undefined) return false;
    line.scrollIntoView({ block: 'center' });
    line.classList.add('message-found');
    line.addEventListener('animationend', () => line.classList.remove('message-found'), { once: true });
    line.tabIndex = -1;
    line.focus({ preventScroll: true });
    return true;
  }

  /** Brings the focus to a message, or to the list where it can have none. @param {number | undefined} seq */
  focus(seq) {
    const line = seq === undefined ? undefined : this.#lineOf(seq);
    const stop = line && mainOf(line);
    (stop ?? this.#scroller).focus({ preventScroll: true });
  }

  /** @param {number} seq */
  #lineOf(seq) {
    return /** @type {HTMLElement | undefined} */ (this.#list.querySelector(`[data-seq="${seq}"]`) ?? undefined);
  }

  /** Goes to the newest message and stays there. */
  follow() {
    this.#following = true;
    this.#unreadAfter = undefined;
    this.#update();
    this.#toEnd();
  }

  #update() {
    const { group } = this.#target;
    const timeline = group === undefined ? undefined : this.#timelines.of(group);
    this.#following = this.#stillFollows();
    if (this.#following && timeline && timeline.events.length > MOST_FOLLOWED) timeline.trim();
    const anchor = this.#following ? undefined : this.#anchor();
    this.#showTop();
    const rows = this.#rows(timeline?.events ?? [], timeline?.first);
    reconcile(this.#list, rows, {
      key: ({ key }) => key,
      signature: (row) => this.#signature(row),
      render: (row) => this.#render(row),
    });
    this.#rove.update();
    this.#showReaders(rows);

    if (!this.#placed && (timeline === undefined || timeline.loaded)) this.#place();
    else if (this.#following) this.#toEnd();
    else anchor?.restore();
    this.#afterMoving();
  }

  /** @param {import("../../../hubbub.js").HubEvent[]} events @param {number | undefined} from */
  #rows(events, from) {
    const known = new Set(events.map(({ cid }) => cid));
    const pending = this.#outbox.of(this.#target).filter(({ cid }) => !known.has(cid));
    const direct = this.#target.to !== undefined || this.#groups.get(this.#target.group ?? '')?.kind === 'direct';
    return rowsOf({
      direct,
      events,
      from,
      pending,
      me: this.#me,
      nameOf: (id) => this.#people.name(id),
      unreadAfter: this.#unreadAfter,
      progressOf: (seq) => this.#progressOf(seq),
    });
  }

  /** @param {number} seq @returns {Progress} */
  #progressOf(seq) {
    const { read, delivered } = this.#receipts.reached(this.#target.group ?? '', seq);
    if (read.length > 0) return 'read';
    return delivered ? 'delivered' : 'stored';
  }

  /** Where reading begins: at the line above what is new, or at the end. */
  #place() {
    this.#placed = true;
    const line = this.#list.querySelector('.unread-line');
    if (line) line.scrollIntoView({ block: 'center' });
    else this.#toEnd();
    if (this.#distanceToEnd() < FOLLOW_PX) this.#following = true;
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#followedTo = this.#scroller.scrollTop;
  }

  #stillFollows() {
    return (
      this.#following
      && (!this.#placed || this.#scroller.scrollTop === this.#followedTo || this.#distanceToEnd() < FOLLOW_PX)
    );
  }

  #distanceToEnd() {
    return this.#scroller.scrollHeight - this.#scroller.clientHeight - this.#scroller.scrollTop;
  }

  #scrolled() {
    if (!this.#placed) return;
    this.#following = this.#distanceToEnd() < FOLLOW_PX;
    this.#afterMoving();
  }

  #afterMoving() {
    const { group } = this.#target;
    if (this.#following) this.#missed = 0;
    this.#jump.hidden = this.#following || !this.#placed;
    const label = /** @type {HTMLElement} */ (this.#jump.lastChild);
    label.textContent = this.#missed > 0 ? `${this.#missed} new` : 'To the newest';
    if (group === undefined || !this.#placed) return;
    const timeline = this.#timelines.of(group);
    if (this.#following && document.visibilityState === 'visible') this.#ownMarks.markRead(group);
    if (this.#scroller.scrollTop < FETCH_PX && timeline.hasEarlier && !timeline.loading && !timeline.failure) {
      void this.#timelines.loadEarlier(group);
    }
  }

  /** Remembers which row is at the top of the view, and how to bring it back there. */
  #anchor() {
    const edge = this.#scroller.getBoundingClientRect().top;
    // Days and the line above what is new may move when earlier messages come in.
    const steady = [...this.#list.children].filter((child) => child.matches('.message, .note'));
    const row = /** @type {HTMLElement | undefined} */ (
      steady.find((child) => child.getBoundingClientRect().bottom > edge)
    );
    const { key } = row?.dataset ?? {};
    if (row === undefined || key === undefined) return undefined;
    const before = row.getBoundingClientRect().top;
    const restore = () => {
      const now = /** @type {HTMLElement[]} */ ([...this.#list.children]).find((child) => child.dataset.key === key);
      if (now) this.#scroller.scrollTop += now.getBoundingClientRect().top - before;
    };
    return { restore };
  }

  #showTop() {
    const { group } = this.#target;
    const timeline = group === undefined ? undefined : this.#timelines.of(group);
    const again = () => {
      void this.#timelines.loadEarlier(/** @type {string} */ (group));
    };
    this.#top.replaceChildren(...topNotes(timeline, again));
  }

  /** Under one's own newest message: who has read it, in a group. @param {Row[]} rows */
  #showReaders(rows) {
    const { group } = this.#target;
    const last = rows.at(-1);
    this.#list.nextElementSibling?.remove();
    if (
      group === undefined
      || this.#groups.get(group)?.kind === 'direct'
      || last?.kind !== 'message'
      || !last.mine
      || last.seq === undefined
    ) {
      return;
    }
    const { read } = this.#receipts.reached(group, last.seq);
    if (read.length > 0) this.#list.after(readersLine(read.map((id) => this.#people.name(id))));
  }

  /** @param {Row} row */
  #signature(row) {
    if (row.kind !== 'message') return JSON.stringify(row);
    const parts = this.#parts.map((part) => part.signature(row));
    return JSON.stringify([row, row.opens && this.#people.name(row.from), parts]);
  }

  /** @param {Row} row */
  #render(row) {
    if (row.kind !== 'message') return labelLine(row);
    const inGroup = this.#groups.get(this.#target.group ?? '')?.kind === 'group';
    return messageLine(row, {
      name: this.#people.name(row.from),
      inGroup,
      onRetry: this.#retry,
      onDelete: this.#delete,
      parts: this.#parts,
    });
  }
}
