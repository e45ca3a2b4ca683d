import { copyText } from '../../ui/copy.js';
import { iconButton } from '../../ui/dom.js';
import { openMenu } from '../../ui/menu.js';
import { onLongPress } from '../../ui/press.js';
import { FREQUENT } from '../reactions/store.js';
import { offersOf } from './offers.js';
import { askToRemove } from './remove.js';

/**
 * @typedef {import("../../../hubbub.js").HubEvent} HubEvent
 * @typedef {import("../../../hubbub.js").Hubbub} Hubbub
 * @typedef {import("../../ui/menu.js").MenuItem} MenuItem
 * @typedef {import("../groups/store.js").Groups} Groups
 * @typedef {import("../messages/store.js").Timelines} Timelines
 * @typedef {import("../people/store.js").People} People
 * @typedef {import("./offers.js").Action} Action
 * @typedef {{ seq?: number, deleted?: boolean, mine: boolean, from: string }} Row
 *
 * @typedef {object} Hands
 * @property {() => string | undefined} groupOf the open group
 * @property {(seq: number, emoji: string, on: boolean) => void} onReact
 * @property {(seq: number) => void} onReply
 * @property {(seq: number) => void} onEdit
 * @property {(error: unknown) => void} onFailure
 * @property {(seq: number) => void} onClose the focus is to be brought back to the message
 */

const BUTTON = '[aria-haspopup=menu]';

/** What can be done with a message: a menu behind a button beside it, or under a finger that rests on it. */
export class MessageMenu {
  /** What is drawn at a message: the button, where there is anything that can be done with it. */
  part = {
    place: /** @type {const} */ ('beside'),
    signature: (/** @type {Row} */ { seq, deleted }) => (seq === undefined || deleted ? undefined : true),
    render: (/** @type {Row} */ { seq }) => this.#button(Number(seq)),
  };

  #me;
  #hub;
  #groups;
  #timelines;
  #people;
  #hands;

  /**
   * @param {{ me: string, hub: Pick<Hubbub, "features" | "pin" | "remove">, groups: Groups, timelines: Timelines,
   *   people: People }} stores
   * @param {Hands} hands
   */
  constructor({ me, hub, groups, timelines, people }, hands) {
    this.#me = me;
    this.#hub = hub;
    this.#groups = groups;
    this.#timelines = timelines;
    this.#people = people;
    this.#hands = hands;
  }

  /** What may be done with a message of the open group. @param {number | undefined} seq @returns {Set<Action>} */
  offers(seq) {
    const { group, event } = this.#of(seq);
    if (group === undefined || event === undefined) return new Set();
    return offersOf(event, { me: this.#me, group, features: this.#hub.features });
  }

  /** @param {number} seq */
  #button(seq) {
    const button = iconButton('more', 'Message actions', {
      class: 'icon-button message-actions',
      'aria-haspopup': 'menu',
      'data-stop': 'actions',
      tabindex: '-1',
      onclick: () => this.#open(seq, button),
    });
    return button;
  }

  /** @param {number | undefined} seq */
  #of(seq) {
    const id = this.#hands.groupOf();
    if (id === undefined || seq === undefined) return {};
    return { group: this.#groups.get(id), event: this.#timelines.of(id).at(seq) };
  }

  /** @param {number} seq @param {HTMLElement} anchor */
  #open(seq, anchor) {
    const { event } = this.#of(seq);
    if (event === undefined) return;
    const offers = this.offers(seq);
    const who = event.from === this.#me ? 'you' : this.#people.name(event.from);
    openMenu({
      label: `Message from ${who}`,
      anchor,
      first: { label: 'React', toggles: offers.has('react') ? this.#toggles(event) : [] },
      items: this.#items(event).flatMap(([action, item]) => (offers.has(action) ? [item] : [])),
      onClose: () => document.activeElement === document.body && this.#hands.onClose(seq),
    });
  }

  /** @param {HubEvent} event */
  #toggles({ seq, reactions = [] }) {
    return FREQUENT.map((emoji) => {
      const on = reactions.some((each) => each.emoji === emoji && each.mine);
      return { label: emoji, on, run: () => this.#hands.onReact(seq, emoji, !on) };
    });
  }

  /** @param {HubEvent} event @returns {[Action, MenuItem][]} */
  #items({ group, seq, text = '', pinned = false }) {
    const { onReply, onEdit, onFailure, onClose } = this.#hands;
    const pin = () => {
      this.#hub.pin(group, seq, !pinned).catch(onFailure);
    };
    const copy = () => {
      copyText(text).catch(onFailure);
    };
    const remove = () => askToRemove(() => this.#hub.remove(group, seq), () => onClose(seq));
    return [
      ['reply', { icon: 'reply', label: 'Reply', run: () => onReply(seq) }],
      ['edit', { icon: 'edit', label: 'Edit', run: () => onEdit(seq) }],
      ['pin', { icon: 'pin', label: pinned ? 'Unpin' : 'Pin', run: pin }],
      ['copy', { icon: 'copy', label: 'Copy text', run: copy }],
      ['remove', { icon: 'remove', label: 'Delete', dangerous: true, run: remove }],
    ];
  }
}

/** Opens the menus of messages in `list` under a finger that rests on them. @param {HTMLElement} list */
export function openByLongPress(list) {
  onLongPress(list, '.message', (line) => /** @type {HTMLElement | null} */ (line.querySelector(BUTTON))?.click());
}
