"""Holds what nodes answered to what the raw sequence says. Pure, like the reckoning that it stands on."""

import json
from collections.abc import Iterable

from .answers import Event, GroupAnswers, NodeAnswers, Page, View
from .reckon import HUB, STATE, Difference, State, is_shown, reckon

SAID = ("group", "seq", "n", "from", "time", "kind", "shown", "text", "ref", "data", "mentions")
# What a void stands for, which nobody is to see; nodes of before pins were there tell it.
HIDDEN = ("text", "ref", "data", "mentions", "cid")
PINS_AT_MOST = 100
# Up to this size a group's members are listed.
SMALL_GROUP = 200
# A node ends a page, and a list of newest events, early at 256 KB by its own estimate; well below it has no reason to.
MAY_END_EARLY = 128 * 1024


def compare(told: list[NodeAnswers]) -> list[Difference]:
    """All that does not agree, over all nodes and their users."""
    states, found = reckon_all(told)
    return found + compare_to(states, told)


def reckon_all(told: list[NodeAnswers]) -> tuple[dict[str, State], list[Difference]]:
    """The state of each group, and what is wrong with the sequences themselves."""
    states: dict[str, State] = {}
    found: list[Difference] = []
    for group in dict.fromkeys(group for node in told for group in node.groups):
        states[group], problems = reckon_from(group, told)
        found += problems
    return states, found


def compare_to(states: dict[str, State], told: list[NodeAnswers]) -> list[Difference]:
    """What does not agree with these states."""
    found: list[Difference] = []
    for node in told:
        found += check_listings(node, states)
        for group, answers in node.groups.items():
            where, state = f"{node.node}, {node.user}, {group}", states[group].seen_by(node.user)
            found += check_raw(where, answers, state, node.knows_pins)
            found += check_pages(where, answers.pages, state, node.knows_pins)
            found += check_singles(where, answers.singles, state, node.knows_pins)
            found += check_pins(where, answers.pins, state)
    return found


def reckon_from(group: str, told: list[NodeAnswers]) -> tuple[State, list[Difference]]:
    """The state by the first sequence that was read, with the cids that only their senders see."""
    sequences = [way for node in told if group in node.groups for way in node.groups[group].raw.values()]
    cids = {(event["seq"], event["from"]): event["cid"] for way in sequences for event in way if "cid" in event}
    events = [with_cid(event, cids) for event in (sequences[0] if sequences else [])]
    views = [view for node in told for listed in node.listings.values() for view in listed if view["id"] == group]
    return reckon(group, events, direct=any(view.get("kind") == "direct" for view in views))


def with_cid(event: Event, cids: dict[tuple[int, str], str]) -> Event:
    cid = cids.get((event["seq"], event["from"]))
    return event if cid is None else event | {"cid": cid}


# === the sequence ===


def check_raw(where: str, answers: GroupAnswers, state: State, knows_pins: bool) -> Iterable[Difference]:
    for way, events in answers.raw.items():
        at = f"{where}, raw sequence {way}"
        yield from check_events(at, events, state.ordered(), None)
        for event in events:
            if knows_pins and event["kind"] == "void":
                yield from check_void(f"{at}, seq {event['seq']}", event)


def check_void(where: str, event: Event) -> Iterable[Difference]:
    for name in HIDDEN:
        if name in event:
            yield Difference(f"{where}, {name}", "nothing of a void", event[name])
    if not event["from"].startswith(HUB):
        yield Difference(f"{where}, from", "the hub", event["from"])


def check_events(
    where: str, found: list[Event], expected: list[Event], state: State | None
) -> Iterable[Difference]:
    """Whether these are those events, in that order, as they have come to be. `state` None: as they were said."""
    was, should = [event["seq"] for event in found], [event["seq"] for event in expected]
    if was != should:
        yield Difference(f"{where}, seqs", seqs(should), seqs(was) + hint(should, was))
    by_seq = {event["seq"]: event for event in expected}
    for event in found:
        if event["seq"] in by_seq:
            said = by_seq[event["seq"]]
            now = said if state is None else state.now(said)
            yield from check_event(f"{where}, seq {event['seq']}", event, now)
            if state is not None:
                yield from check_state(f"{where}, seq {event['seq']}", event, now)


