"""Faults to plant into answers that were right."""

from collections.abc import Callable

from . import made_up
from .answers import Event, GroupAnswers, NodeAnswers, Page, View

Told = list[NodeAnswers]


def answers(told: Told) -> GroupAnswers:
    """Those of the second node to anna: whatever is wrong there, the first node has it right."""
    return told[2].groups[made_up.GROUP]


def page(told: Told, where: str) -> list[Event]:
    return next(page for page in answers(told).pages if page.where == where).messages


def pins(told: Told, where: str) -> Page:
    return next(page for page in answers(told).pins if page.where == where)


def view(told: Told, listing: str = "welcome") -> View:
    return told[2].listings[listing][0]


def event(events: list[Event], seq: int) -> Event:
    return next(event for event in events if event["seq"] == seq)


def everywhere(told: Told, seq: int, change: Callable[[Event], None]) -> None:
    """The same wrong thing in all sequences, so that no two disagree."""
    for node in told:
        for events in node.groups[made_up.GROUP].raw.values():
            change(event(events, seq))


def lose(events: list[Event], seq: int) -> None:
    events.remove(event(events, seq))


def lose_everywhere(told: Told, seq: int) -> None:
    for node in told:
        for events in node.groups[made_up.GROUP].raw.values():
            lose(events, seq)


def put(events: list[Event], seq: int, **fields: object) -> None:
    event(events, seq).update(fields)


def take(events: list[Event], seq: int, name: str) -> None:
    del event(events, seq)[name]


def pins_seq_7(event: Event) -> None:
    event.update(ref="g1:7")


def set_more(told: Told, where: str, more: bool) -> None:
    next(page for page in answers(told).pages if page.where == where).more = more


