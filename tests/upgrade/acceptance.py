"""When a kind that only the newer version knows must be accepted, and when it must not. Pure."""

from dataclasses import dataclass

# Nodes hear of each other within some beats; until then either answer will do.
TOLD_WITHIN = 15.0


@dataclass
class Acceptance:
    """Whether the nodes that run know the kind, and since when that is so."""

    # None: not asked yet.
    old_knows: bool | None = None
    new_knows: bool | None = None
    # `old`, `mixed` or `new`.
    nodes: str = "old"
    since: float = 0.0

    def nodes_are(self, nodes: str, now: float) -> None:
        self.nodes, self.since = nodes, now

    def all_know(self) -> bool | None:
        if self.nodes == "mixed":
            return self.new_knows if self.old_knows else self.old_knows
        return self.new_knows if self.nodes == "new" else self.old_knows

    def fault_of_ack(self, sent: float, tries: int) -> str | None:
        """A repeat may be acked for what was accepted before."""
        if tries > 1 or sent - self.since < TOLD_WITHIN or self.all_know() is not False:
            return None
        return "accepted although a node does not know it"

    def fault_of_refusal(self, sent: float, tries: int) -> str | None:
        if sent - self.since < TOLD_WITHIN or not self.all_know():
            return None
        return f"unsupported although all nodes know it (tried {tries} times)"
