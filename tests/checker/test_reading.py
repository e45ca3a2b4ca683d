"""The whole checker on a real hub, which has no fault; and on one answer of it that is spoilt on the way."""

import time
import unittest
from unittest import mock

from tests.clients.hub import Hub, Session

from . import connection
from .compare import compare
from .read import Member, read_all

SAID = 230
# What anna pins, where the hub knows that.
PINS = ((20, True), (30, True), (20, False), (40, True))
PINNED = [40, 30]


class ReadingTest(unittest.TestCase):
    hub: Hub

    @classmethod
    def setUpClass(cls) -> None:
        cls.hub = Hub()
        cls.addClassCleanup(cls.hub.stop)
        cls.node = f"http://127.0.0.1:{cls.hub.port}"
        bert, carl, anna = (cls.session(user) for user in ("bert", "carl", "anna"))
        made = anna.ask({"type": "create", "name": "checked", "members": ["bert", "carl"]})
        cls.group = made["id"]
        said = [cls.done(anna if number % 3 else bert, cls.said(number))["seq"] for number in range(SAID)]
        cls.knows_pins = "kind:pinned" in anna.welcome["features"]
        for number, (seq, on) in enumerate(PINS if cls.knows_pins else ()):
            about = {"kind": "pinned", "ref": f"{cls.group}:{seq}", "data": {"on": on}}
            cls.done(anna, {"type": "send", "group": cls.group, "cid": f"p{number}"} | about)
        cls.changed = 0
        if "kind:edited" in anna.welcome["features"]:
            # Texts: anna's, edited twice; bert's, edited and deleted by anna; the newest, deleted by its author.
            changes = [(anna, 1, "edited"), (anna, 1, "edited"), (bert, 3, "edited"), (anna, 3, "deleted")]
            newest = max(number for number in range(SAID) if number % 5 and number % 3)
            for session, number, kind in [*changes, (anna, newest, "deleted")]:
                text = {"text": f"change {cls.changed}"} if kind == "edited" else {}
                about = {"kind": kind, "ref": f"{cls.group}:{said[number]}"} | text
                cls.done(session, {"type": "send", "group": cls.group, "cid": f"e{cls.changed}"} | about)
                cls.changed += 1
        cls.done(anna, {"type": "remove", "group": cls.group, "users": ["carl"]})
        cls.done(bert, {"type": "read", "group": cls.group, "seq": SAID // 2})
        cls.direct = cls.done(carl, {"type": "send", "to": "anna", "cid": "d1", "text": "hello"})["group"]
        cls.members = [Member(cls.hub.token(user)) for user in ("anna", "bert", "carl")]

    @classmethod
    def session(cls, user: str) -> Session:
        session = Session(cls.hub, "json", user)
        cls.addClassCleanup(session.connection.close)
        return session

    @classmethod
    def said(cls, number: int) -> dict:
        note = {"kind": "x.note", "data": {"notify": number % 2 == 0}}
        what = {"text": f"text {number}"} if number % 5 else note
        return {"type": "send", "group": cls.group, "cid": f"c{number}"} | what

    @staticmethod
    def done(session: Session, frame: dict) -> dict:
        """The answer, once there is room in the session's rate."""
        while True:
            reply = session.ask(frame)
            if reply["type"] != "error":
                return reply
            assert reply["code"] == "rate_limited", reply
            time.sleep(reply["retry_after"] / 1_000)

    def test_a_hub_without_a_fault(self) -> None:
        told = read_all([self.node], self.members)
        self.assertEqual(list(map(str, compare(told))), [])
        read = {node.user: sorted(node.groups) for node in told}
        both = sorted([self.group, self.direct])
        self.assertEqual(read, {"anna": both, "bert": [self.group], "carl": [self.direct]})
        answers = told[0].groups[self.group]
        length = SAID + 3 + len(PINS) * self.knows_pins + self.changed
        self.assertEqual(len(answers.raw["upwards"]), length, "all of it was read")
        self.assertEqual(len(answers.raw["downwards"]), length, "both ways")
        pins = [[event["seq"] for event in page.messages] for page in answers.pins]
        self.assertEqual(pins, [PINNED, PINNED] if self.knows_pins else [])

    def test_one_answer_that_is_spoilt_on_the_way_is_found(self) -> None:
        right = connection.fetch

        def spoilt(request):
            status, body = right(request)
            if "perPage=7&page=1" in request.full_url or "page=1&perPage=7" in request.full_url:
                body["messages"][2]["text"] = "another"
            return status, body

        with mock.patch.object(connection, "fetch", spoilt):
            found = compare(read_all([self.node], [Member(self.hub.token("anna"), (self.group,))]))
        self.assertEqual(len(found), 1, list(map(str, found)))
        self.assertIn("GET message page 1 perPage 7, seq ", str(found[0]))


if __name__ == "__main__":
    unittest.main()
