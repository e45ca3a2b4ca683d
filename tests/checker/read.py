"""Reads from nodes what the comparison needs, over WebSocket and HTTP, as any client could."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .answers import Event, GroupAnswers, NodeAnswers, Page, View
from .connection import Connection, Unreadable

WHOLE_PAGE = 200
ABOVE_ALL = 2**53 - 1
# Sizes of pages by number: an odd one, so that pages begin anywhere, and the largest.
PAGE_SIZES = (7, 200)
BUNDLE_PAGE = 5
SINGLES = 12
UNKNOWN = ("unsupported", "bad_frame")


@dataclass(frozen=True)
class Member:
    """Whose eyes are looked through, and at which groups: none named means all of theirs."""

    token: str
    groups: tuple[str, ...] = ()


def read_all(nodes: list[str], members: list[Member]) -> list[NodeAnswers]:
    """What every node tells every member. Nobody may send meanwhile."""
    pairs = [(node, member) for node in nodes for member in members]
    with ThreadPoolExecutor(max_workers=max(1, len(nodes))) as readers:
        return list(readers.map(lambda pair: read_node(*pair), pairs))


def read_node(node: str, member: Member) -> NodeAnswers:
    connection = Connection(node, member.token)
    try:
        welcome = connection.welcome
        listings = {"welcome": list(welcome["groups"]), "groups": read_groups(connection)}
        if welcome["more"]:
            # The first 200 alone; `groups` has all.
            del listings["welcome"]
        wanted = member.groups or tuple(view["id"] for view in listings["groups"])
        told = NodeAnswers(connection.node, connection.user, False, listings)
        if wanted:
            told.knows_pins = knows_pins(connection, wanted[0])
        asked = [view for view in (read_view(connection, group) for group in wanted) if view is not None]
        if asked:
            listings["group"] = asked
        told.groups = {group: read_group(connection, group, told.knows_pins) for group in wanted}
        read_bundle(connection, told.groups)
        return told
    finally:
        connection.close()


def read_groups(connection: Connection) -> list[View]:
    """All groups, page by page."""
    views: list[View] = []
    while True:
        after = {"after": views[-1]["id"]} if views else {}
        page = connection.demand({"type": "groups", "limit": 50} | after)
        views += page["groups"]
        if not page["more"] or not page["groups"]:
            return views


def read_view(connection: Connection, group: str) -> View | None:
    """The answer to `group`, where the node knows that frame."""
    reply = connection.ask({"type": "group", "group": group})
    return reply if reply["type"] == "group" and not reply.get("gone") else None


def knows_pins(connection: Connection, group: str) -> bool:
    reply = connection.ask({"type": "pins", "group": group})
    if reply["type"] == "error" and reply["code"] not in UNKNOWN:
        raise Unreadable(f"{connection.node} refuses pins: {reply['code']}, {reply['message']}")
    return reply["type"] == "pins"


def read_group(connection: Connection, group: str, with_pins: bool) -> GroupAnswers:
    upwards = [event for page in walk(connection, group, "after", raw=True) for event in page.messages]
    downwards = [
        event for page in reversed(list(walk(connection, group, "before", raw=True))) for event in page.messages
    ]
    answers = GroupAnswers(raw={"upwards": upwards, "downwards": downwards})
    answers.pages += walk(connection, group, "before", raw=False)
    answers.pages += read_by_seq(connection, group, upwards)
    answers.pages += read_by_number(connection, group, upwards)
    answers.singles = {seq: read_single(connection, group, seq) for seq in sample(upwards)}
    if with_pins:
        told = connection.demand({"type": "pins", "group": group})
        body = connection.must_get(f"/chat/{group}/pins")
        ways = {"pins": told, "GET pins": body}
        answers.pins = [Page(way, {}, answer["messages"], answer["more"]) for way, answer in ways.items()]
    return answers


def walk(connection: Connection, group: str, way: str, raw: bool) -> Iterable[Page]:
    """A whole history by frames, from one end to the other."""
    bound = 0 if way == "after" else ABOVE_ALL
    while True:
        asked = {way: bound, "limit": WHOLE_PAGE}
        reply = connection.demand({"type": "history", "group": group} | asked | ({"raw": True} if raw else {}))
        messages = reply["messages"]
        yield Page(f"history {way} {bound}", asked, messages, reply["more"])
        if not reply["more"] or not messages:
            return
        bound = reply.get("next", messages[-1 if way == "after" else 0]["seq"])


def read_by_seq(connection: Connection, group: str, events: list[Event]) -> Iterable[Page]:
    """Pages over HTTP at several depths, both ways."""
    first, head = (events[0]["seq"], events[-1]["seq"]) if events else (0, 0)
    for bound in sorted({0, first, (first + head) // 2, max(0, head - 3), head, head + 1}):
        for way in ("before", "after"):
            yield http_page(connection, group, {way: bound, "limit": 9})


def read_by_number(connection: Connection, group: str, events: list[Event]) -> Iterable[Page]:
    shown = sum(event.get("shown", True) is not False for event in events)
    for size in PAGE_SIZES:
        last = max(0, (shown - 1) // size)
        for number in sorted({0, 1, last // 2, max(0, last - 1), last, last + 1}):
            yield http_page(connection, group, {"page": number, "perPage": size})


def http_page(connection: Connection, group: str, asked: dict[str, int]) -> Page:
    body = connection.must_get(f"/chat/{group}/message", **asked)
    told = " ".join(f"{name} {value}" for name, value in asked.items())
    return Page(f"GET message {told}", asked, body["messages"], body["more"])


def read_bundle(connection: Connection, groups: dict[str, GroupAnswers]) -> None:
    asked = {"page": 0, "perPage": BUNDLE_PAGE}
    for page in connection.must_get("/chat/message", **asked)["groups"]:
        if page["group"] in groups:
            where = "GET /chat/message page 0"
            groups[page["group"]].pages.append(Page(where, asked, page["messages"], page["more"]))


def sample(events: list[Event]) -> list[int]:
    """Seqs to ask for one by one: both ends, some between, and each kind's newest with what it is about."""
    if not events:
        return []
    spread = [events[at * (len(events) - 1) // SINGLES]["seq"] for at in range(SINGLES + 1)]
    newest = {event["kind"]: event for event in events}
    about = [int(event["ref"].rpartition(":")[2]) for event in newest.values() if event.get("ref")]
    return sorted({*spread, *(event["seq"] for event in newest.values()), *about})


def read_single(connection: Connection, group: str, seq: int) -> Event | None:
    status, body = connection.get(f"/chat/{group}/message/{seq}")
    if status == 200 and isinstance(body, dict):
        return body
    if status in (404, 405):
        return None
    raise Unreadable(f"{connection.node}/chat/{group}/message/{seq} answers {status}: {body}")
