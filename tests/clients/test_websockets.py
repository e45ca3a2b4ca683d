"""The `websockets` library for Python as a client, with its own defaults: it asks for compression, and pings."""

import unittest

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from .hub import PATIENCE, Hub, Session


class WebsocketsTest(unittest.TestCase):
    hub: Hub

    @classmethod
    def setUpClass(cls) -> None:
        cls.hub = Hub()
        cls.addClassCleanup(cls.hub.stop)

    def session(self, encoding: str, user: str, cursors: dict[str, int] | None = None) -> Session:
        session = Session(self.hub, encoding, user, cursors)
        self.addCleanup(session.connection.close)
        return session

    def converse(self, encoding: str) -> None:
        names = [f"anna-{encoding}", f"bert-{encoding}"]
        bert = self.session(encoding, names[1])
        anna = self.session(encoding, names[0])
        self.assertEqual(anna.connection.subprotocol, f"hubbub.v1.{encoding}")
        made = anna.ask({"type": "create", "name": "third parties", "members": [names[1]]})
        group = made["id"]

        def send(cid: str, text: str) -> dict:
            return anna.ask({"type": "send", "group": group, "cid": cid, "text": text, "data": {"n": [1, None, 2.5]}})

        ack = send("c1", "grüß dich")
        self.assertEqual((ack["type"], ack["cid"]), ("ack", "c1"))
        seen = bert.next_text()
        self.assertEqual((seen["seq"], seen["text"], seen["from"]), (ack["seq"], "grüß dich", names[0]))
        self.assertEqual(seen["data"], {"n": [1, None, 2.5]})

        bert.cut()
        missed = [send(f"missed-{number}", f"message {number}")["seq"] for number in range(5)]
        again = self.session(encoding, names[1], {group: ack["seq"]})
        self.assertEqual([again.next_text()["seq"] for _ in missed], missed)
        self.assertEqual(send("missed-0", "once more")["seq"], missed[0])
        live = send("c2", "live again")
        self.assertEqual(again.next_text()["seq"], live["seq"])
        pong = again.connection.ping()
        self.assertTrue(pong.wait(PATIENCE), "pings are answered")

    def test_json(self) -> None:
        self.converse("json")

    def test_message_pack(self) -> None:
        self.converse("msgpack")

    def test_who_it_is_may_be_said_in_the_request(self) -> None:
        url = f"ws://127.0.0.1:{self.hub.port}/ws"
        header = {"Authorization": f"Bearer {self.hub.token('carl')}"}
        with connect(url, additional_headers=header, proxy=None) as connection:
            connection.send('{"type": "hello", "id": 1}')
            self.assertIn('"user":"carl"', connection.recv(timeout=PATIENCE))
        with self.assertRaises(InvalidStatus) as refused:
            connect(url, additional_headers={"Authorization": "Bearer forged"}, proxy=None)
        self.assertEqual(refused.exception.response.status_code, 401)

    def test_no_compression_is_agreed_on_and_closes_carry_their_code(self) -> None:
        with connect(f"ws://127.0.0.1:{self.hub.port}/ws", proxy=None) as connection:
            asked = connection.request.headers["Sec-WebSocket-Extensions"]
            self.assertIn("permessage-deflate", asked)
            self.assertNotIn("Sec-WebSocket-Extensions", connection.response.headers)
            connection.send('{"type": "hello", "token": "forged"}')
            with self.assertRaises(ConnectionClosed) as closed:
                while True:
                    connection.recv(timeout=PATIENCE)
            self.assertEqual(closed.exception.rcvd.code, 4001)


if __name__ == "__main__":
    unittest.main()