def check_event(where: str, event: Event, said: Event) -> Iterable[Difference]:
    for name, value in what_was_said(event).items():
        expected = what_was_said(said).get(name)
        if written(value) != written(expected):
            yield Difference(f"{where}, {name}", expected, value)
    cid = event.get("cid")
    if cid is not None and cid != said.get("cid", cid):
        yield Difference(f"{where}, cid", said["cid"], cid)


def what_was_said(event: Event) -> dict[str, object]:
    """All of it but the state that it has come to, and what a void stands for."""
    apart = ("from", *HIDDEN) if event["kind"] == "void" else ()
    return {name: event.get(name) for name in SAID if name not in apart}


def check_state(where: str, event: Event, now: Event) -> Iterable[Difference]:
    for name in STATE:
        if event.get(name) != now.get(name):
            yield Difference(f"{where}, {name}", now.get(name), event.get(name))


def written(value: object) -> str:
    """The order of keys is the sender's, and kept."""
    return json.dumps(value)


def size(events: list[Event]) -> int:
    return sum(len(written(event)) for event in events)


def seqs(numbers: list[int]) -> str:
    """`1–4, 6` for 1, 2, 3, 4, 6."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(low) if low == high else f"{low}–{high}" for low, high in runs[:10]]
    return (", ".join(shown) or "none") + (", …" if len(runs) > 10 else "")


def hint(should: list[int], was: list[int]) -> str:
    lacking, beyond = sorted(set(should) - set(was)), sorted(set(was) - set(should))
    parts = [f"lacks {seqs(lacking)}"] * bool(lacking) + [f"has {seqs(beyond)} beyond"] * bool(beyond)
    if not parts:
        parts = ["an event twice" if len(was) > len(should) else "in another order"]
    return f" ({', '.join(parts)})"


# === pages ===


def check_pages(where: str, pages: list[Page], state: State, knows_pins: bool) -> list[Difference]:
    """Pages by seq may leave out what is not shown, but then always: whichever of the two the node means."""
    as_is = state if knows_pins else None
    numbered = [page for page in pages if "page" in page.asked]
    by_seq = [page for page in pages if "page" not in page.asked]
    shown, everything = state.shown(), state.ordered()
    found = [one for page in numbered for one in check_page(where, page, shown, as_is)]
    either = [
        [one for page in by_seq for one in check_page(where, page, events, as_is)] for events in (everything, shown)
    ]
    return found + min(either, key=len)


def check_page(where: str, page: Page, events: list[Event], state: State | None) -> Iterable[Difference]:
    where = f"{where}, {page.where}"
    expected, more = expected_page(page, events)
    yield from check_events(where, page.messages, expected, state)
    if page.more != more:
        yield Difference(f"{where}, more", more, page.more)


def expected_page(page: Page, events: list[Event]) -> tuple[list[Event], bool]:
    asked = page.asked
    if "after" in asked:
        beyond = [event for event in events if event["seq"] > asked["after"]]
    elif "before" in asked:
        beyond = [event for event in reversed(events) if event["seq"] < asked["before"]]
    else:
        beyond = list(reversed(events))[asked["page"] * asked["perPage"] :]
    limit = asked["perPage"] if "page" in asked else asked["limit"]
    whole = fitting(beyond[:limit], page)
    return (whole if "after" in asked else whole[::-1]), len(beyond) > len(whole)


def fitting(events: list[Event], page: Page) -> list[Event]:
    """As many of these as the page has, where all of them would be too large for one."""
    kept = len(page.messages)
    return events[:kept] if 0 < kept < len(events) and size(events[: kept + 1]) > MAY_END_EARLY else events


def check_singles(where: str, singles: dict[int, Event | None], state: State, knows_pins: bool) -> Iterable[Difference]:
    # Where none at all is there, the node does not know the call.
    if all(single is None for single in singles.values()):
        return
    for seq, single in singles.items():
        said = state.events.get(seq)
        at = f"{where}, message {seq}"
        if single is None:
            if said is not None and is_shown(said):
                yield Difference(at, said["kind"], "nothing")
        else:
            yield from check_events(at, [single], [said] if said else [], state if knows_pins else None)


def check_pins(where: str, pins: list[Page], state: State) -> Iterable[Difference]:
    newest_first = [state.events[seq] for seq in sorted(state.pins, reverse=True)]
    for page in pins:
        expected = fitting(newest_first[:PINS_AT_MOST], page)
        yield from check_events(f"{where}, {page.where}", page.messages, expected, state)
        more = len(newest_first) > len(expected)
        if page.more != more:
            yield Difference(f"{where}, {page.where}, more", more, page.more)


# === groups ===


def check_listings(node: NodeAnswers, states: dict[str, State]) -> Iterable[Difference]:
    for name, views in node.listings.items():
        where = f"{node.node}, {node.user}, {name}"
        listed = [view["id"] for view in views]
        for group in node.groups:
            if listed.count(group) != 1:
                yield Difference(f"{where}, {group}", "listed once", f"listed {listed.count(group)} times")
        cut = size([view["last"] for view in views if "last" in view]) > MAY_END_EARLY
        for view in views:
            if view["id"] in node.groups:
                at = f"{where}, {view['id']}"
                yield from check_view(at, view, states[view["id"]].seen_by(node.user), node.knows_pins, cut)
        if name != "group":
            yield from check_activity(where, [states[group] for group in listed if group in node.groups])


def check_activity(where: str, states: list[State]) -> Iterable[Difference]:
    """The newest activity comes first: the head's, or that of the newest shown event."""
    heads = [state.events[state.head]["time"] for state in states if state.events]
    shown = [state.shown()[-1]["time"] for state in states if state.shown()]
    if heads != sorted(heads, reverse=True) and shown != sorted(shown, reverse=True):
        yield Difference(f"{where}, order", "newest activity first", [state.group for state in states])


