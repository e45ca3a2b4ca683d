"""The reckoning, on sequences whose state was worked out by hand."""

import unittest

from . import made_up
from .reckon import reckon


class ReckonTest(unittest.TestCase):
    def test_a_conversation_without_a_fault(self) -> None:
        state, problems = reckon(made_up.GROUP, made_up.events(), direct=False)
        self.assertEqual(problems, [])
        self.assertEqual(sorted(state.pins), list(made_up.PINNED))
        self.assertEqual(state.pins[3], 15, "the newest pin of seq 3")
        self.assertEqual(state.members, made_up.MEMBERS)
        self.assertEqual(
            [event["seq"] for event in state.events.values() if event.get("shown") is False], [*made_up.UNSHOWN]
        )
        self.assertEqual([state.n_at(seq) for seq in (0, 2, 3, 6, 15)], [0, 0, 1, 2, 4])

    def test_of_a_sequence_whose_beginning_is_gone_no_members_are_reckoned(self) -> None:
        state, problems = reckon(made_up.GROUP, made_up.events()[3:], direct=False)
        self.assertEqual(problems, [])
        self.assertIsNone(state.members)
        self.assertIsNone(state.n_at(3))
        # The first pin of seq 3 speaks of what is gone.
        self.assertEqual(sorted(state.pins), [7])

    def test_a_life_that_begins_anew_has_its_own_beginning(self) -> None:
        events = [event | {"seq": event["seq"] + 20, "n": event["n"] + 9} for event in made_up.events()[:4]]
        state, problems = reckon(made_up.GROUP, events, direct=False)
        self.assertEqual(problems, [])
        self.assertEqual((state.members or {}).get("anna"), "admin")
        self.assertEqual(state.n_at(20), 9)

    def test_in_a_direct_chat_both_may_pin(self) -> None:
        founding = {"from": "anna", "kind": "joined", "data": {"users": ["anna", "bert"], "role": "member"}}
        said = {"from": "anna", "kind": "text", "text": "hello"}
        pin = {"from": "bert", "kind": "pinned", "shown": False, "ref": "d1:2", "data": {"on": True}}
        events = [
            {"group": "d1", "seq": seq, "n": int(seq > 1), "time": seq} | event
            for seq, event in enumerate((founding, said, pin), 1)
        ]
        state, problems = reckon("d1", events, direct=True)
        self.assertEqual((problems, state.pins), ([], {2: 3}))
        _, problems = reckon("d1", events, direct=False)
        self.assertEqual(len(problems), 2, "in a group it is neither by an admin, nor is there one")


if __name__ == "__main__":
    unittest.main()
