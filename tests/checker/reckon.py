"""The state that follows from a group's raw sequence, by docs/protocol.md alone. Pure: no connection, no clock."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

HUB = "hub."
MEMBERSHIP = ("joined", "left", "role")
# Kinds of which the protocol says whether they are shown; of others, either will do.
SHOWN = {
    "text": True,
    "joined": True,
    "left": True,
    "role": True,
    "void": False,
    "pinned": False,
    "edited": False,
    "deleted": False,
    "reaction": False,
}
# What events do to others: who may, beside the admins of a group, and to which kinds.
EFFECTS = ("pinned", "edited", "deleted", "reaction")

# What became of an event, where it does not stand as it was said.
STATE = ("pinned", "edited", "deleted", "reactions", "replies")

Event = dict
Report = Callable[[str, object, object], None]


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it must be."""

    where: str
    expected: object
    found: object

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, found {self.found}"


@dataclass
class State:
    """What follows from the events of one group."""

    group: str
    direct: bool
    events: dict[int, Event] = field(default_factory=dict)
    # None where the beginning is gone, and with it who belonged to the group then.
    members: dict[str, str] | None = None
    # By the seq of what is pinned: the seq of the event that pinned it.
    pins: dict[int, int] = field(default_factory=dict)
    # By the seq of what was edited: the newest event that did it.
    edits: dict[int, Event] = field(default_factory=dict)
    # By the seq of what was deleted: the first event that did it.
    deletions: dict[int, Event] = field(default_factory=dict)
    # By the seq of what is reacted to: who does, by emoji, the one used first in front.
    reactions: dict[int, dict[str, set[str]]] = field(default_factory=dict)
    # By the seq of what is replied to: the replies.
    replies: dict[int, set[int]] = field(default_factory=dict)
    # Through whose eyes it is looked at.
    reader: str = ""

    @property
    def first(self) -> int:
        return min(self.events, default=0)

    @property
    def head(self) -> int:
        return max(self.events, default=0)

    def ordered(self) -> list[Event]:
        return [self.events[seq] for seq in sorted(self.events)]

    def shown(self) -> list[Event]:
        return [event for event in self.ordered() if is_shown(event)]

    def now(self, event: Event) -> Event:
        """An event of the sequence as it has come to be, by what later events made of it."""
        seq, event = event["seq"], {name: value for name, value in event.items() if name not in STATE}
        if seq in self.deletions:
            by = self.deletions[seq]
            return event | {"deleted": {"time": by["time"], "by": by["from"]}}
        if seq in self.edits:
            by = self.edits[seq]
            event = event | {"text": by.get("text"), "edited": by["time"]}
        return event | ({"pinned": True} if seq in self.pins else {}) | self.answered(seq)

    def answered(self, seq: int) -> Event:
        """How many react to an event with what, and how many replies it has."""
        reactions = [
            {"emoji": emoji, "count": len(users), "mine": self.reader in users}
            for emoji, users in self.reactions.get(seq, {}).items()
            if users
        ]
        replies = len(self.replies.get(seq, ()))
        return ({"reactions": reactions} if reactions else {}) | ({"replies": replies} if replies else {})

    def seen_by(self, reader: str) -> "State":
        return replace(self, reader=reader)

    def mentioned(self, read: int) -> int:
        """How many texts above a read mark mention the reader, or all."""
        texts = [event for event in self.events.values() if event["kind"] == "text" and event["seq"] > read]
        return sum(mentions(event, self.reader) for event in texts if event["seq"] not in self.deletions)

    def n_at(self, seq: int) -> int | None:
        """`n` at a seq; None where the sequence does not tell."""
        if seq in self.events:
            return self.events[seq]["n"]
        first = self.events.get(self.first)
        if first is None or seq >= self.first or not begins_a_life(first, self.direct):
            return None
        return first["n"]


def is_shown(event: Event) -> bool:
    return event.get("shown", True) is not False


