"""A conversation made up for the tests of the checker, and what a hub without a fault would answer about it."""

from .answers import Event, GroupAnswers, NodeAnswers, Page, View

GROUP = "g1"
NODES = ("http://node-1", "http://node-2")
USERS = ("anna", "bert")

# Who said what of which kind, with what else. anna makes the group; bert becomes an admin, carl comes and goes.
SCRIPT: list[tuple[str, str, dict]] = [
    ("anna", "joined", {"data": {"users": ["anna"], "role": "admin"}}),
    ("anna", "joined", {"data": {"users": ["bert", "carl"], "role": "member"}}),
    ("anna", "text", {"text": "one", "cid": "a1"}),
    ("bert", "text", {"text": "two", "cid": "b1", "data": {"b": 1, "a": [None, 2.5]}}),
    ("anna", "pinned", {"ref": "g1:3", "data": {"on": True}, "cid": "a2"}),
    ("hub.system", "void", {}),
    ("bert", "x.poll", {"data": {"notify": True}, "cid": "b2"}),
    ("hub.system", "role", {"data": {"users": ["bert"], "role": "admin"}}),
    ("bert", "pinned", {"ref": "g1:4", "data": {"on": True}, "cid": "b3"}),
    ("anna", "pinned", {"ref": "g1:4", "data": {"on": False}, "cid": "a3"}),
    ("bert", "x.note", {"text": "three", "cid": "b4"}),
    ("bert", "pinned", {"ref": "g1:7", "data": {"on": True}, "cid": "b5"}),
    ("carl", "left", {"data": {"users": ["carl"]}}),
    ("anna", "text", {"text": "four", "cid": "a4", "ref": "g1:4", "mentions": "all"}),
    ("anna", "pinned", {"ref": "g1:3", "data": {"on": True}, "cid": "a5"}),
    ("anna", "edited", {"ref": "g1:14", "text": "vier", "cid": "a6"}),
    # Both said something, until anna deleted it.
    ("bert", "text", {"cid": "b6"}),
    ("bert", "edited", {"ref": "g1:17", "cid": "b7"}),
    ("anna", "deleted", {"ref": "g1:17", "cid": "a7"}),
    ("bert", "reaction", {"ref": "g1:4", "data": {"emoji": "👍", "on": True, "count": 1}, "cid": "b8"}),
    ("anna", "reaction", {"ref": "g1:4", "data": {"emoji": "👍", "on": True, "count": 2}, "cid": "a8"}),
    ("anna", "reaction", {"ref": "g1:4", "data": {"emoji": ":b:", "on": True, "count": 1}, "cid": "a9"}),
    ("bert", "reaction", {"ref": "g1:4", "data": {"emoji": "👍", "on": False, "count": 1}, "cid": "b9"}),
]
# What follows, worked out by hand.
COUNTED = (3, 4, 7, 14, 17)
UNSHOWN = (5, 6, 9, 10, 12, 15, 16, 18, 19, 20, 21, 22, 23)
PINNED = (3, 7)
REACTIONS = {"👍": ["anna"], ":b:": ["anna"]}
STATE = {4: {"replies": 1}, 14: {"text": "vier", "edited": 1_016}, 17: {"deleted": {"time": 1_019, "by": "anna"}}}
MEMBERS = {"anna": "admin", "bert": "admin"}
READ = 7
UNREAD = 2


def events(group: str = GROUP) -> list[Event]:
    made = []
    for seq, (sender, kind, more) in enumerate(SCRIPT, 1):
        n = sum(counted <= seq for counted in COUNTED)
        event = {"group": group, "seq": seq, "n": n, "from": sender, "time": 1_000 + seq, "kind": kind} | more
        made.append(event | ({"shown": False} if seq in UNSHOWN else {}))
    return made


def seen_by(user: str, event: Event, as_it_is: bool) -> Event:
    mine = {name: value for name, value in event.items() if name != "cid" or event["from"] == user}
    if not as_it_is:
        return mine
    reactions = [{"emoji": emoji, "count": len(by), "mine": user in by} for emoji, by in REACTIONS.items()]
    reacted = {"reactions": reactions} if event["seq"] == 4 else {}
    return mine | ({"pinned": True} if event["seq"] in PINNED else {}) | reacted | STATE.get(event["seq"], {})


def told(knows_pins: bool = True, nodes: tuple[str, ...] = NODES) -> list[NodeAnswers]:
    """What every node tells both users."""
    return [answers_of(node, user, knows_pins) for node in nodes for user in USERS]


def answers_of(node: str, user: str, knows_pins: bool) -> NodeAnswers:
    raw = [seen_by(user, event, False) for event in events()]
    stated = [seen_by(user, event, knows_pins) for event in events()]
    shown = [event for event in stated if event.get("shown", True)]
    answers = GroupAnswers(
        raw={"upwards": raw, "downwards": [dict(event) for event in raw]},
        pages=[*pages_by_seq(stated), *pages_by_number(shown)],
        singles={event["seq"]: dict(event) for event in stated},
    )
    if knows_pins:
        newest_first = [event for event in reversed(stated) if event["seq"] in PINNED]
        ways = {"pins": newest_first, "GET pins": [dict(event) for event in newest_first]}
        answers.pins = [Page(way, {}, messages, False) for way, messages in ways.items()]
    listings = {name: [view_of(shown[-1])] for name in ("welcome", "groups")}
    return NodeAnswers(node, user, knows_pins, listings, {GROUP: answers})


def pages_by_seq(stated: list[Event]) -> list[Page]:
    return [
        Page("history after 0", {"after": 0, "limit": 6}, stated[:6], True),
        Page("history after 6", {"after": 6, "limit": 200}, stated[6:], False),
        Page("history before 12", {"before": 12, "limit": 5}, stated[6:11], True),
    ]


def pages_by_number(shown: list[Event]) -> list[Page]:
    return [
        Page("GET page 0", {"page": 0, "perPage": 4}, shown[-4:], True),
        Page("GET page 1", {"page": 1, "perPage": 4}, shown[-8:-4], True),
        Page("GET page 2", {"page": 2, "perPage": 4}, shown[:-8], False),
        Page("GET page 3", {"page": 3, "perPage": 4}, [], False),
    ]


def view_of(last: Event) -> View:
    members = [{"id": user, "name": user.title(), "role": role} for user, role in MEMBERS.items()]
    of_group = {"id": GROUP, "kind": "group", "name": "made up", "access": "members"}
    at = {"count": 2, "head": len(SCRIPT), "n": 5, "read": READ, "unread": UNREAD, "mentioned": 1, "first": 1}
    return of_group | at | {"last": dict(last), "members": members}
