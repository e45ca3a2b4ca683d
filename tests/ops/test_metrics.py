"""That every metric that is named anywhere is one that exists, and is documented."""

import re
import unittest

from .project import ROOT, family, metrics_of, rules
from .test_dashboards import BOARDS, expressions

DOCUMENT = (ROOT / "docs" / "metrics.md").read_text()
# In src a file's metrics are made by a maker, which puts its prefix before their names. The rooms of the hub are given theirs.
NAMES = re.compile(r'make\s*\.\s*(?:counters?|gauges?|histograms?)\(\s*"([a-z_0-9]+)"')
PREFIX = re.compile(r'Maker::new\([^,]+, "(hubbub[a-z_]*)"\)')
GIVEN = ROOT / "src" / "hub" / "wiring" / "metrics.rs"


def registered() -> set[str]:
    """The metrics that the hub's source registers."""
    found = set()
    for path in (ROOT / "src").rglob("metrics.rs"):
        text = path.read_text()
        prefix = PREFIX.search(text) or PREFIX.search(GIVEN.read_text())
        found.update(f"{prefix[1]}_{name}" for name in NAMES.findall(text))
    return found


def documented(first_cell_only: bool) -> set[str]:
    """The metrics that stand in the tables of docs/metrics.md."""
    found = set()
    for line in DOCUMENT.splitlines():
        if line.startswith("| `") or (line.startswith("| ") and not first_cell_only):
            cells = line.split("|")
            text = cells[1] if first_cell_only else " ".join(cells[1:])
            found.update(re.findall(r"`([A-Za-z_:0-9]+)`", text))
    return found


class Metrics(unittest.TestCase):
    def test_what_the_hub_counts_is_documented_and_the_other_way_round(self):
        ours = {name for name in documented(first_cell_only=True) if name.startswith("hubbub_")}
        self.assertEqual(ours, registered())
        self.assertGreater(len(ours), 30)

    def test_what_rules_and_dashboards_name_is_documented(self):
        named = {name for rule in rules() for name in metrics_of(rule["expr"])}
        for board in BOARDS.values():
            named.update(name for _, expression in expressions(board) for name in metrics_of(expression))
            for variable in board["templating"]["list"]:
                named.update(metrics_of(variable["query"].removeprefix("label_values")))
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        known = documented(first_cell_only=False) | recorded
        statistics = re.compile(r"_(p95|p99|max)$")
        missing = {name for name in named if statistics.sub("_p50", family(name)) not in known and family(name) not in known}
        self.assertEqual(missing, set())
        self.assertGreater(len(named), 60)

    def test_what_is_recorded_is_documented(self):
        for rule in rules():
            if "record" in rule:
                stem = re.sub(r"(?<=rate)(30m|1h|6h|3d)$", "5m", rule["record"])
                level, _, operation = stem.rpartition(":")
                self.assertTrue(f"`{stem}`" in DOCUMENT or (f"`{level}:" in DOCUMENT and f"`…:{operation}`" in DOCUMENT), stem)