# What is planted, and what the difference that tells of it begins with, behind the place.
PLANTS: dict[str, tuple[Callable[[Told], object], str]] = {
    # The sequence itself.
    "an event missing everywhere": (lambda told: lose_everywhere(told, 7), "after seq 6"),
    "an event missing on one node": (lambda told: lose(answers(told).raw["upwards"], 7), "raw sequence upwards, seqs"),
    "the newest event missing downwards": (
        lambda told: lose(answers(told).raw["downwards"], 23),
        "raw sequence downwards, seqs",
    ),
    "two events with one seq": (
        lambda told: [way.insert(4, dict(way[3])) for node in told for way in node.groups[made_up.GROUP].raw.values()],
        "after seq 4",
    ),
    "an event twice on one node": (
        lambda told: answers(told).raw["upwards"].insert(4, dict(answers(told).raw["upwards"][3])),
        "raw sequence upwards, seqs",
    ),
    "two events in another order": (
        lambda told: answers(told).raw["upwards"].insert(3, answers(told).raw["upwards"].pop(4)),
        "raw sequence upwards, seqs",
    ),
    "another event of this seq on one node": (
        lambda told: put(answers(told).raw["upwards"], 4, text="another"),
        "raw sequence upwards, seq 4, text",
    ),
    "keys of data in another order": (
        lambda told: put(answers(told).raw["upwards"], 4, data={"a": [None, 2.5], "b": 1}),
        "raw sequence upwards, seq 4, data",
    ),
    "an event of another group": (lambda told: everywhere(told, 4, lambda at: at.update(group="g2")), "group of seq 4"),
    "one cid at two seqs": (
        lambda told: everywhere(told, 14, lambda at: "cid" in at and at.update(cid="a1")),
        "cid a1 of anna",
    ),
    "another cid on one node": (
        lambda told: put(answers(told).raw["upwards"], 3, cid="z9"),
        "seq 3, cid",
    ),
    "n too high": (lambda told: everywhere(told, 4, lambda at: at.update(n=3)), "n of seq 4"),
    "n that stands still at a text": (lambda told: everywhere(told, 4, lambda at: at.update(n=1)), "n of seq 4"),
    "n that a pin raised": (lambda told: everywhere(told, 5, lambda at: at.update(n=3)), "n of seq 5"),
    "n that goes back": (lambda told: everywhere(told, 6, lambda at: at.update(n=1)), "n of seq 6"),
    "n wrong on one node": (lambda told: put(answers(told).raw["upwards"], 14, n=5), "raw sequence upwards, seq 14, n"),
    "a void that is shown": (lambda told: everywhere(told, 6, lambda at: at.pop("shown")), "shown of seq 6"),
    "a void that tells by whom it was": (
        lambda told: put(answers(told).raw["upwards"], 6, **{"from": "bert"}),
        "raw sequence upwards, seq 6, from",
    ),
    "a void that tells what it stands for": (
        lambda told: put(answers(told).raw["upwards"], 6, data={"on": True}),
        "raw sequence upwards, seq 6, data",
    ),
    "a pin that is shown": (lambda told: everywhere(told, 9, lambda at: at.pop("shown")), "shown of seq 9"),
    "a text that is not shown": (lambda told: everywhere(told, 4, lambda at: at.update(shown=False)), "shown of seq 4"),
    # Events that should have become voids.
    "a pin by a member": (
        lambda told: everywhere(told, 8, lambda at: at.update(data={"users": ["bert"], "role": "member"})),
        "sender of seq 9",
    ),
    "a text by somebody who has left": (
        lambda told: everywhere(told, 14, lambda at: at.update({"from": "carl"})),
        "sender of seq 14",
    ),
    "a pin on a void": (lambda told: everywhere(told, 12, lambda at: at.update(ref="g1:6")), "seq 12: expected a void"),
    "a pin on a pin": (lambda told: everywhere(told, 12, lambda at: at.update(ref="g1:5")), "seq 12: expected a void"),
    "a pin on what comes later": (
        lambda told: everywhere(told, 12, lambda at: at.update(ref="g1:14")),
        "seq 12: expected a void",
    ),
    "a pin in another group": (
        lambda told: everywhere(told, 12, lambda at: at.update(ref="g2:7")),
        "seq 12: expected a void",
    ),
    "a pin that is neither on nor off": (
        lambda told: everywhere(told, 12, lambda at: at.update(data={"on": 1})),
        "seq 12: expected a void",
    ),
    # Pins.
    "a pin lost from a page": (
        lambda told: take(page(told, "history after 0"), 3, "pinned"),
        "history after 0, seq 3, pinned",
    ),
    "a pin lost from a page by number": (
        lambda told: take(page(told, "GET page 1"), 7, "pinned"),
        "GET page 1, seq 7, pinned",
    ),
    "a pin lost from a single message": (
        lambda told: answers(told).singles[3].pop("pinned"),
        "message 3, seq 3, pinned",
    ),
    "a pin kept after it was taken back": (
        lambda told: put(page(told, "history after 0"), 4, pinned=True),
        "history after 0, seq 4, pinned",
    ),
    "a pin taken back that says so": (
        lambda told: put(page(told, "history after 0"), 4, pinned=False),
        "history after 0, seq 4, pinned",
    ),
    "a pin on a void in a page": (
        lambda told: put(page(told, "history after 0"), 6, pinned=True),
        "history after 0, seq 6, pinned",
    ),
    "an older pin wins": (
        lambda told: pins(told, "pins").messages.insert(1, event(page(told, "history after 0"), 4) | {"pinned": True}),
        "pins, seqs",
    ),
    "a pin lost from the list": (lambda told: lose(pins(told, "pins").messages, 7), "pins, seqs"),
    "a pin lost from the list over HTTP": (lambda told: pins(told, "GET pins").messages.clear(), "GET pins, seqs"),
    "more said of the list of pins": (lambda told: setattr(pins(told, "pins"), "more", True), "pins, more"),
    "the list of pins oldest first": (lambda told: pins(told, "pins").messages.reverse(), "pins, seqs"),
    "a pin in the list that does not say so": (
        lambda told: take(pins(told, "pins").messages, 3, "pinned"),
        "pins, seq 3, pinned",
    ),
    "another text in the list of pins": (
        lambda told: put(pins(told, "pins").messages, 3, text="eins"),
        "pins, seq 3, text",
    ),
    # Edits and deletions.
    "an edit by somebody else": (
        lambda told: everywhere(told, 16, lambda at: at.update({"from": "bert"})),
        "sender of seq 16",
    ),
    "an edit of what is no text": (
        lambda told: everywhere(told, 16, lambda at: at.update(ref="g1:11")),
        "seq 16: expected a void",
    ),
    "an edit that is shown": (lambda told: everywhere(told, 16, lambda at: at.pop("shown")), "shown of seq 16"),
    "a deletion by nobody who may": (
        lambda told: everywhere(told, 19, lambda at: at.update({"from": "carl"})),
        "sender of seq 19",
    ),
    "a pin on what is deleted": (
        lambda told: everywhere(told, 12, lambda at: at.update(kind="deleted")) or everywhere(told, 15, pins_seq_7),
        "seq 15: expected a void",
    ),
    "a text left of what is deleted": (
        lambda told: everywhere(told, 17, lambda at: at.update(text="five")),
        "seq 17: expected nothing",
    ),
    "an edit left of what is deleted": (
        lambda told: everywhere(told, 18, lambda at: at.update(text="fünf")),
        "seq 18: expected nothing",
    ),
    "a text left of what is deleted on one node": (
        lambda told: put(answers(told).raw["upwards"], 17, text="five"),
        "raw sequence upwards, seq 17, text",
    ),
    "a text gone that nobody deleted": (
        lambda told: everywhere(told, 14, lambda at: at.pop("text")),
        "seq 14: expected a text",
    ),
    "an edit in the place of what was said": (
        lambda told: put(answers(told).raw["upwards"], 14, text="vier"),
        "raw sequence upwards, seq 14, text",
    ),
    "an edit lost from a page": (
        lambda told: put(page(told, "history after 6"), 14, text="four"),
        "history after 6, seq 14, text",
    ),
    "a page that does not say that a text was edited": (
        lambda told: take(page(told, "GET page 0"), 14, "edited"),
        "GET page 0, seq 14, edited",
    ),
    "a page that does not say what was deleted": (
        lambda told: take(page(told, "GET page 0"), 17, "deleted"),
        "GET page 0, seq 17, deleted",
    ),
    "a deletion by another one": (
        lambda told: put(page(told, "history after 6"), 17, deleted={"time": 1_019, "by": "bert"}),
        "history after 6, seq 17, deleted",
    ),
    "a single message that is not deleted": (
        lambda told: answers(told).singles[17].pop("deleted"),
        "message 17, seq 17, deleted",
    ),
    "last is not deleted": (lambda told: view(told)["last"].pop("deleted"), "welcome, g1, last, seq 17, deleted"),
    # Reactions, replies, mentions.
    "a reaction by somebody who has left": (
        lambda told: everywhere(told, 20, lambda at: at.update({"from": "carl"})),
        "sender of seq 20",
    ),
    "a reaction to a pin": (lambda told: everywhere(told, 20, lambda at: at.update(ref="g1:5")), "seq 20: expected a void"),
    "a reaction to what is deleted": (
        lambda told: everywhere(told, 20, lambda at: at.update(ref="g1:17")),
        "seq 20: expected a void",
    ),
    "a reaction that is shown": (lambda told: everywhere(told, 20, lambda at: at.pop("shown")), "shown of seq 20"),
    "a reaction lost from a page": (
        lambda told: take(page(told, "history after 0"), 4, "reactions"),
        "history after 0, seq 4, reactions",
    ),
    "a reaction counted twice": (
        lambda told: event(page(told, "history after 0"), 4)["reactions"][0].update(count=2),
        "history after 0, seq 4, reactions",
    ),
    "a reaction of somebody else's that is one's own": (
        lambda told: event(page(told, "history after 0"), 4)["reactions"][0].update(mine=False),
        "history after 0, seq 4, reactions",
    ),
    "reactions in another order": (
        lambda told: event(page(told, "history after 0"), 4)["reactions"].reverse(),
        "history after 0, seq 4, reactions",
    ),
    "a reaction of a single message lost": (
        lambda told: answers(told).singles[4].pop("reactions"),
        "message 4, seq 4, reactions",
    ),
    "a reply that is not counted": (
        lambda told: take(page(told, "history after 0"), 4, "replies"),
        "history after 0, seq 4, replies",
    ),
    "a reply too many": (
        lambda told: put(page(told, "history after 0"), 3, replies=1),
        "history after 0, seq 3, replies",
    ),
    "a mention lost on one node": (
        lambda told: take(answers(told).raw["upwards"], 14, "mentions"),
        "raw sequence upwards, seq 14, mentions",
    ),
    "a mention that is not counted": (lambda told: view(told).update(mentioned=0), "welcome, g1, mentioned"),
    # Pages.
    "a page that is short": (lambda told: page(told, "history before 12").pop(0), "history before 12, seqs"),
    "a page that is long": (
        lambda told: page(told, "history before 12").insert(0, dict(page(told, "history after 0")[5])),
        "history before 12, seqs",
    ),
    "a void left out of one page alone": (lambda told: lose(page(told, "history after 0"), 6), "history after 0, seqs"),
    "an event that is not shown on a page by number": (
        lambda told: page(told, "GET page 2").insert(0, dict(page(told, "history after 0")[5])),
        "GET page 2, seqs",
    ),
    "a page by number that begins one too early": (lambda told: page(told, "GET page 0").pop(), "GET page 0, seqs"),
    "more said of the last page": (lambda told: set_more(told, "history after 6", True), "history after 6, more"),
    "no more said of the first page": (lambda told: set_more(told, "GET page 0", False), "GET page 0, more"),
    "a single message missing": (lambda told: answers(told).singles.update({4: None}), "message 4"),
    "a single message that is another": (
        lambda told: put([answers(told).singles[4]], 4, text="other"),
        "message 4, seq 4, text",
    ),
    # Groups.
    "a group lost from welcome": (
        lambda told: told[2].listings["welcome"].clear(),
        "welcome, g1: expected listed once",
    ),
    "a group twice": (
        lambda told: told[2].listings["groups"].append(view(told, "groups")),
        "groups, g1: expected listed once",
    ),
    "head behind": (lambda told: view(told).update(head=14), "welcome, g1, head"),
    "first too high": (lambda told: view(told, "groups").update(first=2), "groups, g1, first"),
    "n of the group wrong": (lambda told: view(told).update(n=6, unread=3), "welcome, g1, n"),
    "unread wrong": (lambda told: view(told).update(unread=3), "welcome, g1, unread"),
    "read above the head": (lambda told: view(told).update(read=24, unread=0), "welcome, g1, read"),
    "last is not the newest shown": (
        lambda told: view(told).update(last=dict(event(answers(told).raw["upwards"], 13))),
        "welcome, g1, last",
    ),
    "last is not shown at all": (
        lambda told: view(told).update(last=dict(event(answers(told).raw["upwards"], 15))),
        "welcome, g1, last",
    ),
    "last is missing": (lambda told: view(told).pop("last"), "welcome, g1, last"),
    "last says that it is pinned": (
        lambda told: view(told)["last"].update(pinned=True),
        "welcome, g1, last, seq 17, pinned",
    ),
    "a member lost": (lambda told: view(told)["members"].pop(), "welcome, g1, members"),
    "a member who has left": (
        lambda told: view(told)["members"].append({"id": "carl", "name": "Carl", "role": "member"}),
        "welcome, g1, members",
    ),
    "a member with another role": (lambda told: view(told)["members"][1].update(role="member"), "welcome, g1, members"),
    "a member twice": (
        lambda told: view(told)["members"].append(dict(view(told)["members"][0])),
        "welcome, g1, members",
    ),
    "no members at all": (lambda told: view(told).pop("members"), "welcome, g1, members"),
    "count wrong": (lambda told: view(told).update(count=3), "welcome, g1, count"),
}
