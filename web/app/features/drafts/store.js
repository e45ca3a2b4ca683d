import { Emitter } from '../../../client/emitter.js';

/**
 * What is typed and not sent, by chat: kept from the first letter on, the same in every tab, until it is sent or
 * deleted.
 *
 * @typedef {import("../../storage/safe.js").Safe} Safe
 * @typedef {import("../../storage/safe.js").Change} Change
 * @typedef {{ group?: string, to?: string }} Target a group, or a user one has no direct chat with yet
 * @typedef {{ chat: string, text: string, title?: string, time: number, repliesTo?: number }} Draft `repliesTo`: the
 *   seq of a message
 *
 * @typedef {object} Events
 * @property {string} changed the chat whose draft is another one than was typed here
 * @property {string} replying the chat whose draft replies to another message than before, or to none
 * @property {{ from: string, to: string }} moved a chat's draft is another chat's now
 */

/** A chat's name among the drafts. @param {Target} target */
export const chatKey = ({ group, to }) => (group === undefined ? `u:${to}` : `g:${group}`);

/** @param {string} chat @returns {Target} */
export const targetOf = (chat) => (chat.startsWith('g:') ? { group: chat.slice(2) } : { to: chat.slice(2) });

/** What a message's new text is called among the drafts. @param {string} group @param {number} seq */
export const editKey = (group, seq) => `e:${group}:${seq}`;

/** @param {string} chat @returns {{ group: string, seq: number } | undefined} undefined for what is no new text */
export function editOf(chat) {
  const [, group, seq] = /^e:(.+):(\d+)$/.exec(chat) ?? [];
  return group === undefined ? undefined : { group, seq: Number(seq) };
}

/** @extends {Emitter<Events>} */
export class Drafts extends Emitter {
  #safe;
  /** @type {Map<string, Draft>} */
  #drafts = new Map();
  /** Chat → the seq of the message that what is typed there replies to. @type {Map<string, number>} */
  #targets = new Map();
  /** Chats whose newest text is still to be written, and when it was typed. @type {Map<string, number>} */
  #unsaved = new Map();
  #saving = false;

  /** @param {Safe} safe */
  constructor(safe) {
    super();
    this.#safe = safe;
    for (const draft of safe.all('drafts')) {
      this.#drafts.set(draft.chat, draft);
      if (draft.repliesTo !== undefined) this.#targets.set(draft.chat, draft.repliesTo);
    }
    safe.on('changed', (changes) => {
      for (const change of changes) if (change.store === 'drafts') this.#changedElsewhere(change);
    });
    safe.on('leaving', () => {
      void this.#save();
    });
  }

  /** What is to be said; new texts of what was said are not among it. */
  all() {
    return [...this.#drafts.values()].filter(({ chat }) => editOf(chat) === undefined);
  }

  /** New texts of what was said. */
  edits() {
    return [...this.#drafts.values()].filter(({ chat }) => editOf(chat) !== undefined);
  }

  /** @param {string} chat */
  get(chat) {
    return this.#drafts.get(chat)?.text ?? '';
  }

  /** @param {string} chat @param {string} text @param {string} [title] what the chat is called */
  set(chat, text, title) {
    const time = Date.now();
    if (text.trim() === '') this.#drafts.delete(chat);
    else this.#drafts.set(chat, { chat, text, title, time, repliesTo: this.#targets.get(chat) });
    this.#unsaved.set(chat, time);
    // While one is being written the letters that follow gather for the next.
    if (!this.#saving) void this.#save();
  }

  /** The seq of the message that a draft replies to. @param {string} chat */
  repliesTo(chat) {
    return this.#targets.get(chat);
  }

  /** What is typed there replies to a message from now on, or to none. @param {string} chat @param {number} [seq] */
  reply(chat, seq) {
    if (seq === undefined) this.#targets.delete(chat);
    else this.#targets.set(chat, seq);
    const draft = this.#drafts.get(chat);
    if (draft !== undefined) this.set(chat, draft.text, draft.title);
    this.emit('replying', chat);
  }

  /** @param {string} chat */
  discard(chat) {
    this.#targets.delete(chat);
    this.set(chat, '');
    this.emit('changed', chat);
  }

  /**
   * Takes a draft out: what is sent is none any more.
   *
   * @param {string} chat
   * @returns {Change[]} to be written with what became of it
   */
  take(chat) {
    const time = this.#drafts.get(chat)?.time;
    this.#unsaved.delete(chat);
    this.#drafts.delete(chat);
    this.#targets.delete(chat);
    this.emit('replying', chat);
    return [{ store: 'drafts', id: chat, record: null, news: { time } }];
  }

  /** The chat goes on under another name. What was typed under both stays. @param {string} from @param {string} to */
  move(from, to) {
    const draft = this.#drafts.get(from);
    const there = this.#drafts.get(to);
    if (draft !== undefined) {
      const text = there === undefined || there.text === draft.text ? draft.text : `${there.text}\n${draft.text}`;
      this.#drafts.set(to, { ...draft, chat: to, text, repliesTo: this.#targets.get(to) });
      this.#drafts.delete(from);
      this.#unsaved.set(from, draft.time).set(to, draft.time);
      void this.#save();
    }
    this.emit('moved', { from, to });
    if (draft !== undefined) this.emit('changed', to);
  }

  async #save() {
    if (this.#unsaved.size === 0) return;
    const changes = [...this.#unsaved].map(([chat, time]) => this.#change(chat, time));
    this.#unsaved.clear();
    this.#saving = true;
    await this.#safe.write(changes);
    this.#saving = false;
    void this.#save();
  }

  /** @param {string} chat @param {number} time @returns {Change} */
  #change(chat, time) {
    return { store: 'drafts', id: chat, record: this.#drafts.get(chat) ?? null, news: { time } };
  }

  /** @param {Change} change */
  #changedElsewhere({ id, record, news }) {
    // What is typed here and not written yet is newer.
    if (this.#unsaved.has(id)) return;
    const here = this.#drafts.get(id);
    if (here !== undefined && here.time > (record?.time ?? news?.time ?? here.time)) {
      // The other tab did not know what is typed here when it sent or deleted its own, and has just written over it.
      this.#unsaved.set(id, here.time);
      if (!this.#saving) void this.#save();
      return;
    }
    if (record === null) this.#drafts.delete(id);
    else this.#drafts.set(id, record);
    this.#targetElsewhere(id, record?.repliesTo);
    this.emit('changed', id);
  }

  /** @param {string} chat @param {number | undefined} seq */
  #targetElsewhere(chat, seq) {
    if (seq === this.#targets.get(chat)) return;
    if (seq === undefined) this.#targets.delete(chat);
    else this.#targets.set(chat, seq);
    this.emit('replying', chat);
  }
}
