import { chatKey } from '../features/drafts/store.js';
import { Composer } from '../features/drafts/view.js';
import { quoteOf } from '../features/replies/words.js';
import { oncePerFrame } from '../ui/dom.js';

/**
 * @typedef {import("../features/drafts/store.js").Target} Target
 * @typedef {import("../features/edits/store.js").Edit} Edit
 * @typedef {import("./stores.js").Stores} Stores
 *
 * @typedef {object} Hands
 * @property {() => void} onSaid
 * @property {() => number | undefined} lastOwn the seq of the last message that this user may give another text
 */

/** What is written at the foot of the conversation: something new, a reply, or a new text of what was said. */
export class Writing {
  #stores;
  #hands;
  /** @type {Target} */
  #target = {};
  #title = '';
  #composer;

  /** @param {Stores} stores @param {Hands} hands */
  constructor(stores, hands) {
    this.#stores = stores;
    this.#hands = hands;
    const { drafts, edits, originals, timelines, people, connection, typing } = stores;
    this.#composer = new Composer({
      drafts,
      limit: () => connection.limits.text,
      onSend: (text) => this.#send(text),
      onType: () => this.#target.group !== undefined && this.#edit === undefined && typing.tell(this.#target.group),
      onUp: () => this.#editLast(),
      onCancel: () => this.#cancel(),
    });
    this.element = this.#composer.element;
    const isShown = () => this.#target.group !== undefined || this.#target.to !== undefined;
    edits.on('changed', (group) => group === this.#target.group && this.#update());
    drafts.on('replying', (chat) => isShown() && chat === chatKey(this.#target) && this.#update());
    const update = oncePerFrame(() => isShown() && this.#update());
    const updateIn = (/** @type {string} */ group) => group === this.#target.group && update();
    originals.on('changed', updateIn);
    timelines.on('changed', updateIn);
    people.on('changed', update);
  }

  focus() {
    this.#composer.focus();
  }

  /** @param {Target} target @param {string} title @returns {boolean} whether it is another conversation */
  show(target, title) {
    this.#target = target;
    this.#title = title;
    return this.#update();
  }

  /** What is written from now on replies to a message. @param {number} seq */
  reply(seq) {
    const { drafts, edits } = this.#stores;
    const { group } = this.#target;
    if (group === undefined) return;
    edits.setAside(group);
    drafts.reply(chatKey(this.#target), seq);
    this.focus();
  }

  /** A message is given another text. @param {number} seq */
  edit(seq) {
    const { group } = this.#target;
    if (group === undefined) return;
    this.#stores.edits.begin(group, seq);
    this.focus();
  }

  /** @returns {Edit | undefined} */
  get #edit() {
    const { group } = this.#target;
    return group === undefined ? undefined : this.#stores.edits.of(group);
  }

  #update() {
    const edit = this.#edit;
    if (edit) return this.#composer.show({ ...useOf(edit), title: this.#title, action: 'Save' });
    const chat = chatKey(this.#target);
    const seq = this.#stores.drafts.repliesTo(chat);
    const bar = seq === undefined ? undefined : this.#replying(seq);
    return this.#composer.show({ chat, title: this.#title, action: 'Send', bar });
  }

  /** @param {number} seq */
  #replying(seq) {
    const { me, originals, people } = this.#stores;
    const { name, text } = quoteOf(originals.of(this.#target.group ?? '', seq), me, (id) => people.name(id));
    const whom = name === 'You' ? 'yourself' : name;
    return { label: whom === '' ? 'Replying' : 'Replying to ', name: whom, text, cancel: 'Stop replying' };
  }

  /** @param {string} text @returns {boolean} */
  #send(text) {
    const { group } = this.#target;
    const { edits, sender } = this.#stores;
    if (group !== undefined && this.#edit) {
      void edits.save(group, text);
      return false;
    }
    sender.say(this.#target, text);
    this.#hands.onSaid();
    return true;
  }

  #editLast() {
    const seq = this.#hands.lastOwn();
    const { group } = this.#target;
    const isFree = group !== undefined && this.#edit === undefined;
    if (!isFree || seq === undefined) return false;
    this.edit(seq);
    return true;
  }

  #cancel() {
    const { drafts, edits } = this.#stores;
    const { group } = this.#target;
    const chat = chatKey(this.#target);
    if (group !== undefined && this.#edit) edits.leave(group);
    else if (drafts.repliesTo(chat) !== undefined) drafts.reply(chat);
    else return false;
    return true;
  }
}

/** What the field is for while a message is edited. @param {Edit} edit */
function useOf({ key, text, saving, problem }) {
  const bar = {
    label: saving ? 'Saving…' : 'Editing a message',
    problem: problem && `Not saved: ${problem}`,
    cancel: 'Stop editing',
  };
  return { chat: key, text, placeholder: 'Edit the message', bar };
}
