#!/usr/bin/env python3
"""Writes grafana/*.json from src/, and the PrometheusRule of k8s/ from prometheus/*.yml.

With --check it writes nothing, and fails when a file is not what it would write.
Needs grafana_foundation_sdk and PyYAML: dashboards/requirements.txt.
"""

import json
import sys
from pathlib import Path

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from src import backends, fitness, load_test, nodes, pipeline  # noqa: E402

RULES = HERE.parent / "k8s" / "components" / "prometheus-operator" / "rules.yaml"


def files() -> dict[Path, str]:
    """Everything that is made, by where it belongs."""
    made = {
        HERE / "grafana" / f"{name}.json": json.dumps(
            board.build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False
        )
        + "\n"
        for name, board in {
            "fitness": fitness,
            "pipeline": pipeline,
            "nodes": nodes,
            "backends": backends,
            "load-test": load_test,
        }.items()
    }
    made[RULES] = prometheus_rule()
    return made


def prometheus_rule() -> str:
    """All rules and alerts as the custom resource that the Prometheus operator reads."""
    groups = [
        group
        for name in ("rules", "alerts", "exporters")
        for group in yaml.safe_load((HERE / "prometheus" / f"{name}.yml").read_text())["groups"]
    ]
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "hubbub"},
        "spec": {"groups": groups},
    }
    return "# Made by dashboards/build.py from dashboards/prometheus/*.yml.\n" + yaml.safe_dump(
        resource, sort_keys=False, width=1000, allow_unicode=True
    )


def main() -> int:
    stale = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    if sys.argv[1:] == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(HERE.parent)} is not what dashboards/build.py makes; run it again")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files()[path])
        print(f"wrote {path.relative_to(HERE.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
