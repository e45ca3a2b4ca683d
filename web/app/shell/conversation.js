import { Banner } from '../features/connection/view.js';
import { chatKey } from '../features/drafts/store.js';
import { Composer } from '../features/drafts/view.js';
import { volatileNote } from '../features/drafts/volatile.js';
import { GroupHead } from '../features/groups/head.js';
import { joinOffer } from '../features/membership/join.js';
import { Messages } from '../features/messages/view.js';
import { Unsent } from '../features/outbox/view.js';
import { TypingLine } from '../features/typing/view.js';
import { h } from '../ui/dom.js';

/**
 * @typedef {import("../features/drafts/store.js").Target} Target
 * @typedef {import("./stores.js").Stores} Stores
 */

/** The middle pane: whom one talks to, what was said, the field to write in. */
export class Conversation {
  element = h('main', { class: 'talk', tabindex: '-1' });
  #stores;
  /** @type {Target} */
  #target = {};
  #head;
  #banner;
  #messages;
  #typing;
  #volatile;
  #composer;
  #unsent;

  /** @param {Stores} stores @param {{ onDetails: () => void }} options */
  constructor(stores, { onDetails }) {
    this.#stores = stores;
    this.#head = new GroupHead(stores, onDetails);
    this.#banner = new Banner(stores.connection).element;
    this.#banner.classList.add('only-narrow');
    this.#messages = new Messages(stores, stores.sender);
    this.#typing = new TypingLine(stores);
    this.#volatile = volatileNote(stores.safe);
    this.#composer = this.#newComposer();
    this.#unsent = new Unsent(stores);
  }

  /** @param {Target} target */
  show(target) {
    this.#target = target;
    if (target.group === undefined && target.to === undefined) this.#showNothing();
    else if (target.group !== undefined && !this.#stores.groups.get(target.group)) this.#showForeign(target.group);
    else this.#showTalk();
  }

  /** The page is looked at again. */
  look() {
    this.#messages.look();
  }

  #newComposer() {
    const { drafts, connection, sender, typing } = this.#stores;
    return new Composer({
      drafts,
      limit: () => connection.limits.text,
      onSend: (text) => {
        sender.say(this.#target, text);
        this.#messages.follow();
      },
      onType: () => this.#target.group !== undefined && typing.tell(this.#target.group),
    });
  }

  #showTalk() {
    const { group, to } = this.#target;
    const { groups, people, timelines, titles } = this.#stores;
    const known = group === undefined ? undefined : groups.get(group);
    const title = known ? titles.of(known) : people.name(to ?? '');
    // Taken out and put back, the field would lose the focus, and the keyboard of a phone would close.
    if (this.#composer.element.parentElement !== this.element) {
      this.element.replaceChildren(
        this.#head.element,
        this.#banner,
        this.#messages.element,
        this.#typing.element,
        this.#volatile,
        this.#composer.element,
      );
    }
    this.#messages.show(this.#target, title);
    const another = this.#composer.show(chatKey(this.#target), title);
    if (another && matchMedia('(pointer: fine)').matches) this.#composer.focus();
    if (group !== undefined) void timelines.look(group);
    if (to !== undefined) people.lookUp(to);
    this.#head.show(this.#target);
    this.#typing.show(group);
  }

  #showNothing() {
    const art = h('div', { class: 'blank-art', 'aria-hidden': 'true' }, h('span', {}), h('span', {}), h('span', {}));
    this.element.replaceChildren(
      h(
        'div',
        { class: 'blank' },
        art,
        h('h2', {}, 'Pick up a conversation'),
        h('p', {}, 'Choose a chat from the list, find somebody by name, or make a group.'),
      ),
    );
  }

  /** A link to a group that one is not in. @param {string} id */
  #showForeign(id) {
    this.#unsent.show({ group: id });
    const title = this.#stores.stranded.all().find(({ target }) => target.group === id)?.title;
    this.element.replaceChildren(joinOffer(this.#stores.hub, { id, title, unsent: this.#unsent.element }));
  }
}
