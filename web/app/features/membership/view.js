import { avatar } from '../../ui/avatar.js';
import { copyText } from '../../ui/copy.js';
import { openDialog } from '../../ui/dialog.js';
import { h, icon, iconButton, oncePerFrame, reconcile } from '../../ui/dom.js';
import { lastSeen } from '../../ui/format.js';
import { PeoplePicker } from '../../ui/picker.js';
import { groupHref, toList, userHref } from '../../ui/route.js';

/**
 * @typedef {import("../../../hubbub.js").Hubbub} Hubbub
 * @typedef {import("../groups/store.js").Groups} Groups
 * @typedef {import("../groups/titles.js").Titles} Titles
 * @typedef {import("../people/store.js").People} People
 * @typedef {import("../presence/store.js").Presence} Presence
 *
 * @typedef {object} Needs
 * @property {string} me
 * @property {Pick<Hubbub, "add" | "remove" | "leave">} hub
 * @property {Groups} groups
 * @property {People} people
 * @property {Presence} presence
 * @property {Titles} titles
 *
 * @typedef {{ id: string, name: string, role: string, online: boolean, seen: string, removable: boolean, me: boolean
 *   }} MemberItem
 */

/** The right pane: who is in the group, and what its admins can change. */
export class Details {
  #me;
  #hub;
  #groups;
  #people;
  #presence;
  #titles;
  /** @type {string | undefined} */
  #group;
  #title = h('h2', {});
  #summary = h('div', { class: 'details-summary' });
  #members = h('ul', { class: 'members', 'aria-label': 'Members' });
  #adding;
  #picker;
  #problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  #actions = h('div', { class: 'details-actions' });
  #close;
  #actionsShown = '';

