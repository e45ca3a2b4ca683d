"""The checker finds every fault that is planted into answers, and nothing where none was planted."""

import copy
import unittest
from collections.abc import Callable

from . import made_up
from .answers import GroupAnswers, NodeAnswers, Page
from .compare import compare
from .plants import PLANTS, Told, answers, view


class PlantsTest(unittest.TestCase):
    def test_nothing_is_found_where_nothing_was_planted(self) -> None:
        self.assertEqual(list(map(str, compare(made_up.told()))), [])

    def test_a_node_that_knows_no_pins_need_not_tell_of_them(self) -> None:
        old = made_up.told(knows_pins=False, nodes=("http://node-0",))
        self.assertEqual(list(map(str, compare(made_up.told() + old))), [])
        old[0].listings["welcome"][0]["last"] = dict(old[0].groups[made_up.GROUP].raw["upwards"][-1])
        self.assertEqual(list(map(str, compare(old))), [], "nor of the newest shown event")
        old[0].groups[made_up.GROUP].raw["upwards"][5].update({"from": "anna", "data": {"code": "not_found"}})
        self.assertEqual(list(map(str, compare(made_up.told() + old))), [], "and may tell what a void stands for")

    def test_a_node_may_leave_out_what_is_not_shown_of_all_pages(self) -> None:
        told = made_up.told()
        shown = [event for event in answers(told).pages[1].messages if event.get("shown", True)]
        answers(told).pages = [page for page in answers(told).pages if "page" in page.asked]
        answers(told).pages.append(Page("history after 6", {"after": 6, "limit": 200}, shown, False))
        self.assertEqual(list(map(str, compare(told))), [])

    def test_groups_are_listed_by_activity(self) -> None:
        told = made_up.told()
        for node in told:
            later = [event | {"group": "g2", "time": event["time"] + 1} for event in made_up.events()[:4]]
            node.groups["g2"] = GroupAnswers(raw={"upwards": later})
            at = {"id": "g2", "head": 4, "n": 2, "count": 3, "read": 4, "unread": 0, "mentioned": 0, "last": later[3]}
            people = [("anna", "admin"), ("bert", "member"), ("carl", "member")]
            members = [{"id": user, "role": role} for user, role in people]
            node.listings["welcome"].append(view(told) | at | {"members": members})
            node.listings["groups"] = node.listings["welcome"][:]
        self.assertEqual(list(map(str, compare(told))), [])
        told[2].listings["welcome"].reverse()
        self.assertIn("welcome, order", str(compare(told)[0]))

    def test_of_many_pins_the_newest_hundred_are_listed(self) -> None:
        texts = [{"kind": "text", "text": "said"}] * 120
        pins = [{"kind": "pinned", "shown": False, "ref": f"g1:{seq}", "data": {"on": True}} for seq in range(2, 122)]
        founding = {"kind": "joined", "data": {"users": ["anna"], "role": "admin"}}
        events = [
            {"group": "g1", "seq": seq, "n": min(seq - 1, 120), "from": "anna", "time": seq} | event
            for seq, event in enumerate([founding, *texts, *pins], 1)
        ]
        newest = [event | {"pinned": True} for event in reversed(events[21:121])]
        answers = GroupAnswers(raw={"upwards": events}, pins=[Page("pins", {}, newest, True)])
        told = [NodeAnswers("http://node-1", "anna", True, groups={"g1": answers})]
        self.assertEqual(list(map(str, compare(told))), [])
        answers.pins[0] = Page("pins", {}, [events[20] | {"pinned": True}, *newest], False)
        self.assertEqual(len(compare(told)), 2)

    def test_a_page_of_long_events_may_end_early(self) -> None:
        told = made_up.told(nodes=made_up.NODES[:1])
        long = "x" * 50_000
        for node in told:
            group = node.groups[made_up.GROUP]
            group.singles, group.pins, node.listings = {}, [], {}
            for way in group.raw.values():
                for each in way:
                    if each["kind"] != "void" and each["seq"] < 17:
                        each["text"] = long
            kept = [made_up.seen_by(node.user, each, as_it_is=True) for each in group.raw["upwards"][:4]]
            group.pages = [Page("history after 0", {"after": 0, "limit": 200}, kept, True)]
        self.assertEqual(list(map(str, compare(told))), [])
        for node in told:
            node.groups[made_up.GROUP].pages[0].more = False
        self.assertIn("more", str(compare(told)[0]))


def finds(plant: Callable[[Told], object], tells: str) -> Callable[[PlantsTest], None]:
    def test(self: PlantsTest) -> None:
        told = copy.deepcopy(made_up.told())
        plant(told)
        found = list(map(str, compare(told)))
        self.assertTrue(any(tells in line for line in found), found)

    return test


for name, (plant, tells) in PLANTS.items():
    setattr(PlantsTest, "test_finds_" + name.replace(" ", "_"), finds(plant, tells))


if __name__ == "__main__":
    unittest.main()