def check_view(where: str, view: View, state: State, knows_pins: bool, cut: bool) -> Iterable[Difference]:
    facts = {"head": state.head, "first": state.first, "n": state.n_at(state.head)}
    if state.members is not None:
        facts["count"] = len(state.members)
    read = state.n_at(view["read"])
    if read is not None and facts["n"] is not None:
        facts["unread"] = facts["n"] - read
    if "mentioned" in view:
        facts["mentioned"] = state.mentioned(view["read"])
    for name, expected in facts.items():
        if view.get(name) != expected:
            yield Difference(f"{where}, {name}", expected, view.get(name))
    if view["read"] > state.head:
        yield Difference(f"{where}, read", f"at most {state.head}", view["read"])
    yield from check_members(where, view, state)
    yield from check_last(where, view, state, knows_pins, cut)


def check_members(where: str, view: View, state: State) -> Iterable[Difference]:
    if state.members is None:
        return
    if "members" not in view:
        if len(state.members) <= SMALL_GROUP:
            yield Difference(f"{where}, members", sorted(state.members), "nothing")
        return
    told = [(member["id"], member["role"]) for member in view["members"]]
    lacking, beyond = sorted(set(state.members.items()) - set(told)), sorted(set(told) - set(state.members.items()))
    if lacking or beyond or len(told) != len(set(told)):
        yield Difference(f"{where}, members", f"{lacking} as well", f"{beyond} beyond, {len(told)} in all")


def check_last(where: str, view: View, state: State, knows_pins: bool, cut: bool) -> Iterable[Difference]:
    shown = state.shown()
    # Nodes that know no events without a sign to people say the newest of all.
    allowed = shown[-1:] if knows_pins else shown[-1:] + state.ordered()[-1:]
    last = view.get("last")
    if last is None:
        if shown and not cut:
            yield Difference(f"{where}, last", f"seq {allowed[0]['seq']}", "nothing")
        return
    said = next((event for event in allowed if event["seq"] == last["seq"]), None)
    if said is None:
        yield Difference(f"{where}, last", f"seq {allowed[0]['seq'] if allowed else None}", f"seq {last['seq']}")
    else:
        yield from check_events(f"{where}, last", [last], [said], state if knows_pins else None)
