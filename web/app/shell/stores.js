import { Connection } from '../features/connection/store.js';
import { Drafts } from '../features/drafts/store.js';
import { Edits } from '../features/edits/store.js';
import { Groups } from '../features/groups/store.js';
import { Titles } from '../features/groups/titles.js';
import { Timelines } from '../features/messages/store.js';
import { Sender } from '../features/outbox/sender.js';
import { Outbox } from '../features/outbox/store.js';
import { Stranded } from '../features/outbox/stranded.js';
import { People } from '../features/people/store.js';
import { Presence } from '../features/presence/store.js';
import { Reactions } from '../features/reactions/store.js';
import { OwnMarks } from '../features/receipts/own-marks.js';
import { Receipts } from '../features/receipts/store.js';
import { Originals } from '../features/replies/store.js';
import { Typing } from '../features/typing/store.js';

/**
 * @typedef {import("../../hubbub.js").Hubbub} Hubbub
 * @typedef {import("../storage/safe.js").Safe} Safe
 * @typedef {import("../features/people/store.js").Person} Person
 * @typedef {ReturnType<typeof makeStores>} Stores
 */

/**
 * Everything the page knows of one login, each part with what it needs of the others.
 *
 * @param {{ user: string, name?: string }} login
 * @param {object} from
 * @param {Hubbub} from.hub
 * @param {Safe} from.safe where what is written is kept
 * @param {(prefix: string) => Promise<Person[]>} from.search asks the hub for people
 */
export function makeStores({ user: me, name }, { hub, safe, search }) {
  const connection = new Connection(hub);
  const people = new People(me, search);
  people.learn([{ id: me, name }]);
  const groups = new Groups(me);
  const titles = new Titles(me, groups, people);
  const outbox = new Outbox(safe);
  const drafts = new Drafts(safe);
  const timelines = new Timelines(hub, groups, me);
  return {
    me,
    hub,
    safe,
    connection,
    people,
    groups,
    titles,
    outbox,
    drafts,
    presence: new Presence(),
    typing: new Typing(hub),
    receipts: new Receipts(me),
    ownMarks: new OwnMarks(hub, groups, connection),
    timelines,
    edits: new Edits(hub, drafts, timelines),
    originals: new Originals(hub, timelines, me),
    reactions: new Reactions(hub),
    sender: new Sender(hub, outbox, drafts, (target) => titles.ofTarget(target)),
    stranded: new Stranded({ outbox, drafts, groups, titles }),
  };
}
