"""When a kind is accepted and when it is refused, against the clock of the run."""

import unittest

from .acceptance import TOLD_WITHIN, Acceptance

AT = 100.0
EARLY, LATE = AT + TOLD_WITHIN / 2, AT + TOLD_WITHIN * 2


class AcceptanceTest(unittest.TestCase):
    def judged(self, nodes: str, sent: float, old_knows: bool = False, tries: int = 1) -> tuple[bool, bool]:
        """Whether an ack, and whether a refusal, would be a fault."""
        acceptance = Acceptance(old_knows=old_knows, new_knows=True)
        acceptance.nodes_are(nodes, AT)
        ack, refusal = acceptance.fault_of_ack(sent, tries), acceptance.fault_of_refusal(sent, tries)
        return ack is not None, refusal is not None

    def test_only_new_nodes_must_accept(self) -> None:
        self.assertEqual(self.judged("new", LATE), (False, True))
        self.assertEqual(self.judged("mixed", LATE), (True, False))
        self.assertEqual(self.judged("old", LATE), (True, False))

    def test_a_change_is_heard_of_after_a_while(self) -> None:
        for nodes in ("new", "mixed", "old"):
            self.assertEqual(self.judged(nodes, EARLY), (False, False), nodes)

    def test_where_the_older_version_knows_it_too_it_is_always_accepted(self) -> None:
        for nodes in ("new", "mixed", "old"):
            self.assertEqual(self.judged(nodes, LATE, old_knows=True), (False, True), nodes)

    def test_before_the_newer_version_was_asked_nothing_is_held_against_it(self) -> None:
        acceptance = Acceptance(old_knows=True)
        acceptance.nodes_are("mixed", AT)
        self.assertIsNone(acceptance.fault_of_ack(LATE, 1))
        self.assertIsNone(acceptance.fault_of_refusal(LATE, 1))

    def test_a_repeat_may_be_acked_for_its_first_try(self) -> None:
        self.assertEqual(self.judged("mixed", LATE, tries=2), (False, False))


if __name__ == "__main__":
    unittest.main()
