"""The state that follows from a group's raw sequence, by docs/protocol.md alone. Pure: no connection, no clock."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

HUB = "hub."
MEMBERSHIP = ("joined", "left", "role")
# Kinds of which the protocol says whether they are shown; of others, either will do.
SHOWN = {"text": True, "joined": True, "left": True, "role": True, "void": False, "pinned": False}

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
        apply_pin(event, state, differs)
        before = event
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
    """Only members send, and only admins pin (in direct chats either side)."""
    kind, sender, members = event["kind"], event["from"], state.members
    if members is None or not (kind in ("text", "pinned") or kind.startswith("x.")):
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


def apply_pin(event: Event, state: State, differs: Report) -> None:
    """The greatest seq wins for each target; an event that says nothing valid should have become a void."""
    if event["kind"] != "pinned":
        return
    seq, on = event["seq"], (event.get("data") or {}).get("on")
    about = target_of(event)
    if not isinstance(on, bool) or about is None or about >= seq:
        differs(f"seq {seq}", "a void", f"pinned of {event.get('ref')} with {event.get('data')}")
        return
    target = state.events.get(about)
    # Below the first that is kept there is nothing to look at.
    if target is None and about < state.first:
        return
    if target is None or not (target["kind"] == "text" or target["kind"].startswith("x.")):
        differs(f"seq {seq}", "a void", f"pinned of a {target['kind'] if target else 'missing event'}")
    elif on:
        state.pins[about] = seq
    else:
        state.pins.pop(about, None)
