/**
 * The shapes that the hub sends, as docs/protocol.md defines them. Types only: nothing here exists at run time.
 *
 * @typedef {object} HubEvent one entry of a group's sequence
 * @property {string} group
 * @property {number} seq 1, 2, 3 … in its group
 * @property {number} n how many events up to this one make something unread
 * @property {string} from the user who caused it
 * @property {number} time Unix milliseconds
 * @property {string} kind `text`, `edited`, `deleted`, `reaction`, `pinned`, `updated`, `joined`, `left`, `role`,
 *   `void`, `x.…`, or one that this client need not know
 * @property {boolean} [shown] there and false for what is not to be shown
 * @property {string} [text] the current one
 * @property {string} [ref] the id of the event that this one is about, or replies to
 * @property {string[] | "all"} [mentions] the users that it names
 * @property {Record<string, any>} [data]
 * @property {string} [cid] the sender's own name for it; only in the sender's own sessions
 * @property {number} [edited] when its text was last changed, Unix milliseconds
 * @property {{ time: number, by: string }} [deleted] when and by whom; nothing else of it is there then
 * @property {Reaction[]} [reactions] by first use
 * @property {number} [replies] how many replies it has
 * @property {boolean} [pinned]
 *
 * @typedef {object} Reaction
 * @property {string} emoji
 * @property {number} count how many users
 * @property {boolean} mine whether this user is one of them
 *
 * @typedef {object} Member
 * @property {string} id
 * @property {string} name
 * @property {string} role `admin` or `member`; of a newer hub maybe another, to be taken for `member`
 *
 * @typedef {object} Group one with `gone` has nothing but its `id`
 * @property {string} id
 * @property {"group" | "direct"} kind
 * @property {string} name
 * @property {"members" | "open" | "password"} access
 * @property {number} count how many members
 * @property {number} head its newest seq
 * @property {number} n `n` of its newest event
 * @property {number} read up to which seq this user has read
 * @property {number} unread
 * @property {number} first the oldest seq still kept
 * @property {HubEvent} [last] its newest event
 * @property {Member[]} [members] in groups of at most 200
 * @property {string} [about]
 * @property {string} [image]
 * @property {"admins" | "members"} [pinning] who may pin
 * @property {boolean} [archived] nothing may be said there any more
 * @property {number} [mentioned] how many unread events name this user
 * @property {number} [online] how many others of its members are online
 * @property {{ read: [number, number], delivered: [number, number] }} [others] how far the others have come: the least
 *   and the greatest; in groups of at most 200
 * @property {boolean} [gone] this user is no longer in it
 *
 * @typedef {object} Welcome
 * @property {string} session
 * @property {string} user the user this session belongs to
 * @property {string} node
 * @property {number} time the hub's clock, Unix milliseconds
 * @property {number} heartbeat milliseconds
 * @property {Record<string, number>} limits
 * @property {string[]} features what the hub can do, as of then; `hub.features` keeps up
 * @property {Group[]} groups newest activity first, at most 200
 * @property {boolean} more whether there are further groups, to be asked for with `groups()`
 *
 * @typedef {object} Ack
 * @property {string} group
 * @property {string} cid
 * @property {number} seq
 * @property {number} time Unix milliseconds
 *
 * @typedef {object} HistoryPage
 * @property {string} group
 * @property {HubEvent[]} messages ascending
 * @property {boolean} more whether there are further ones in the direction asked
 * @property {number} [next] the seq to go on from, exclusive
 * @property {number} [as_of] effects of events up to this seq are in it
 *
 * @typedef {object} Pins
 * @property {string} group
 * @property {HubEvent[]} messages newest first
 * @property {boolean} more
 * @property {number} [as_of]
 *
 * @typedef {object} Seen
 * @property {string[]} read who has read it
 * @property {string[]} delivered who holds it and has not read it
 * @property {string} [next] there when there are further ones
 *
 * @typedef {object} ReactionPage
 * @property {{ id: string, emoji: string, time: number }[]} users
 * @property {string} [next] there when there are further ones
 *
 * @typedef {object} Profile
 * @property {string} id
 * @property {string} username
 * @property {string} name
 * @property {string} [email]
 * @property {string} [phone]
 * @property {string} [about]
 * @property {string} [image]
 * @property {string} [time_zone]
 * @property {{ emoji?: string, text?: string, until?: number } | null} [status]
 * @property {Record<string, any>} [settings] the client's own
 *
 * @typedef {object} GroupPage
 * @property {Group[]} groups
 * @property {boolean} more
 *
 * @typedef {object} Presence
 * @property {string} id
 * @property {boolean} online
 * @property {number} last_seen Unix milliseconds; 0 when unknown
 *
 * @typedef {object} Receipt
 * @property {string} group
 * @property {string} user
 * @property {number} read
 * @property {number} delivered
 *
 * @typedef {object} Gap events that the hub will not replay
 * @property {string} group
 * @property {number} from
 * @property {number} to
 * @property {"too_many" | "expired" | "reset"} reason
 *
 * @typedef {object} Bye
 * @property {number} code
 * @property {boolean} reconnect
 * @property {number} after milliseconds
 * @property {string} [url]
 *
 * @typedef {object} Message what `send` takes
 * @property {string} [group] the group to say it in
 * @property {string} [to] or the user to say it to, in the direct chat with them
 * @property {string} [text] where the kind needs one, as `text` does
 * @property {string} [cid] made when absent; give your own to repeat a send of an earlier page load
 * @property {string} [kind]
 * @property {string} [ref]
 * @property {string[] | "all"} [mentions] user ids
 * @property {Record<string, any>} [data]
 *
 * @typedef {{ type: string, id?: string | number, re?: string | number, [field: string]: any }} Frame
 *
 * @typedef {"idle" | "connecting" | "online" | "waiting" | "stopped"} LinkState
 *
 * @typedef {object} StateChange
 * @property {LinkState} state
 * @property {number} attempt failed attempts since the connection was last good
 * @property {number} [retryIn] while waiting: milliseconds until the next attempt
 * @property {HubbubError} [error] when stopped: why
 *
 * @typedef {import("./errors.js").HubbubError} HubbubError
 */
export {};
