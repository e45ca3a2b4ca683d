import { openDialog } from '../../ui/dialog.js';
import { h } from '../../ui/dom.js';
import { PeoplePicker } from '../../ui/picker.js';
import { toGroup } from '../../ui/route.js';

/**
 * Asks for a name and people, makes the group and opens it.
 *
 * @param {Pick<import("../../../hubbub.js").Hubbub, "create">} hub
 * @param {import("../people/store.js").People} people
 */
export function openNewGroup(hub, people) {
  const name = h('input', {
    id: 'group-name',
    type: 'text',
    required: true,
    maxlength: '100',
    autocomplete: 'off',
    autofocus: true,
  });
  const open = h('input', { id: 'group-open', type: 'checkbox' });
  const picker = new PeoplePicker((prefix) => people.find(prefix), { label: 'People' });
  openDialog({
    title: 'New group',
    action: 'Create group',
    content: [
      h('div', { class: 'field' }, h('label', { for: 'group-name' }, 'Name'), name),
      picker.element,
      h('label', { class: 'check', for: 'group-open' }, open, h('span', {}, 'Anyone with the link may join')),
    ],
    onSubmit: async () => {
      const access = open.checked ? 'open' : 'members';
      const group = await hub.create({ name: name.value.trim(), members: [...picker.taken.keys()], access });
      toGroup(group.id);
    },
  });
}
