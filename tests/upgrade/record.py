"""What one client went through, held to the delivery contract as it happens. Pure: no connection, no clock."""

import json
from dataclasses import dataclass, field

from tests.checker.compare import seqs, what_was_said
from tests.checker.reckon import Event, State

# Breaches are told in full up to here; the counts go on.
TOLD_AT_MOST = 20


def digest(event: Event) -> int:
    """What was said, without the state that it has come to."""
    return hash(json.dumps(what_was_said(event)))


@dataclass
class Breaches:
    """Counted by kind, for the table; the first ones in words."""

    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    refused: int = 0
    told: list[str] = field(default_factory=list)

    def add(self, kind: str, words: str, times: int = 1) -> None:
        setattr(self, kind, getattr(self, kind) + times)
        if len(self.told) < TOLD_AT_MOST:
            self.told.append(f"{kind}: {words}")

    @property
    def count(self) -> int:
        return self.lost + self.doubled + self.disordered + self.refused


@dataclass
class Held:
    """What a client holds of a group: up to `seq`, from wherever it began."""

    seq: int
    # Just told of: its first event may be one that the head which was told contains.
    fresh: bool = False
    seen: dict[int, int] = field(default_factory=dict)


class Record:
    """Everything that was sent to one user, over all their sessions."""

    def __init__(self, user: str, breaches: Breaches) -> None:
        self.user, self.breaches = user, breaches
        self.groups: dict[str, Held] = {}
        self.acked: dict[tuple[str, str], int] = {}
        # Sends that were refused, with how often they had been tried by then.
        self.refused: dict[tuple[str, str], int] = {}
        self.gaps = 0

    def cursors(self) -> dict[str, int]:
        return {group: held.seq for group, held in self.groups.items()}

    def welcomed(self, groups: list[dict]) -> None:
        """Groups that were held are replayed from the cursor, others go live after their head."""
        for held in self.groups.values():
            held.fresh = False
        for view in groups:
            self.groups.setdefault(view["id"], Held(view["head"]))

    def group(self, frame: dict) -> None:
        if frame.get("gone"):
            self.groups.pop(frame["id"], None)
        # An answer to `create` may speak of events that are yet to come.
        elif "re" not in frame:
            self.groups.setdefault(frame["id"], Held(frame["head"], fresh=True))

    def gap(self, frame: dict) -> None:
        group, first, last = frame["group"], frame["from"], frame["to"]
        held = self.groups.setdefault(group, Held(last))
        if frame["reason"] == "reset":
            words = f"{self.user} was told to drop {first} to {last} of {group}"
            self.breaches.add("lost", words, last - first + 1)
            held.seq = first - 1
            return
        self.gaps += 1
        held.seq = max(held.seq, last)

    def message(self, event: Event) -> None:
        group, seq = event["group"], event["seq"]
        held = self.groups.get(group)
        if held is None:
            self.breaches.add("disordered", f"{self.user} got {group}:{seq} before the group")
            return
        if held.fresh:
            held.seq, held.fresh = min(held.seq, seq - 1), False
        if seq <= held.seq:
            known = held.seen.get(seq)
            words = "again" if known in (None, digest(event)) else "again, and another"
            self.breaches.add("doubled", f"{self.user} got {group}:{seq} {words}, holding {held.seq}")
            return
        if seq > held.seq + 1:
            words = f"{self.user} got {group}:{seq} behind {held.seq}"
            self.breaches.add("disordered", words, seq - held.seq - 1)
        held.seq, held.seen[seq] = seq, digest(event)
        if event["from"] == self.user and event.get("cid"):
            self.settled(group, event["cid"], seq)

    def settled(self, group: str, cid: str, seq: int) -> None:
        """An ack, or one's own event: both say where a send is."""
        known = self.acked.setdefault((group, cid), seq)
        if known != seq:
            self.breaches.add("doubled", f"{cid} of {self.user} in {group} is at {known} and at {seq}")

    def was_refused(self, group: str, cid: str, tries: int) -> None:
        self.refused[(group, cid)] = tries

    def judge(self, states: dict[str, State]) -> None:
        """Holds all of it to the sequences, once nobody sends any more."""
        for group, held in self.groups.items():
            if group in states:
                self._judge_group(group, held, states[group])
        for (group, cid), seq in self.acked.items():
            event = states[group].events.get(seq) if group in states else None
            if group in states and (event is None or event["from"] != self.user or event["kind"] == "void"):
                self.breaches.add("lost", f"{cid} of {self.user}, acked as {group}:{seq}, is not there")

        for (group, cid), tries in self.refused.items():
            # A node that does not know the kind cannot know either that the first try is stored.
            if (group, cid) in self.acked and tries == 1:
                self.breaches.add("refused", f"{cid} of {self.user} in {group} was refused, and stored")

    def _judge_group(self, group: str, held: Held, state: State) -> None:
        lacking = [seq for seq in range(held.seq + 1, state.head + 1)]
        if lacking:
            self.breaches.add("lost", f"{self.user} never got {group}:{seqs(lacking)}", len(lacking))
        for seq, known in held.seen.items():
            event = state.events.get(seq)
            if event is None:
                self.breaches.add("lost", f"{self.user} saw {group}:{seq}, which is not there")
            elif digest(event) != known:
                self.breaches.add("disordered", f"{self.user} saw another event as {group}:{seq}")
