"""Every expression of dashboards and rules, asked of a real Prometheus that watches a real cluster."""

import math
import re
import unittest

from .live import LOAD_SECONDS, cluster, eventually
from .project import metrics_of, rules
from .test_dashboards import BOARDS, concrete, expressions
from .test_metrics import documented

# What cannot be there, by what an expression names, each with the reason.
ELSEWHERE = {
    r"redis_\w+": "redis_exporter is no part of the checks",
    r"mongodb_\w+": "mongodb_exporter is no part of the checks",
    r"k6_\w+": "comes from a k6 run by remote write; the smoke test of loadtest/ has its own checks",
    r"hubbub_known_vulnerabilities|hubbub_advisories_timestamp_seconds|hubbub:\w+:max": "comes from node_exporter's textfile collector",
    r"ALERTS": "nothing fires in a cluster that is well",
}
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)(\{[^}]*\})?(?![\w:(])")


def elsewhere(expression: str) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in ELSEWHERE for name in metrics_of(expression))


def unanswered(expected: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that have no answer; fails at once for one that is no number."""
    missing = []
    for place, expression in expected:
        series = cluster().ask("query", query=expression)["result"]
        for one in series:
            if not math.isfinite(float(one["value"][1])):
                raise AssertionError(f"{place}: {expression} is {one['value'][1]}")
        if not series:
            missing.append((place, expression))
    return missing


def answered(what: str, expected: list[tuple[str, str]]) -> None:
    """Each has had an answer at some time: a quiet second is no fault."""
    left = list(dict.fromkeys(expected))

    def attempt():
        nonlocal left
        left = unanswered(left)
        return left

    eventually(f"nothing is shown by these {what}", attempt)


class Live(unittest.TestCase):
    def test_what_shows_nothing_or_no_number_is_found(self):
        nothing = ("a panel", "hubbub_no_such_metric")
        self.assertEqual(unanswered([nothing, ("another", "vector(1)")]), [nothing])
        for wrong in ("vector(0) / 0", "vector(1) / 0", "hubbub_sessions{"):
            with self.subTest(wrong), self.assertRaises(AssertionError):
                unanswered([("a panel", wrong)])

    def test_every_panel_shows_something(self):
        panels = [(f"{name}: {title}", concrete(expression)) for name, board in BOARDS.items() for title, expression in expressions(board)]
        expected = [(title, expression) for title, expression in panels if not elsewhere(expression)]
        self.assertGreater(len(expected), 80)
        answered("panels", expected)
        # Those that are not expected to are still ones that Prometheus understands.
        for title, expression in panels:
            with self.subTest(title):
                cluster().ask("query", query=expression)

    def test_every_template_variable_has_values(self):
        queries = {variable["query"] for board in BOARDS.values() for variable in board["templating"]["list"] if variable["type"] == "query"}
        expected = {query for query in queries if not elsewhere(query.removeprefix("label_values"))}
        self.assertGreaterEqual(len(expected), 2)

        def attempt():
            parsed = [re.fullmatch(r"label_values\((.+), (\w+)\)", concrete(query)).groups() for query in expected]
            return [pair for pair in parsed if not cluster().ask(f"label/{pair[1]}/values", match=pair[0])]

        eventually("these variables have no values", attempt)

    def test_every_recording_rule_records_something(self):
        named = [(rule["record"], rule["record"]) for rule in rules() if "record" in rule and not elsewhere(rule["record"])]
        self.assertGreater(len(named), 20)
        answered("rules", named)

    def test_every_alert_looks_at_something(self):
        selectors = []
        for rule in rules():
            if "alert" in rule and not elsewhere(rule["expr"]):
                bare = re.sub(r"\[[^\]]*\]", "", rule["expr"])
                for name, labels in SELECTOR.findall(bare):
                    if name in metrics_of(rule["expr"]):
                        # A comparison within a selector (`up == 1`) is none of it.
                        selectors.append((rule["alert"], name + labels))
        self.assertGreater(len(selectors), 30)
        answered("alerts", selectors)

    def test_prometheus_finds_no_fault_with_any_rule(self):
        def attempt():
            groups = cluster().ask("rules")["groups"]
            known = [rule for group in groups for rule in group["rules"]]
            bad = [(rule["name"], rule.get("lastError") or "not evaluated") for rule in known if rule["health"] != "ok"]
            return bad or ([] if len(known) == len(rules()) else [f"{len(known)} of {len(rules())} rules"])

        eventually("these rules cannot be evaluated", attempt)

    def test_every_metric_is_documented_and_every_documented_metric_is_there(self):
        ours = {name for name in documented(first_cell_only=True) if name.startswith(("hubbub_", "process_"))}

        def exported():
            text = "\n".join(cluster().expositions().values())
            return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))

        eventually("documented, and no node or probe tells of them", lambda: ours - exported())
        self.assertEqual(exported() - ours, set(), "told by nodes or probe, and not documented")

    def test_what_dashboards_and_rules_name_is_told(self):
        told = [rule["expr"] for rule in rules()] + [expression for board in BOARDS.values() for _, expression in expressions(board)]
        named = {name for expression in told for name in metrics_of(expression) if not elsewhere(name)}
        answered("metrics", [(name, name) for name in sorted(named)])

    def test_the_load_was_carried_as_promised(self):
        load = cluster().load
        told, _ = load.communicate(timeout=LOAD_SECONDS + 60)
        self.assertEqual(load.returncode, 0, told)
        self.assertIn("held", told)
