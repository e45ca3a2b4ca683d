"""Grafana's dashboards."""

import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

from .project import DASHBOARDS, metrics_of, run

BOARDS = {path.stem: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("grafana/*.json"))}
COUNTER = re.compile(r"\b(\w+_total)\b")
# A figure of what k6 has counted since its test began; an increase would leave out the first.
SINCE_THE_BEGINNING = re.compile(r"k6_\w+_total")
# Recorded over all nodes or libraries, or written by k6, which knows of no instance; ALERTS have
# the labels of what they are about.
WITHOUT_INSTANCE = re.compile(r"(job:|hubbub:|k6_|ALERTS)")
WITHOUT_JOB = re.compile(r"(hubbub:|k6_|ALERTS)")


def panels(board: dict) -> list[dict]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions(board: dict) -> list[tuple[str, str]]:
    return [(panel["title"], target["expr"]) for panel in panels(board) for target in panel["targets"]]


class Dashboards(unittest.TestCase):
    def test_they_are_what_their_source_makes(self):
        self.assertGreaterEqual(len(BOARDS), 5)
        run(sys.executable, DASHBOARDS / "build.py", "--check")

    def test_each_is_found_by_its_own_uid_and_is_not_edited_in_place(self):
        uids = [board["uid"] for board in BOARDS.values()]
        self.assertEqual(len(set(uids)), len(uids))
        for board in BOARDS.values():
            self.assertTrue(board["title"].startswith("Hubbub / ") and board["description"])
            self.assertFalse(board["editable"])
            self.assertGreaterEqual(board["schemaVersion"], 39)

    def test_data_source_job_and_instance_can_be_chosen(self):
        for board in BOARDS.values():
            variables = {variable["name"]: variable for variable in board["templating"]["list"]}
            self.assertEqual(variables["datasource"]["query"], "prometheus")
            for name in ("job", "instance"):
                variable = variables[name]
                self.assertEqual(variable["label"], name.capitalize())
                self.assertEqual(variable["datasource"]["uid"], "${datasource}")
                self.assertTrue(variable["multi"] and variable["includeAll"])
                self.assertEqual((variable["allValue"], variable["refresh"]), (".+", 2))
                self.assertRegex(variable["query"], r"^label_values\(.+, \w+\)$")

    def test_each_panel_says_what_it_shows_and_in_what_unit(self):
        for board in BOARDS.values():
            for panel in panels(board):
                with self.subTest(panel["title"]):
                    self.assertTrue(panel["title"] and panel["description"] and panel["targets"])
                    self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                    for part in (panel, *panel["targets"]):
                        self.assertEqual(part["datasource"], {"type": "prometheus", "uid": "${datasource}"})
            titles = [panel["title"] for panel in panels(board)]
            self.assertEqual(len(set(titles)), len(titles))

    def test_no_panel_lies_upon_another(self):
        for board in BOARDS.values():
            taken = {}
            for panel in board["panels"]:
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24)
                for x in range(place["x"], place["x"] + place["w"]):
                    for y in range(place["y"], place["y"] + place["h"]):
                        self.assertNotIn((x, y), taken, f"{panel['title']} upon {taken.get((x, y))}")
                        taken[x, y] = panel["title"]
            ids = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(set(ids)), len(ids))

    def test_rates_follow_the_scrape_interval_and_counters_are_rates(self):
        for board in BOARDS.values():
            for title, expression in expressions(board):
                with self.subTest(title):
                    for window in re.findall(r"\brate\([^\[]*\[([^\]]+)\]", expression):
                        self.assertEqual(window, "$__rate_interval")
                    bare = re.sub(r"\b(?:rate|increase)\([^\[]*\[[^\]]+\]\)", "", expression)
                    left = [name for name in COUNTER.findall(bare) if not SINCE_THE_BEGINNING.fullmatch(name)]
                    self.assertEqual(left, [])

    def test_what_is_chosen_is_what_is_shown(self):
        for board in BOARDS.values():
            for title, expression in expressions(board):
                for name, matchers in re.findall(r"([\w:]+)\{([^}]*)\}", expression):
                    with self.subTest(title, metric=name):
                        self.assertTrue(WITHOUT_JOB.match(name) or 'job=~"$job"' in matchers)
                        self.assertTrue(WITHOUT_INSTANCE.match(name) or 'instance=~"$instance"' in matchers)
                for name in metrics_of(expression):
                    self.assertTrue(f"{name}{{" in expression or name.startswith("hubbub:"), f"{title}: {name}")

    def test_prometheus_can_read_every_expression(self):
        everything = [
            {"record": f"board:hubbub:panel{number}", "expr": concrete(expression)}
            for number, (_, expression) in enumerate(
                pair for board in BOARDS.values() for pair in expressions(board)
            )
        ]
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "panels.yml"
            path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": everything}]}))
            run("promtool", "check", "rules", path)


def concrete(expression: str) -> str:
    """The expression with values for the template variables."""
    return (
        expression.replace("$__rate_interval", "1m")
        .replace("$__range", "30m")
        .replace("$job", ".+")
        .replace("$instance", ".+")
        .replace("$testid", ".+")
    )
