"""One user's ways to a node: frames over a WebSocket, and HTTP. Waits and asks again where the node says so."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

PATIENCE = 30.0
# Answers after which the protocol says: the same again, later.
LATER = ("rate_limited", "overloaded", "unavailable")
TRIES = 100


class Unreadable(Exception):
    """A node did not answer what was asked, so nothing can be said of it."""


class Connection:
    """A session, and HTTP calls with the same token."""

    def __init__(self, node: str, token: str) -> None:
        self.node, self._token, self._asked = node.rstrip("/"), token, 0
        self._open = ExitStack()
        url = "ws" + self.node.removeprefix("http") + "/ws"
        try:
            opened = connect(url, subprotocols=["hubbub.v1.json"], proxy=None, max_size=None)
            self._socket = self._open.enter_context(opened)
            self._socket.send(json.dumps({"type": "hello", "token": token}))
            self.welcome = self._next(lambda frame: frame["type"] in ("welcome", "error"))
        except (OSError, WebSocketException) as error:
            raise Unreadable(f"{self.node} takes no session: {error}") from error
        if self.welcome["type"] == "error":
            raise Unreadable(f"{self.node} takes no session: {self.welcome['message']}")
        self.user: str = self.welcome["user"]

    def close(self) -> None:
        self._open.close()

    def ask(self, frame: dict) -> dict:
        """Sends a request; its one reply, which may be an `error`."""
        for _ in range(TRIES):
            self._asked += 1
            try:
                self._socket.send(json.dumps(frame | {"id": self._asked}))
                reply = self._next(lambda reply: reply.get("re") == self._asked)
            except (OSError, WebSocketException) as error:
                raise Unreadable(f"{self.node} did not answer {frame['type']}: {error}") from error
            if reply["type"] != "error" or reply["code"] not in LATER:
                return reply
            time.sleep(reply.get("retry_after", 1_000) / 1_000)
        raise Unreadable(f"{self.node} puts {frame['type']} off for ever: {reply['message']}")

    def demand(self, frame: dict) -> dict:
        """Like `ask`, of what every node must answer."""
        reply = self.ask(frame)
        if reply["type"] == "error":
            raise Unreadable(f"{self.node} refuses {frame}: {reply['code']}, {reply['message']}")
        return reply

    def get(self, path: str, **query: int) -> tuple[int, object]:
        """Status and body of a GET."""
        url = f"{self.node}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self._token}"})
        for _ in range(TRIES):
            status, body = fetch(request)
            if status not in (429, 503):
                return status, body
            wait = body.get("retry_after", 1_000) if isinstance(body, dict) else 1_000
            time.sleep(wait / 1_000)
        raise Unreadable(f"{url} is put off for ever: {body}")

    def must_get(self, path: str, **query: int) -> dict:
        status, body = self.get(path, **query)
        if status != 200 or not isinstance(body, dict):
            raise Unreadable(f"{self.node}{path} answers {status}: {body}")
        return body

    def _next(self, wanted) -> dict:
        while True:
            frame = json.loads(self._socket.recv(timeout=PATIENCE))
            if wanted(frame):
                return frame


def fetch(request: urllib.request.Request) -> tuple[int, object]:
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        try:
            return error.code, json.load(error)
        except ValueError:
            return error.code, None
    except (OSError, ValueError) as error:
        raise Unreadable(f"{request.full_url} cannot be read: {error}") from error
