"""What nodes answered, as it was read: plain records, so that a test can make them up."""

from dataclasses import dataclass, field

Event = dict
View = dict


@dataclass
class Page:
    """A page of a history. `asked` is `before` or `after` with `limit`, or `page` with `perPage`; of pins, nothing."""

    where: str
    asked: dict[str, int]
    messages: list[Event]
    more: bool


@dataclass
class GroupAnswers:
    """What a node told one member about one group."""

    # The whole sequence, read page by page, by the name of the way: upwards and downwards.
    raw: dict[str, list[Event]] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    # Single messages by seq; None where the node has none.
    singles: dict[int, Event | None] = field(default_factory=dict)
    # The list of pins, newest first, once for each way to ask for it.
    pins: list[Page] = field(default_factory=list)


@dataclass
class NodeAnswers:
    """What a node told one of its users."""

    node: str
    user: str
    # A node of before pins were there answers `unsupported`, and its events carry no state.
    knows_pins: bool
    # Lists of groups by the frame that brought them, in its order.
    listings: dict[str, list[View]] = field(default_factory=dict)
    groups: dict[str, GroupAnswers] = field(default_factory=dict)
