"""What is done between one state of the nodes and the next: wait, check, and write the table."""

import asyncio
import time
from dataclasses import astuple, dataclass, fields

from tests.checker.compare import compare_to, reckon_all
from tests.checker.read import Member, read_all
from tests.checker.reckon import Difference, State

from .crowd import FIXED_GROUPS, KIND, Crowd, Figures

# How long answers and events may take once nobody sends any more.
QUIET_WITHIN = 120.0
SEEN_WITHIN = 60.0
DIFFERENCES_TOLD = 20


@dataclass
class Row:
    """One step of the run; the figures are its own."""

    step: str
    seconds: int
    sent: int
    acked: int
    pinned: int
    unsupported: int
    forbidden: int
    lost: int
    doubled: int
    disordered: int
    refused: int
    differences: int

    @property
    def breaches(self) -> int:
        return self.lost + self.doubled + self.disordered + self.refused + self.differences


class Steps:
    """The run, step by step."""

    def __init__(self, crowd: Crowd, nodes: list[str], tokens: list[str]) -> None:
        self.rows: list[Row] = []
        self.notes: list[str] = []
        self._crowd, self._nodes, self._tokens = crowd, nodes, tokens
        self._before = (Figures(), [0, 0, 0, 0])
        self._began = time.monotonic()

    async def talk(self, seconds: float) -> None:
        self._crowd.gate.set()
        await asyncio.sleep(seconds)

    async def pin(self, wanted: int, seconds: float) -> bool:
        """Talks on until so many more pins are stored; false when they are not in time. Not where nobody knows pins."""
        self._crowd.gate.set()
        goal, deadline = self._crowd.figures.pins + wanted, time.monotonic() + seconds
        if not self._crowd.acceptance.all_know():
            note = f"The newer version knows no events of kind {KIND}, so there are none."
            self.notes += [note] if note not in self.notes else []
            return True
        while self._crowd.figures.pins < goal:
            if time.monotonic() > deadline:
                lacking = goal - self._crowd.figures.pins
                self._crowd.breaches.add(
                    "refused", f"{lacking} of {wanted} pins were not stored within {seconds:.0f} s"
                )
                return False
            self._crowd.check_on_tasks()
            await asyncio.sleep(0.2)
        return True

    async def check(self, step: str) -> Row:
        """Lets everything come to rest, reads all of it from all nodes and holds it together; then the load goes on."""
        crowd = self._crowd
        crowd.gate.clear()
        if not await until(lambda: crowd.busy == 0, QUIET_WITHIN):
            unanswered = sum(client.unanswered for client in crowd.clients)
            crowd.breaches.add("lost", f"{unanswered} sends and some requests were never answered", max(1, crowd.busy))
        told = await asyncio.to_thread(read_all, self._nodes, self._members())
        states, found = await asyncio.to_thread(reckon_all, told)
        found += await asyncio.to_thread(compare_to, states, told)
        await until(lambda: all(is_up_to(client.record, states) for client in crowd.clients), SEEN_WITHIN)
        for client in crowd.clients:
            client.record.judge(states)
        crowd.check_on_tasks()
        row = self._row(step, found)
        self.rows.append(row)
        # What comes next, a node that ends and another that begins, is to happen under load.
        crowd.gate.set()
        return row

    def _members(self) -> list[Member]:
        """A member of each group: its creator; of the open one, whoever is in it."""
        by_user: dict[int, list[str]] = {}
        for at, group in enumerate(self._crowd.groups):
            if at == FIXED_GROUPS:
                reader = next(at for at, client in enumerate(self._crowd.clients) if group.id in client.record.groups)
            else:
                reader = group.admins[-1] if group.admins else at
            by_user.setdefault(reader, []).append(group.id)
        return [Member(self._tokens[user], tuple(groups)) for user, groups in by_user.items()]

    def _row(self, step: str, found: list[Difference]) -> Row:
        self.notes += [f"{step}: {difference}" for difference in found[:DIFFERENCES_TOLD]]
        crowd, now = self._crowd, time.monotonic()
        breaches = crowd.breaches
        counts = [breaches.lost, breaches.doubled, breaches.disordered, breaches.refused]
        figures = [
            after - before for after, before in zip(astuple(crowd.figures), astuple(self._before[0]), strict=True)
        ]
        wrong = [after - before for after, before in zip(counts, self._before[1], strict=True)]
        self._before = (Figures(*astuple(crowd.figures)), counts)
        seconds, self._began = round(now - self._began), now
        return Row(step, seconds, *figures, *wrong, len(found))

    def table(self) -> list[str]:
        """The rows with their names above and their sums below, in columns."""
        names = [field.name for field in fields(Row)]
        rows = [[str(value) for value in astuple(row)] for row in self.rows]
        sums = ["all"] + [str(sum(column)) for column in list(zip(*map(astuple, self.rows), strict=True))[1:]]
        return columns([names, *rows, sums])


def is_up_to(record, states: dict[str, State]) -> bool:
    return all(held.seq >= states[group].head for group, held in record.groups.items() if group in states)


def columns(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


async def until(reached, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True