def counts(event: Event) -> bool | None:
    """Whether it counts in `n`; None where only the hub knows."""
    kind = event["kind"]
    if kind == "text":
        return True
    if kind.startswith("x."):
        return (event.get("data") or {}).get("notify") is True
    # A void keeps the number that its seq had got.
    return False if kind in SHOWN and kind != "void" else None


def begins_a_life(event: Event, direct: bool) -> bool:
    """The first event of a group, or of one that was deleted and made again."""
    if event["seq"] == 1:
        return True
    data = event.get("data") or {}
    alone = data.get("users") == [event["from"]] and data.get("role") == "admin"
    return event["kind"] == "joined" and (direct or alone)


def target_of(event: Event) -> int | None:
    """The seq in this group that an event is about; None for a `ref` of another form."""
    group, _, seq = (event.get("ref") or "").rpartition(":")
    return int(seq) if group == event["group"] and re.fullmatch(r"[1-9][0-9]*", seq) else None


def mentions(event: Event, user: str) -> bool:
    named = event.get("mentions", [])
    return named == "all" or user in named


def reckon(group: str, events: list[Event], direct: bool) -> tuple[State, list[Difference]]:
    """The state after these events, which are all from the first that is kept, and what is wrong with them."""
    state, found = State(group, direct), []

    def differs(where: str, expected: object, was: object) -> None:
        found.append(Difference(f"raw sequence of {group}, {where}", expected, was))

    sent: dict[tuple[str, str], int] = {}
    before: Event | None = None
    for event in events:
        check_place(event, before, group, differs)
        check_number(event, before, differs)
        check_cid(event, sent, differs)
        check_authority(event, state, differs)
        if before is None:
            state.members = {} if begins_a_life(event, direct) else None
        state.events.setdefault(event["seq"], event)
        apply_membership(event, state)
        apply_effect(event, state, differs)
        apply_reply(event, state)
        before = event
    check_erased(state, differs)
    if state.members and not direct and "admin" not in state.members.values():
        differs("members", "an admin", sorted(state.members))
    return state, found


def check_place(event: Event, before: Event | None, group: str, differs: Report) -> None:
    seq = event["seq"]
    if before is not None and seq != before["seq"] + 1:
        differs(f"after seq {before['seq']}", before["seq"] + 1, seq)
    if event["group"] != group:
        differs(f"group of seq {seq}", group, event["group"])
    shown = SHOWN.get(event["kind"], True if event["kind"].startswith("x.") else None)
    if shown is not None and is_shown(event) != shown:
        differs(f"shown of seq {seq} ({event['kind']})", shown, is_shown(event))


def check_number(event: Event, before: Event | None, differs: Report) -> None:
    seq, n = event["seq"], event["n"]
    if before is None and seq != 1:
        return
    last, counted = (before["n"] if before else 0), counts(event)
    allowed = [last, last + 1] if counted is None else [last + counted]
    if n not in allowed:
        differs(f"n of seq {seq} ({event['kind']})", " or ".join(map(str, allowed)), n)


def check_cid(event: Event, sent: dict[tuple[str, str], int], differs: Report) -> None:
    if event.get("cid") is None:
        return
    earlier = sent.setdefault((event["from"], event["cid"]), event["seq"])
    if earlier != event["seq"]:
        differs(f"cid {event['cid']} of {event['from']}", f"seq {earlier} alone", f"seq {event['seq']} as well")


def check_authority(event: Event, state: State, differs: Report) -> None:
    """Only members send, only admins pin (in direct chats either side), only authors edit, and they and admins delete."""
    kind, sender, members = event["kind"], event["from"], state.members
    check_author(event, state, differs)
    if members is None or not (kind in ("text", *EFFECTS) or kind.startswith("x.")):
        return
    if sender not in members:
        differs(f"sender of seq {event['seq']} ({kind})", "a member", sender)
    elif kind == "pinned" and not state.direct and members[sender] != "admin":
        differs(f"sender of seq {event['seq']} ({kind})", "an admin", sender)


