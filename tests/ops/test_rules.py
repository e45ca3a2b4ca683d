"""Recording rules and alerts."""

import re
import unittest
from pathlib import Path

import yaml

from .project import DASHBOARDS, PROMETHEUS, ROOT, alerts, rule_files, rules, run

TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))


class Rules(unittest.TestCase):
    def test_prometheus_accepts_them(self):
        run("promtool", "check", "rules", *rule_files())

    def test_recorded_series_say_what_they_are_summed_by(self):
        for rule in rules():
            if "record" in rule:
                self.assertRegex(rule["record"], r"^(job:hubbub_[a-z_]+|hubbub:[a-z_]+):[a-z_0-9]+$")


class Alerts(unittest.TestCase):
    def test_each_says_what_is_wrong_and_what_to_do(self):
        entries = anchors(ROOT / "docs" / "operations.md")
        boards = {path.read_text().split('"uid": "hubbub-')[1].split('"')[0] for path in DASHBOARDS.glob("grafana/*.json")}
        for alert in alerts():
            with self.subTest(alert["alert"]):
                notes = alert["annotations"]
                self.assertIn(alert["labels"]["severity"], ("critical", "warning"))
                self.assertTrue(notes["summary"] and notes["description"])
                page, _, anchor = notes["runbook_url"].partition("#")
                # Whoever runs it may have put an address before it: docs/operations.md says how.
                self.assertRegex(page, r"^(https?://\S+/)?docs/operations\.md$")
                self.assertEqual(anchor, alert["alert"].lower())
                self.assertIn(anchor, entries, "docs/operations.md has no entry for it")
                self.assertIn(notes["dashboard"].removeprefix("/d/hubbub-"), boards)

    def test_each_entry_of_the_runbook_is_of_an_alert(self):
        known = {alert["alert"].lower() for alert in alerts()}
        entries = {entry for entry in anchors(ROOT / "docs" / "operations.md") if re.match("hubbub[a-z]", entry)}
        self.assertEqual(entries - known, set())

    def test_each_has_a_unit_test_in_which_it_fires(self):
        fired = set()
        for path in TESTS:
            for test in yaml.safe_load(path.read_text())["tests"]:
                for case in test["alert_rule_test"]:
                    for expected in case["exp_alerts"]:
                        labels = expected["exp_labels"]
                        fired.add((case["alertname"], labels["severity"], labels.get("burn_rate")))
        for alert in alerts():
            labels = alert["labels"]
            self.assertIn((alert["alert"], labels["severity"], labels.get("burn_rate")), fired)

    def test_each_has_a_unit_test_in_which_it_is_quiet(self):
        quiet = set()
        for path in TESTS:
            for test in yaml.safe_load(path.read_text())["tests"]:
                quiet.update(case["alertname"] for case in test["alert_rule_test"] if not case["exp_alerts"])
        self.assertEqual({alert["alert"] for alert in alerts()} - quiet, set())


class UnitTests(unittest.TestCase):
    """A test for each file of unit tests."""


def anchors(page: Path) -> set[str]:
    """What links to a page's headings end in."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def unit_test(path: Path):
    def test(_):
        run("promtool", "test", "rules", path.name, cwd=path.parent)

    return test


for _path in TESTS:
    setattr(UnitTests, f"test_{_path.stem.replace('-', '_')}", unit_test(_path))
