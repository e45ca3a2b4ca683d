import { MessageMenu, openByLongPress } from '../features/actions/menu.js';
import { Banner } from '../features/connection/view.js';
import { volatileNote } from '../features/drafts/volatile.js';
import { GroupHead } from '../features/groups/head.js';
import { joinOffer } from '../features/membership/join.js';
import { Messages } from '../features/messages/view.js';
import { Unsent } from '../features/outbox/view.js';
import { Chips } from '../features/reactions/view.js';
import { Quotes } from '../features/replies/view.js';
import { TypingLine } from '../features/typing/view.js';
import { h } from '../ui/dom.js';
import { Problem } from '../ui/problem.js';
import { Writing } from './writing.js';

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
  #menu;
  #typing;
  #volatile;
  #problem = new Problem();
  #writing;
  #unsent;

  /** @param {Stores} stores @param {{ onDetails: () => void }} options */
  constructor(stores, { onDetails }) {
    this.#stores = stores;
    this.#head = new GroupHead(stores, onDetails);
    this.#banner = new Banner(stores.connection).element;
    this.#banner.classList.add('only-narrow');
    this.#menu = this.#newMenu();
    this.#messages = this.#newMessages();
    this.#typing = new TypingLine(stores);
    this.#volatile = volatileNote(stores.safe);
    this.#writing = new Writing(stores, {
      onSaid: () => this.#messages.follow(),
      lastOwn: () => this.#lastOwn(),
    });
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

  #groupOf = () => this.#target.group;

  #newMessages() {
    const { originals, reactions, sender } = this.#stores;
    const onJump = (/** @type {number} */ seq) => {
      void this.#jump(seq);
    };
    const quotes = new Quotes(this.#stores, { groupOf: this.#groupOf, onJump });
    const chips = new Chips(reactions, { groupOf: this.#groupOf, onReact: this.#react });
    const messages = new Messages(this.#stores, sender, [quotes, chips, this.#menu.part]);
    originals.on('changed', messages.refresh);
    reactions.on('changed', messages.refresh);
    openByLongPress(messages.element);
    return messages;
  }

  #newMenu() {
    return new MessageMenu(this.#stores, {
      groupOf: this.#groupOf,
      onReact: this.#react,
      onReply: (seq) => this.#writing.reply(seq),
      onEdit: (seq) => this.#writing.edit(seq),
      onFailure: (error) => this.#problem.show(error),
      onClose: (seq) => this.#messages.focus(seq),
    });
  }

  #react = (/** @type {number} */ seq, /** @type {string} */ emoji, /** @type {boolean} */ on) => {
    const { group } = this.#target;
    this.#problem.clear();
    if (group === undefined) return;
    this.#stores.reactions.react(group, seq, emoji, on).catch((error) => this.#problem.show(error));
  };

  /** @param {number} seq */
  async #jump(seq) {
    this.#problem.clear();
    if (!(await this.#messages.goTo(seq))) this.#problem.show(new Error('this message is too far back, or gone'));
  }

  /** The newest message that this user may give another text. */
  #lastOwn() {
    const { me, timelines } = this.#stores;
    const { events } = timelines.of(this.#target.group ?? '');
    const last = events.findLast(({ kind, from, deleted }) => kind === 'text' && from === me && !deleted);
    return this.#menu.offers(last?.seq).has('edit') ? last?.seq : undefined;
  }

  #showTalk() {
    const { group, to } = this.#target;
    const { groups, people, timelines, titles } = this.#stores;
    const known = group === undefined ? undefined : groups.get(group);
    const title = known ? titles.of(known) : people.name(to ?? '');
    // Taken out and put back, the field would lose the focus, and the keyboard of a phone would close.
    if (this.#writing.element.parentElement !== this.element) {
      this.element.replaceChildren(
        this.#head.element,
        this.#banner,
        this.#messages.element,
        this.#typing.element,
        this.#volatile,
        this.#problem.element,
        this.#writing.element,
      );
    }
    this.#problem.clear();
    this.#messages.show(this.#target, title);
    const another = this.#writing.show(this.#target, title);
    if (another && matchMedia('(pointer: fine)').matches) this.#writing.focus();
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
