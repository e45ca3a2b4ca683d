"""Faults planted into what a client is sent: the record tells of each."""

import unittest

from tests.checker import made_up
from tests.checker.reckon import reckon

from .record import Breaches, Record

GROUP = made_up.GROUP
END = len(made_up.SCRIPT)


class RecordTest(unittest.TestCase):
    def setUp(self) -> None:
        self.breaches = Breaches()
        self.record = Record("bert", self.breaches)
        self.events = [made_up.seen_by("bert", event, False) for event in made_up.events()]
        state, problems = reckon(GROUP, made_up.events(), direct=False)
        self.assertEqual(problems, [])
        self.states = {GROUP: state}

    def counts(self) -> tuple[int, int, int]:
        return self.breaches.lost, self.breaches.doubled, self.breaches.disordered

    def hear(self, first: int, last: int) -> None:
        for event in self.events[first - 1 : last]:
            self.record.message(event)

    def test_a_session_that_resumes_and_misses_nothing(self) -> None:
        self.record.group({"id": GROUP, "head": 0})
        self.hear(1, 7)
        self.record.settled(GROUP, "b1", 4)
        self.assertEqual(self.record.cursors(), {GROUP: 7})
        self.record.welcomed([{"id": GROUP, "head": END}])
        self.hear(8, END)
        self.record.judge(self.states)
        self.assertEqual((self.counts(), self.breaches.told), ((0, 0, 0), []))

    def test_a_group_that_was_not_held_begins_at_its_head(self) -> None:
        self.record.welcomed([{"id": GROUP, "head": 12}])
        self.hear(13, END)
        self.record.judge(self.states)
        self.assertEqual(self.counts(), (0, 0, 0))

    def test_the_event_that_brought_one_in_comes_behind_a_group_that_contains_it(self) -> None:
        self.record.group({"id": GROUP, "head": 2})
        self.hear(2, END)
        self.record.judge(self.states)
        self.assertEqual(self.counts(), (0, 0, 0))
        self.hear(2, 2)
        self.assertEqual(self.counts(), (0, 1, 0), "but only once")

    def test_behind_a_new_group_nothing_is_left_out(self) -> None:
        self.record.group({"id": GROUP, "head": 2})
        self.hear(4, 4)
        self.assertEqual(self.counts(), (0, 0, 1))

    def test_what_is_left_is_not_missed(self) -> None:
        self.record.group({"id": GROUP, "head": 0})
        self.hear(1, 3)
        self.record.group({"id": GROUP, "gone": True})
        self.record.judge(self.states)
        self.assertEqual(self.counts(), (0, 0, 0))
        self.hear(4, 4)
        self.assertEqual(self.counts(), (0, 0, 1), "nothing comes of a group that one is not in")

    def test_a_gap_that_is_told_is_no_loss(self) -> None:
        self.record.welcomed([{"id": GROUP, "head": 2}])
        self.record.gap({"group": GROUP, "from": 3, "to": 9, "reason": "too_many"})
        self.hear(10, END)
        self.record.judge(self.states)
        self.assertEqual((self.counts(), self.record.gaps), ((0, 0, 0), 1))

    def test_what_was_seen_may_not_be_taken_back(self) -> None:
        self.record.welcomed([{"id": GROUP, "head": 2}])
        self.hear(3, 9)
        self.record.gap({"group": GROUP, "from": 6, "to": 9, "reason": "reset"})
        self.assertEqual(self.counts(), (4, 0, 0))

    def test_a_hole_a_double_and_an_older_one(self) -> None:
        self.record.welcomed([{"id": GROUP, "head": 2}])
        self.hear(3, 4)
        self.hear(6, 6)
        self.assertEqual(self.counts(), (0, 0, 1))
        self.hear(6, 6)
        self.hear(5, 5)
        self.assertEqual(self.counts(), (0, 2, 1))

    def test_what_never_comes_is_lost(self) -> None:
        self.record.welcomed([{"id": GROUP, "head": 2}])
        self.hear(3, END - 3)
        self.record.judge(self.states)
        self.assertEqual(self.counts(), (3, 0, 0))

    def test_a_send_with_two_places(self) -> None:
        self.record.welcomed([{"id": GROUP, "head": 2}])
        self.record.settled(GROUP, "b1", 3)
        self.hear(3, 4)
        self.assertEqual(self.counts(), (0, 1, 0))

    def test_an_acked_send_that_is_not_there(self) -> None:
        self.record.settled(GROUP, "b0", 6)
        self.record.settled(GROUP, "b9", 99)
        self.record.settled(GROUP, "b1", 4)
        self.record.judge(self.states)
        self.assertEqual(self.counts(), (2, 0, 0))

    def test_a_send_that_was_refused_and_stored(self) -> None:
        self.record.welcomed([{"id": GROUP, "head": 2}])
        self.hear(3, END)
        self.record.was_refused(GROUP, "b1", tries=2)
        self.record.judge(self.states)
        self.assertEqual(self.breaches.count, 0, "the first try was stored, and a node that knows less was asked again")
        self.record.was_refused(GROUP, "b2", tries=1)
        self.record.judge(self.states)
        self.assertEqual(self.breaches.refused, 1)

    def test_an_event_that_was_another_when_it_was_seen(self) -> None:
        self.record.welcomed([{"id": GROUP, "head": 2}])
        self.record.message(self.events[2] | {"text": "another"})
        self.record.message(self.events[3] | {"pinned": True})
        self.hear(5, END)
        self.record.judge(self.states)
        self.assertEqual(self.counts(), (0, 0, 1), "what has come to be of it is no matter")

    def test_something_seen_that_was_never_stored(self) -> None:
        self.record.welcomed([{"id": GROUP, "head": END - 1}])
        self.hear(END, END)
        self.record.message(self.events[-2] | {"seq": END + 1})
        self.record.judge(self.states)
        self.assertEqual(self.counts(), (1, 0, 0))


if __name__ == "__main__":
    unittest.main()
