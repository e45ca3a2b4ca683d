"""Does what scripts/upgrade says on standard input, a command a line, and answers each with `done` or `failed`.

Everything else that it prints is for people.
"""

import argparse
import asyncio
import json
import sys

from tests.checker.connection import Unreadable

from .crowd import Crowd
from .steps import Steps


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/upgrade", description=__doc__)
    parser.add_argument("--node", action="append", required=True, metavar="URL")
    parser.add_argument("--tokens", required=True, metavar="FILE", help="as `hubbub token --users` writes them")
    parser.add_argument("--seed", type=int, required=True)
    return parser.parse_args()


async def obey(command: list[str], crowd: Crowd, steps: Steps, nodes: list[str]) -> bool:
    crowd.check_on_tasks()
    match command:
        case ["begin"]:
            await crowd.begin()
        case ["nodes", nodes]:
            await crowd.nodes_are(nodes)
        case ["serve", *urls]:
            # The one list that the clients and the steps look at.
            nodes[:] = urls
        case ["talk", seconds]:
            await steps.talk(float(seconds))
        case ["pin", wanted, seconds]:
            return await steps.pin(int(wanted), float(seconds))
        case ["check", *name]:
            row = await steps.check(" ".join(name))
            say(f"{row.step}: {row.acked} of {row.sent} acked, {row.pinned} pins, {row.breaches} breaches")
        case ["end"]:
            return tell(crowd, steps)
        case _:
            raise ValueError(f"not a command: {command}")
    return True


def tell(crowd: Crowd, steps: Steps) -> bool:
    """The whole run; whether it kept to everything."""
    for line in [*steps.table(), "", *crowd.breaches.told, *steps.notes]:
        say(line)
    reconnects = sum(client.reconnects for client in crowd.clients)
    gaps = sum(client.record.gaps for client in crowd.clients)
    wrong = sum(row.breaches for row in steps.rows)
    say(f"{reconnects} reconnects, {gaps} gaps told; {wrong} breaches")
    return wrong == 0


def say(line: str) -> None:
    print(line, flush=True)


async def main() -> int:
    asked = arguments()
    with open(asked.tokens, encoding="utf-8") as file:
        tokens = [entry["token"] for entry in json.load(file)]
    crowd = Crowd(tokens, asked.node, asked.seed)
    steps = Steps(crowd, asked.node, tokens)
    good = True
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            kept = await obey(line.split(), crowd, steps, asked.node)
            good &= kept
            say("done" if kept else "failed")
    except (Unreadable, RuntimeError, ValueError) as error:
        say(str(error))
        return 2
    finally:
        await crowd.end()
    return 0 if good else 1


try:
    sys.exit(asyncio.run(main()))
except KeyboardInterrupt:
    # Ctrl-C reaches the script that commands this as well, and it ends the run.
    sys.exit(130)
