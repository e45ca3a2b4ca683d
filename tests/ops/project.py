"""Where things are in the project, and how tools are run."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DASHBOARDS = ROOT / "dashboards"
PROMETHEUS = DASHBOARDS / "prometheus"
TOOLS = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "tools"


def run(*command: str | Path, given: str | None = None, **more) -> str:
    """A tool's output; fails with everything that it said when it does not succeed."""
    if shutil.which(str(command[0])) is None:
        raise AssertionError(f"{command[0]} is missing; scripts/check-ops says how to get it")
    done = subprocess.run(
        [str(word) for word in command], input=given, capture_output=True, text=True, timeout=300, check=False, **more
    )
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def rule_files() -> list[Path]:
    return sorted(PROMETHEUS.glob("*.yml"))


def rules() -> list[dict]:
    """All recording rules and alerts."""
    groups = [group for path in rule_files() for group in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict]:
    return [rule for rule in rules() if "alert" in rule]


_NAME = re.compile(r"\b[a-zA-Z_:][a-zA-Z0-9_:]*\b")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_LABELS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]")
_OURS = re.compile(r"(?:job:)?(?:hubbub|process|redis|mongodb|k6)[_:].*|up|ALERTS")


def metrics_of(expression: str) -> set[str]:
    """The metrics that an expression names."""
    bare = _LABELS.sub(" ", _STRING.sub('""', expression))
    named = {name for name in _NAME.findall(bare) if _OURS.fullmatch(name)}
    # `{__name__=~"a|b"}` names them in a string.
    for listed in re.findall(r'__name__=~"([^"]*)"', expression):
        named.update(listed.split("|"))
    return named


def family(metric: str) -> str:
    """A histogram's name without what its series add."""
    for suffix in ("_bucket", "_count", "_sum"):
        if metric.startswith("hubbub_") and metric.endswith("_seconds" + suffix):
            return metric.removesuffix(suffix)
    return metric
