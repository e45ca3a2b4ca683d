"""A client as the protocol asks for one: it comes back, resumes with its cursors, and repeats what was not answered."""

import asyncio
import json
import random

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from .record import Breaches, Record

# Answers after which the same is sent again, with the same cid.
LATER = ("rate_limited", "overloaded", "unavailable")
HELLO_LIMIT = 15.0
# A node that is gone is asked again after so long, twice as long each time up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


def socket_url(node: str) -> str:
    """Where its sessions begin, by its public URL, which is one of either scheme."""
    return node.replace("http", "ws", 1).rstrip("/").removesuffix("/ws") + "/ws"


class Unanswered(Exception):
    """The connection ended before the answer came: whether it was done is not known."""


class Sending:
    """A `send` until it is acked or refused, over as many tries as it takes."""

    def __init__(self, frame: dict) -> None:
        self.frame, self.tries = frame, 0
        self.answer: asyncio.Future[dict] = asyncio.get_running_loop().create_future()


class Client:
    """One user, on whichever node takes them."""

    def __init__(self, user: str, token: str, nodes: list[str], breaches: Breaches, seed: int) -> None:
        self.user, self.record = user, Record(user, breaches)
        self.features: list[str] = []
        self.reconnects = 0
        self._token, self._nodes, self._random = token, nodes, random.Random(seed)
        self._sendings: dict[str, Sending] = {}
        self._requests: dict[int, asyncio.Future[dict]] = {}
        self._asked = 0
        self._connection: ClientConnection | None = None
        self._next_node: str | None = None
        self._pause = 0.0
        self._later: set[asyncio.Task] = set()
        self.welcomed = asyncio.Event()

    # === what others ask of it ===

    async def send(self, frame: dict) -> tuple[dict, int]:
        """The `ack` or the refusal of a send, and after how many tries."""
        sending = self._sendings[frame["cid"]] = Sending({"type": "send", "id": frame["cid"]} | frame)
        await self._try(sending)
        try:
            return await sending.answer, sending.tries
        finally:
            del self._sendings[frame["cid"]]

    async def ask(self, frame: dict) -> dict:
        """The answer to a request that may be repeated, however often it takes."""
        while True:
            await self.welcomed.wait()
            try:
                answer = await self._ask_once(frame)
            except Unanswered:
                continue
            if answer["type"] != "error" or answer["code"] not in LATER:
                return answer
            await asyncio.sleep(answer.get("retry_after", 1_000) / 1_000)

    @property
    def unanswered(self) -> int:
        return len(self._sendings)

    # === the connection ===

    async def run(self) -> None:
        """Stays connected until it is cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._session()
                pause = FIRST_PAUSE
            except (OSError, TimeoutError, WebSocketException):
                # A welcome makes it a session that ended; anything less, a node that is not there.
                pause = FIRST_PAUSE if self.welcomed.is_set() else min(pause * 2, LONGEST_PAUSE)
            finally:
                self._ended()
            await asyncio.sleep(self._pause or pause * self._random.uniform(0.5, 1.5))

    async def _session(self) -> None:
        node = self._next_node or self._random.choice(self._nodes)
        self._next_node, self._pause = None, 0.0
        async with connect(
            socket_url(node), subprotocols=["hubbub.v1.json"], proxy=None, open_timeout=HELLO_LIMIT
        ) as connection:
            hello = {"type": "hello", "token": self._token, "cursors": self.record.cursors()}
            await connection.send(json.dumps(hello))
            await self._until_welcome(connection)
            async for text in connection:
                await self._take(json.loads(text))

    async def _until_welcome(self, connection: ClientConnection) -> None:
        async with asyncio.timeout(HELLO_LIMIT):
            frame = json.loads(await connection.recv())
        if frame["type"] != "welcome":
            # Not taken now: `unavailable`, `rate_limited`, or a node that drains.
            raise ConnectionError(frame.get("message", frame["type"]))
        self._connection, self.features = connection, frame["features"]
        self.record.welcomed(frame["groups"])
        self.welcomed.set()
        for sending in list(self._sendings.values()):
            await self._try(sending)

    def _ended(self) -> None:
        self.reconnects += self.welcomed.is_set()
        self.welcomed.clear()
        self._connection = None
        for waiting in self._requests.values():
            if not waiting.done():
                waiting.set_exception(Unanswered())
        self._requests.clear()

    async def _try(self, sending: Sending) -> None:
        """On the connection there is; without one, the next welcome does it."""
        if self._connection is None or sending.answer.done():
            return
        sending.tries += 1
        try:
            await self._connection.send(json.dumps(sending.frame))
        except (OSError, WebSocketException):
            pass

    async def _try_later(self, sending: Sending, wait: float) -> None:
        await asyncio.sleep(wait)
        await self._try(sending)

    async def _ask_once(self, frame: dict) -> dict:
        self._asked += 1
        waiting = self._requests[self._asked] = asyncio.get_running_loop().create_future()
        try:
            assert self._connection is not None
            await self._connection.send(json.dumps(frame | {"id": self._asked}))
        except (OSError, WebSocketException) as error:
            self._requests.pop(self._asked, None)
            raise Unanswered from error
        return await waiting

    # === what comes ===

    async def _take(self, frame: dict) -> None:
        match frame["type"]:
            case "message":
                self.record.message(frame)
            case "group":
                self.record.group(frame)
            case "gap":
                self.record.gap(frame)
            case "features":
                self.features = frame["features"]
            case "ack":
                self.record.settled(frame["group"], frame["cid"], frame["seq"])
            case "bye":
                self._next_node = frame.get("url")
                self._pause = frame.get("after", 0) / 1_000
        if "re" in frame:
            self._answered(frame["re"], frame)

    def _answered(self, re: str | int, frame: dict) -> None:
        waiting = self._requests.pop(re, None) if isinstance(re, int) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)
        sending = self._sendings.get(re) if isinstance(re, str) else None
        if sending is None or sending.answer.done():
            return
        if frame["type"] == "error" and frame["code"] in LATER:
            again = self._try_later(sending, frame.get("retry_after", 1_000) / 1_000)
            self._later.add(task := asyncio.create_task(again))
            task.add_done_callback(self._later.discard)
        else:
            sending.answer.set_result(frame)