  /** @param {Needs} needs @param {{ onClose: () => void }} options */
  constructor({ me, hub, groups, people, presence, titles }, { onClose }) {
    this.#me = me;
    this.#hub = hub;
    this.#groups = groups;
    this.#people = people;
    this.#presence = presence;
    this.#titles = titles;
    this.#close = iconButton('close', 'Close details', { onclick: onClose });
    this.#picker = new PeoplePicker((prefix) => people.find(prefix), {
      label: 'Add people',
      excluded: () => this.#known()?.members?.map(({ id }) => id) ?? [],
    });
    this.#adding = h(
      'form',
      {
        class: 'adding',
        onsubmit: (/** @type {Event} */ event) => {
          void this.#add(event);
        },
      },
      this.#picker.element,
      h('button', { class: 'button' }, 'Add'),
    );
    this.element = h(
      'aside',
      {
        class: 'details',
        'aria-label': 'Details',
        hidden: true,
        onkeydown: (/** @type {KeyboardEvent} */ event) =>
          event.key === 'Escape' && !event.defaultPrevented && onClose(),
      },
      h('header', { class: 'details-head' }, this.#title, this.#close),
      this.#summary,
      this.#adding,
      this.#problem,
      this.#members,
      this.#actions,
    );
    const update = oncePerFrame(() => this.#update());
    groups.on('changed', update);
    people.on('changed', update);
    presence.on('changed', update);
  }

  /** @param {string} group */
  show(group) {
    if (group !== this.#group) this.#picker.clear();
    this.#group = group;
    this.#problem.hidden = true;
    this.#update();
  }

  focus() {
    this.#close.focus();
  }

  #known() {
    return this.#group === undefined ? undefined : this.#groups.get(this.#group);
  }

  #update() {
    const group = this.#known();
    if (group === undefined || this.element.hidden) return;
    const admin = group.members?.some(({ id, role }) => id === this.#me && role === 'admin') ?? false;
    const direct = group.kind === 'direct';
    this.#title.textContent = direct ? 'About' : 'Group';
    const title = this.#titles.of(group);
    const partner = this.#groups.partner(group);
    const access = group.access === 'open' ? 'Open: anyone with the link may join' : 'Only admins add people';
    this.#summary.replaceChildren(
      avatar(partner ?? group.id, title, { square: !direct, size: 'large' }),
      h('h3', {}, title),
      h('p', {}, direct ? `Username: ${partner}` : access),
    );
    this.#adding.hidden = !admin || direct;
    const items = (group.members ?? [])
      .map((member) => this.#item(member, admin))
      .sort((one, other) => order(one) - order(other) || one.name.localeCompare(other.name));
    for (const { id } of items) if (this.#people.name(id) === id) this.#people.lookUp(id);
    reconcile(this.#members, items, {
      key: ({ id }) => id,
      signature: JSON.stringify,
      render: (item) => this.#line(item),
    });
    this.#showActions(direct, group.access === 'open');
  }

  /** @param {import("../../../client/types.js").Member} member @param {boolean} admin @returns {MemberItem} */
  #item({ id, role }, admin) {
    const me = id === this.#me;
    const { online, last_seen: since } = this.#presence.of(id);
    const here = me || online;
    return {
      id,
      name: this.#people.name(id),
      role,
      online: here,
      seen: here ? 'Online' : lastSeen(since),
      removable: admin && !me,
      me,
    };
  }

  /** @param {MemberItem} item */
  #line({ id, name, role, online, seen, removable, me }) {
    const label = h(
      'span',
      { class: 'member-name' },
      me ? `${name} (you)` : name,
      role === 'admin' && h('span', { class: 'tag' }, 'admin'),
    );
    const who = [avatar(id, name, { online }), label, h('span', { class: 'member-seen' }, seen)];
    return h(
      'li',
      { class: 'member' },
      me
        ? h('div', { class: 'member-who' }, ...who)
        : h('a', { class: 'member-who', href: userHref(id), title: `Write to ${name}` }, ...who),
      removable && iconButton('close', `Remove ${name}`, { onclick: () => this.#confirmRemoval(id, name) }),
    );
  }

  /** @param {boolean} direct @param {boolean} open */
  #showActions(direct, open) {
    const key = JSON.stringify([this.#group, direct, open]);
    if (key === this.#actionsShown) return;
    this.#actionsShown = key;
    const copy = open
      && h(
        'button',
        {
          type: 'button',
          class: 'button',
          onclick: (/** @type {Event} */ event) => {
            void this.#copyLink(event);
          },
        },
        icon('link'),
        h('span', {}, 'Copy link'),
      );
    const leave = !direct
      && h(
        'button',
        { type: 'button', class: 'button button-danger-quiet', onclick: () => this.#confirmLeaving() },
        icon('leave'),
        'Leave group',
      );
    this.#actions.replaceChildren(...[copy, leave].filter((button) => button instanceof HTMLElement));
  }

  /** @param {Event} event */
  async #add(event) {
    event.preventDefault();
    const users = [...this.#picker.taken.keys()];
    if (users.length === 0) return this.#picker.focus();
    try {
      await this.#hub.add(/** @type {string} */ (this.#group), users);
      this.#problem.hidden = true;
      this.#picker.clear();
    } catch (error) {
      this.#problem.textContent = /** @type {Error} */ (error).message;
      this.#problem.hidden = false;
    }
  }

  /** @param {Event} event */
  async #copyLink({ currentTarget }) {
    await copyText(new URL(groupHref(/** @type {string} */ (this.#group)), window.location.href).href);
    const label = /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (currentTarget).lastChild);
    label.textContent = 'Copied';
  }

  /** @param {string} id @param {string} name */
  #confirmRemoval(id, name) {
    const group = /** @type {string} */ (this.#group);
    openDialog({
      title: `Remove ${name}?`,
      content: [h('p', {}, `${name} will no longer see what is said here.`)],
      action: 'Remove',
      dangerous: true,
      onSubmit: () => this.#hub.remove(group, [id]),
    });
  }

  #confirmLeaving() {
    const group = /** @type {string} */ (this.#group);
    openDialog({
      title: 'Leave this group?',
      content: [h('p', {}, 'You will no longer see what is said here.')],
      action: 'Leave',
      dangerous: true,
      onSubmit: async () => {
        await this.#hub.leave(group);
        toList();
      },
    });
  }
}

/** Oneself, then admins, then who is online, then the others. @param {MemberItem} item */
function order({ me, role, online }) {
  return (me ? 0 : 4) + (role === 'admin' ? 0 : 2) + (online ? 0 : 1);
}
