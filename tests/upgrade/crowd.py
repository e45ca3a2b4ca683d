"""Who talks, pins, comes and goes, and in which groups."""

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass, field

from .acceptance import Acceptance
from .client import Client
from .record import Breaches

FIXED_GROUPS = 6
MEMBERS = 5
DIRECT_CHATS = ((0, 1), (2, 3))
# Comes and goes in the open group, and is a guest in the first fixed one.
COMERS = (9, 10)
GUEST = 11
USERS = 12
PAUSE_OF_TALKERS = 0.25
PAUSE_OF_COMERS = 0.7
# Pins that an admin has under way at once in one group.
PINS_AT_ONCE = 6
KIND = "pinned"


@dataclass
class Figures:
    """What was done, for the table."""

    sent: int = 0
    acked: int = 0
    pins: int = 0
    unsupported: int = 0
    # Refused as they may be: by somebody who is no admin, or no member any more.
    forbidden: int = 0


@dataclass
class Group:
    """One group of the load."""

    id: str
    # Those who may pin. None: whoever happens to be an admin.
    admins: tuple[int, ...] | None
    targets: deque[int] = field(default_factory=lambda: deque(maxlen=300))


class Crowd:
    """All clients, and what they do while the gate is open."""

    def __init__(self, tokens: list[str], nodes: list[str], seed: int) -> None:
        self.breaches, self.figures = Breaches(), Figures()
        self.clients = [
            Client(f"upgrade-{at}", token, nodes, self.breaches, seed + at) for at, token in enumerate(tokens[:USERS])
        ]
        self.groups: list[Group] = []
        self.gate, self.busy = asyncio.Event(), 0
        self._random, self._sent = random.Random(seed), 0
        self.acceptance = Acceptance()
        self._tasks: list[asyncio.Task] = []

    # === beginning and end ===

    async def begin(self) -> None:
        self._tasks += [asyncio.create_task(client.run()) for client in self.clients]
        await asyncio.gather(*(client.welcomed.wait() for client in self.clients))
        for creator in range(FIXED_GROUPS):
            members = [(creator + step) % COMERS[0] for step in range(1, MEMBERS + 1)]
            await self._create(creator, f"fixed {creator}", members, "members", (creator,))
        await self._create(FIXED_GROUPS, "open", [FIXED_GROUPS + 1, FIXED_GROUPS + 2], "open", None)
        for one, other in DIRECT_CHATS:
            frame = {"to": self.clients[other].user, "cid": self._cid(one), "text": "hello"}
            answer, _ = await self.clients[one].send(frame)
            self.groups.append(Group(answer["group"], (one, other)))
        self._start_actors()

    async def _create(self, creator: int, name: str, members: list[int], access: str, admins) -> None:
        users = [self.clients[member].user for member in members]
        frame = {"type": "create", "name": name, "members": users, "access": access, "cid": self._cid(creator)}
        answer = await self.clients[creator].ask(frame)
        if answer["type"] != "group":
            raise RuntimeError(f"{name} could not be made: {answer}")
        self.groups.append(Group(answer["id"], admins))

    def _start_actors(self) -> None:
        actors = [self._talk(client) for client in self.clients]
        actors += [self._come_and_go(at) for at in (*COMERS, FIXED_GROUPS)]
        actors.append(self._invite_a_guest())
        for group in self.groups:
            pinners = group.admins if group.admins is not None else (FIXED_GROUPS, *COMERS)
            at_once = PINS_AT_ONCE if group.admins is not None else 1
            actors += [self._pin(self.clients[at], group) for at in pinners for _ in range(at_once)]
        self._tasks += [asyncio.create_task(actor) for actor in actors]

    def check_on_tasks(self) -> None:
        """An actor that fell over is a fault of this load, and told at once."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # === the nodes ===

    @property
    def open_group(self) -> Group:
        return self.groups[FIXED_GROUPS]

    async def nodes_are(self, nodes: str) -> None:
        """`old`, `mixed` or `new`. Whether the older version knows the kind is what it says; the newer one must accept
        it where it knows what it leads to."""
        self.acceptance.nodes_are(nodes, time.monotonic())
        if nodes == "old":
            self.acceptance.old_knows = f"kind:{KIND}" in self.clients[0].features
        elif nodes == "new":
            answer = await self.clients[0].ask({"type": "pins", "group": self.groups[0].id})
            self.acceptance.new_knows = answer["type"] == "pins"

    # === the actors ===

    async def _talk(self, client: Client) -> None:
        number = 0
        while True:
            await self._pause(PAUSE_OF_TALKERS)
            mine = [group for group in self.groups if group.id in client.record.groups]
            if not mine:
                continue
            group, number = self._random.choice(mine), number + 1
            cid = self._cid(self.clients.index(client))
            frame = {"group": group.id, "cid": cid, "text": f"{cid} says something"}
            if number % 7 == 0:
                frame = {"group": group.id, "cid": cid, "kind": "x.note", "data": {"notify": number % 2 == 0, "a": 1}}
            answer = await self._send(client, group, frame)
            if answer["type"] == "ack":
                group.targets.append(answer["seq"])

    async def _pin(self, client: Client, group: Group) -> None:
        while True:
            await self._pause(0.02 if group.admins is not None else PAUSE_OF_COMERS)
            if not group.targets or group.id not in client.record.groups:
                await asyncio.sleep(0.1)
                continue
            target, on = self._random.choice(group.targets), self._random.random() < 0.6
            frame = {"group": group.id, "cid": self._cid(self.clients.index(client)), "kind": KIND}
            answer = await self._send(client, group, frame | {"ref": f"{group.id}:{target}", "data": {"on": on}})
            if answer["type"] != "ack":
                await asyncio.sleep(0.5)

    async def _send(self, client: Client, group: Group, frame: dict) -> dict:
        self.figures.sent += 1
        self.busy += 1
        try:
            at = time.monotonic()
            answer, tries = await client.send(frame)
        finally:
            self.busy -= 1
        fault = None
        if answer["type"] == "ack":
            self.figures.acked += 1
            if frame.get("kind") == KIND:
                self.figures.pins += 1
                fault = self.acceptance.fault_of_ack(at, tries)
        else:
            client.record.was_refused(group.id, frame["cid"], tries)
            fault = self._fault_of_refusal(client, group, frame, answer["code"], at, tries)
        if fault is not None:
            self.breaches.add("refused", f"{frame['cid']} of kind {frame.get('kind', 'text')}: {fault}")
        return answer

    def _fault_of_refusal(
        self, client: Client, group: Group, frame: dict, code: str, at: float, tries: int
    ) -> str | None:
        if code == "unsupported" and frame.get("kind") == KIND:
            self.figures.unsupported += 1
            return self.acceptance.fault_of_refusal(at, tries)
        changing = group is self.open_group or client is self.clients[GUEST]
        if changing and code in ("forbidden", "not_found"):
            self.figures.forbidden += 1
            return None
        return code

    async def _come_and_go(self, at: int) -> None:
        """In and out of the open group, its first admin as well, so that admins follow each other."""
        client, group = self.clients[at], self.open_group
        while True:
            await self._pause(PAUSE_OF_COMERS * (1 if at in COMERS else 5))
            await self._change(client, {"type": "join", "group": group.id})
            await self._pause(PAUSE_OF_COMERS)
            await self._change(client, {"type": "leave", "group": group.id})

    async def _invite_a_guest(self) -> None:
        host, group, guest = self.clients[0], self.groups[0], self.clients[GUEST]
        while True:
            for verb in ("add", "remove"):
                await self._pause(PAUSE_OF_COMERS * 2)
                await self._change(host, {"type": verb, "group": group.id, "users": [guest.user]})

    async def _change(self, client: Client, frame: dict) -> None:
        self.busy += 1
        try:
            answer = await client.ask(frame)
        finally:
            self.busy -= 1
        # A repeat of `leave` finds that it was done.
        if answer["type"] != "ok" and (frame["type"], answer.get("code")) != ("leave", "forbidden"):
            self.breaches.add("refused", f"{frame['type']} of {client.user}: {answer.get('code')}")

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._random.uniform(0.5, 1.5))
        await self.gate.wait()

    def _cid(self, at: int) -> str:
        self._sent += 1
        return f"u{at}-{self._sent}"
