import { targetOf } from '../../../client/effects.js';
import { Emitter } from '../../../client/emitter.js';
import { editKey, editOf } from '../drafts/store.js';

/**
 * Which message of a chat is being given another text. What is typed is kept as drafts are, until the hub has stored it
 * or it is given up; of a message that was deleted nothing is kept.
 *
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 * @typedef {import("../../../hubbub.js").Hubbub} Hubbub
 * @typedef {import("../drafts/store.js").Drafts} Drafts
 * @typedef {import("../messages/store.js").Timelines} Timelines
 *
 * @typedef {object} Edit
 * @property {number} seq
 * @property {string} key its name among the drafts
 * @property {string} text the message's own, where it is at hand
 * @property {boolean} saving the hub has it and has not answered
 * @property {string} [problem] why the hub did not take it
 */

/** @extends {Emitter<{ changed: string }>} `changed`: the group whose edit is another one than before */
export class Edits extends Emitter {
  #hub;
  #drafts;
  #timelines;
  /** Group → what is open in it. @type {Map<string, Edit>} */
  #open = new Map();
  /** Names of those that wait until their message is edited again. @type {Set<string>} */
  #aside = new Set();

  /** @param {Pick<Hubbub, "edit" | "history">} hub @param {Drafts} drafts @param {Timelines} timelines */
  constructor(hub, drafts, timelines) {
    super();
    this.#hub = hub;
    this.#drafts = drafts;
    this.#timelines = timelines;
    drafts.on('changed', (chat) => this.#changedElsewhere(chat));
    timelines.on('changed', (group) => this.#review(group));
  }

  /** What is open in a group; what was begun in an earlier page or in another tab too. @param {string} group */
  of(group) {
    const waiting = this.#begunIn(group).filter(({ chat }) => !this.#aside.has(chat));
    const [begun] = waiting.sort((one, other) => other.time - one.time);
    if (!this.#open.has(group) && begun) this.#open.set(group, this.#edit(group, begun.seq));
    return this.#open.get(group);
  }

  /** @param {string} group @param {number} seq */
  begin(group, seq) {
    this.#aside.delete(editKey(group, seq));
    if (this.#open.get(group)?.seq !== seq) this.#open.set(group, this.#edit(group, seq));
    this.emit('changed', group);
  }

  /** Something else is written first: what was typed waits. @param {string} group */
  setAside(group) {
    const edit = this.#open.get(group);
    if (edit === undefined) return;
    this.#aside.add(edit.key);
    this.#open.delete(group);
    this.emit('changed', group);
  }

  /** What was typed for it is given up. @param {string} group */
  leave(group) {
    const edit = this.of(group);
    if (edit) this.#end(group, edit);
  }

  /**
   * Says a new text in the place of the old one.
   *
   * @param {string} group
   * @param {string} text
   * @returns {Promise<void>} when the hub has answered
   */
  async save(group, text) {
    const edit = this.of(group);
    if (edit === undefined || edit.saving) return;
    if (text === edit.text) return this.#end(group, edit);
    // A page that ends before the hub has answered begins the next one with it.
    this.#drafts.set(edit.key, text);
    this.#tell(group, edit, { saving: true, problem: undefined });
    try {
      await this.#hub.edit(group, edit.seq, text);
      // What was typed on since is another edit.
      if (this.#drafts.get(edit.key).trim() === text) this.#end(group, edit);
      else this.#tell(group, edit, { saving: false, text });
    } catch (error) {
      const { code, message } = /** @type {import("../../../hubbub.js").HubbubError} */ (error);
      if (code !== 'closed') this.#tell(group, edit, { saving: false, problem: message });
    }
  }

  /** A live event, which may be about a message that is being edited. @param {HubEvent} event */
  hear(event) {
    const seq = targetOf(event);
    if (seq === undefined || !['edited', 'deleted'].includes(event.kind)) return;
    const key = editKey(event.group, seq);
    // An answer may be lost with the page that waited for it.
    const isDone = event.kind === 'deleted' || this.#drafts.get(key).trim() === event.text;
    if (isDone) this.#drop(event.group, seq);
  }

  /** Asks for the messages whose new texts are kept: some may be deleted by now. */
  async look() {
    for (const { chat } of this.#drafts.edits()) {
      const { group, seq } = /** @type {{ group: string, seq: number }} */ (editOf(chat));
      // eslint-disable-next-line no-await-in-loop -- there is hardly ever more than one
      const page = await this.#hub.history(group, { before: seq + 1, limit: 1 }).catch(() => undefined);
      const event = page?.messages.find((each) => each.seq === seq);
      if (event?.deleted) this.#drop(group, seq);
    }
  }

  /** @param {string} group */
  #begunIn(group) {
    const edits = this.#drafts.edits().map(({ chat, time }) => ({ chat, time, ...editOf(chat) }));
    const there = edits.filter((each) => each.group === group);
    return /** @type {{ chat: string, seq: number, time: number }[]} */ (there);
  }

  /** @param {string} group @param {number} seq @returns {Edit} */
  #edit(group, seq) {
    const text = this.#timelines.of(group).at(seq)?.text ?? '';
    return { seq, key: editKey(group, seq), text, saving: false };
  }

  /** @param {string} group */
  #review(group) {
    for (const { seq } of this.#begunIn(group)) {
      if (this.#timelines.of(group).at(seq)?.deleted) this.#drop(group, seq);
    }
    const open = this.#open.get(group);
    if (open && this.#timelines.of(group).at(open.seq)?.deleted) this.#end(group, open);
  }

  /** @param {string} group @param {number} seq */
  #drop(group, seq) {
    const open = this.#open.get(group);
    if (open?.seq === seq) this.#end(group, open);
    else if (this.#drafts.get(editKey(group, seq)) !== '') this.#drafts.discard(editKey(group, seq));
  }

  /** @param {string} group @param {Edit} edit */
  #end(group, edit) {
    if (this.#open.get(group) === edit) this.#open.delete(group);
    if (this.#drafts.get(edit.key) !== '') this.#drafts.discard(edit.key);
    this.emit('changed', group);
  }

  /** @param {string} group @param {Edit} edit @param {Partial<Edit>} change */
  #tell(group, edit, change) {
    Object.assign(edit, change);
    this.emit('changed', group);
  }

  /** Another tab goes on with it, or has ended it. @param {string} chat */
  #changedElsewhere(chat) {
    const edit = editOf(chat);
    if (edit === undefined) return;
    const open = this.#open.get(edit.group);
    const isGone = open?.seq === edit.seq && !open.saving && this.#drafts.get(chat) === '';
    if (isGone) this.#open.delete(edit.group);
    if (isGone || open === undefined) this.emit('changed', edit.group);
  }
}