def apply_membership(event: Event, state: State) -> None:
    if state.members is None or event["kind"] not in MEMBERSHIP:
        return
    data = event.get("data") or {}
    role = "admin" if data.get("role") == "admin" else "member"
    for user in data.get("users", []):
        if event["kind"] == "left":
            state.members.pop(user, None)
        elif event["kind"] == "joined" or user in state.members:
            state.members[user] = role


def check_author(event: Event, state: State, differs: Report) -> None:
    kind, sender = event["kind"], event["from"]
    target = state.events.get(target_of(event) or 0)
    if target is None or kind not in ("edited", "deleted") or sender == target["from"]:
        return
    if kind == "edited":
        differs(f"sender of seq {event['seq']} (edited)", target["from"], sender)
    elif state.members is not None and (state.direct or state.members.get(sender) != "admin"):
        differs(f"sender of seq {event['seq']} (deleted)", f"{target['from']} or an admin", sender)


def apply_effect(event: Event, state: State, differs: Report) -> None:
    """An event that says nothing valid should have become a void."""
    kind, seq = event["kind"], event["seq"]
    if kind not in EFFECTS:
        return
    about, on = target_of(event), (event.get("data") or {}).get("on")
    if about is None or about >= seq or (kind in ("pinned", "reaction") and not isinstance(on, bool)):
        differs(f"seq {seq}", "a void", f"{kind} of {event.get('ref')} with {event.get('data')}")
        return
    target = state.events.get(about)
    # Below the first that is kept there is nothing to look at.
    if target is None and about < state.first:
        return
    if target is None or not may_be_about(kind, target):
        differs(f"seq {seq}", "a void", f"{kind} of a {target['kind'] if target else 'missing event'}")
    elif about in state.deletions and kind != "deleted":
        differs(f"seq {seq}", "a void", f"{kind} of what seq {state.deletions[about]['seq']} deleted")
    else:
        change(state, event, about, on is True)


def may_be_about(kind: str, target: Event) -> bool:
    return target["kind"] == "text" or (kind != "edited" and target["kind"].startswith("x."))


def change(state: State, event: Event, about: int, on: bool) -> None:
    """The greatest seq wins for each target, but that the first deletion ends all."""
    if event["kind"] == "edited":
        state.edits[about] = event
    elif event["kind"] == "reaction":
        react(state.reactions.setdefault(about, {}), event["data"].get("emoji"), event["from"], on)
    elif event["kind"] == "deleted":
        state.deletions.setdefault(about, event)
        for became in (state.pins, state.reactions, state.replies):
            became.pop(about, None)
        for replies in state.replies.values():
            replies.discard(about)
    elif on:
        state.pins[about] = event["seq"]
    else:
        state.pins.pop(about, None)


def react(emojis: dict[str, set[str]], emoji: str, user: str, on: bool) -> None:
    if on:
        emojis.setdefault(emoji, set()).add(user)
    else:
        emojis.get(emoji, set()).discard(user)


def apply_reply(event: Event, state: State) -> None:
    """Texts of before replies had an effect say anything with their `ref`: such a one is none."""
    about = target_of(event) if event["kind"] == "text" else None
    target = state.events.get(about or 0)
    if target is not None and about < event["seq"] and is_shown(target) and about not in state.deletions:
        state.replies.setdefault(about, set()).add(event["seq"])


def check_erased(state: State, differs: Report) -> None:
    """Of what is deleted nothing is left, nor of what was edited of it; all else says something."""
    for event in state.events.values():
        seq, edits = event["seq"], event["kind"] == "edited"
        erased = (target_of(event) if edits else seq) in state.deletions
        left = [name for name in ("text", "data", "mentions") if name in event]
        if erased and left:
            differs(f"seq {seq}", "nothing of what was deleted", ", ".join(left))
        if not erased and "text" not in event and (edits or event["kind"] == "text"):
            differs(f"seq {seq}", "a text", "none, and nobody deleted it")
