"""The load tests agree with the dashboards and alerts."""

import json
import re
import unittest

from .project import DASHBOARDS, PROMETHEUS, ROOT, metrics_of

LOADTEST = ROOT / "loadtest"
FITNESS = json.loads((LOADTEST / "lib" / "fitness.json").read_text())
# What k6 counts by itself.
BUILT_IN = {"vus", "checks", "dropped_iterations", "ws_sessions", "ws_connecting", "ws_msgs_sent", "ws_msgs_received"}
SUFFIXES = r"_(total|rate|p50|p95|p99|max)$"


def expressions(node):
    """Every expression in a dashboard."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "query") and isinstance(value, str):
                yield value
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for each in node:
            yield from expressions(each)


class LoadTests(unittest.TestCase):
    def test_bounds_are_those_of_the_alerts(self):
        rules = (PROMETHEUS / "alerts.yml").read_text() + (PROMETHEUS / "rules.yml").read_text()
        capacity = FITNESS["capacity"]["users_online"]
        self.assertRegex(rules, rf"job:hubbub_max_sessions:sum < {capacity}\b")
        self.assertIn(f"< {FITNESS['maturity']['uptime']}", rules)
        for bound in ("p99_ms", "max_ms"):
            edge = FITNESS["time_behaviour"][bound] // 1000
            self.assertIn(f'le=~"{edge}(\\\\.0)?"', rules)

    def test_what_the_dashboard_shows_of_k6_is_written_by_the_scripts(self):
        declared = set(re.findall(r"new (?:Trend|Rate|Counter|Gauge)\('([a-z_]+)'", (LOADTEST / "lib" / "metrics.js").read_text()))
        board = json.loads((DASHBOARDS / "grafana" / "load-test.json").read_text())
        shown = {
            re.sub(SUFFIXES, "", metric.removeprefix("k6_"))
            for expression in expressions(board)
            for metric in metrics_of(expression)
            if metric.startswith("k6_")
        }
        self.assertGreater(len(shown), 5)
        self.assertEqual(shown - declared - BUILT_IN, set())

    def test_each_script_is_described(self):
        scripts = {path.stem for path in LOADTEST.glob("*.js")}
        described = set(re.findall(r"^\| `([a-z-]+)` \|", (LOADTEST / "README.md").read_text(), re.MULTILINE))
        self.assertEqual(scripts, described)

    def test_each_script_is_held_to_the_shared_bounds(self):
        for path in LOADTEST.glob("*.js"):
            with self.subTest(path.stem):
                text = path.read_text()
                self.assertIn("from './lib/fitness.js'", text)
                self.assertNotRegex(text, r"(p\(\d+\)|max|rate|count|avg)[<>]=?[02-9]", "a bound of its own")
