"""Holds what nodes tell of groups to those groups' raw sequences; run it with scripts/check-state."""

import argparse
import sys

from .compare import compare
from .connection import Unreadable
from .read import Member, read_all


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/check-state", description=__doc__)
    parser.add_argument(
        "--node", action="append", required=True, metavar="URL", help="a node's public URL; repeat it for each"
    )
    parser.add_argument(
        "--members",
        default="-",
        metavar="FILE",
        help="a member a line: the token, then the groups to check, all of theirs if none is named (standard input)",
    )
    parser.add_argument("--most", type=int, default=100, metavar="N", help="so many differences are printed (100)")
    return parser.parse_args()


def members_of(path: str) -> list[Member]:
    if path == "-":
        lines = sys.stdin.read().splitlines()
    else:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    return [Member(token, tuple(groups)) for token, *groups in (line.split() for line in lines if line.strip())]


def main() -> int:
    asked = arguments()
    try:
        members = members_of(asked.members)
        told = read_all(asked.node, members)
    except (Unreadable, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    found = compare(told)
    for difference in found[: asked.most]:
        print(difference)
    groups = {group: answers for node in told for group, answers in node.groups.items()}
    events = sum(len(answers.raw["upwards"]) for answers in groups.values())
    print(f"{len(groups)} groups of {events} events, {len(asked.node)} nodes: {len(found)} differences")
    if not groups:
        print("There was no group to check: name members of some.", file=sys.stderr)
        return 2
    return 1 if found else 0


sys.exit(main())
