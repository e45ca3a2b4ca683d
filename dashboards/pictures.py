#!/usr/bin/env python3
"""Draws the dashboards with the data of a Prometheus, laid out as Grafana does, for docs/images:

    dashboards/pictures.py http://127.0.0.1:9090 docs/images [--minutes 15] [--end UNIX-TIME] [--only fitness …]

Needs matplotlib: dashboards/requirements-pictures.txt.
"""

import argparse
import json
import math
import sys
import time
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.dates as dates  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402

HERE = Path(__file__).resolve().parent
COLUMN, LINE = 0.72, 0.42  # inches of a column and of a line of Grafana's grid
STEP = 5
LEGENDS = 11
COLOURS = {"green": "#3f8f3f", "yellow": "#b08b00", "orange": "#d9822b", "red": "#c4162a", "blue": "#1f60c4"}
SCALES = {
    "s": ((1, "s"), (1e-3, "ms"), (1e-6, "µs")),
    "bytes": ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B")),
    "decbytes": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "B")),
    "Bps": ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1, "B/s")),
    "reqps": ((1, "/s"),), "cps": ((1, "/s"),), "ops": ((1, "/s"),), "iops": ((1, "/s"),), "mps": ((1, "/s"),),
}


class Source:
    """A Prometheus and the stretch of time that is drawn."""

    def __init__(self, url: str, minutes: float, end: float) -> None:
        # Whole seconds: Prometheus answers with the very times that it was asked for.
        self.url, self.end, self.begin = url.rstrip("/"), int(end), int(end - 60 * minutes)

    def _ask(self, path: str, **parameters) -> list[dict]:
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=30) as answer:
            return json.load(answer)["data"]["result"]

    def course(self, expression: str) -> list[dict]:
        return self._ask("query_range", query=expression, start=self.begin, end=self.end, step=STEP)

    def now(self, expression: str) -> list[dict]:
        return self._ask("query", query=expression, time=self.end)


def concrete(expression: str) -> str:
    """The expression with everything chosen."""
    for name, value in {"__rate_interval": "30s", "__range": "30m", "job": ".+", "instance": ".+", "testid": ".+"}.items():
        expression = expression.replace(f"${name}", value)
    return expression


def told(value: float, unit: str) -> str:
    """A value as people read it."""
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if unit == "s" and value >= 120:
        return f"{value / 60:.3g} min" if value < 7200 else f"{value / 3600:.3g} h"
    if value == 0:
        return "0"
    scale = SCALES.get(unit, ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, "")))
    size, name = next((step for step in scale if abs(value) >= step[0]), scale[-1])
    return f"{value / size:.3g} {name}".strip()


def legend(target: dict, series: dict) -> str:
    text = target.get("legendFormat") or ""
    for name, value in series["metric"].items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


def colour_of(panel: dict, value: float) -> str:
    chosen = "blue"
    for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", []):
        if step.get("value") is None or value >= step["value"]:
            chosen = step["color"]
    return COLOURS.get(chosen, chosen)


def draw_figure(axes, panel: dict, source: Source) -> None:
    unit = panel["fieldConfig"]["defaults"]["unit"]
    values = [
        (legend(target, series), float(series["value"][1]))
        for target in panel["targets"]
        for series in source.now(concrete(target["expr"]))
    ]
    axes.set_xticks([])
    axes.set_yticks([])
    if not values:
        axes.text(0.5, 0.5, "no data", ha="center", va="center", color="#888")
        return
    axes.set_facecolor(colour_of(panel, max(value for _, value in values)))
    for place, (name, value) in enumerate(values):
        axes.text((place + 0.5) / len(values), 0.55, told(value, unit), ha="center", va="center", color="white", fontsize=17, weight="bold")
        axes.text((place + 0.5) / len(values), 0.15, name, ha="center", va="center", color="white", fontsize=7)


def draw_table(axes, panel: dict, source: Source) -> None:
    axes.axis("off")
    shown = set(panel.get("transformations", [{}])[0].get("options", {}).get("excludeByName", {}))
    lines = [
        "   ".join(f"{name}={value}" for name, value in series["metric"].items() if name not in shown)
        for target in panel["targets"]
        for series in source.now(concrete(target["expr"]))
    ]
    axes.text(0.01, 0.95, "\n".join(sorted(lines)) or "none", va="top", family="monospace", fontsize=8)


def draw_graph(axes, panel: dict, source: Source) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    stacked = (defaults.get("custom", {}).get("stacking") or {}).get("mode") == "normal"
    names, courses = [], []
    for target in panel["targets"]:
        for series in source.course(concrete(target["expr"])):
            names.append(legend(target, series))
            courses.append({float(at): float(value) for at, value in series["values"]})
    clock = [source.begin + STEP * step for step in range(int((source.end - source.begin) / STEP) + 1)]
    when = [datetime.fromtimestamp(at, timezone.utc) for at in clock]
    rows = [[course.get(at, math.nan) for at in clock] for course in courses]
    if not rows:
        axes.text(0.5, 0.5, "no data", ha="center", va="center", color="#888", transform=axes.transAxes)
    elif stacked:
        axes.stackplot(when, [[0 if math.isnan(value) else value for value in row] for row in rows], labels=names, alpha=0.6)
    else:
        for name, row in zip(names, rows, strict=True):
            axes.plot(when, row, label=name, linewidth=1)
    highest = max((value for row in rows for value in row if not math.isnan(value)), default=1)
    for step in defaults.get("thresholds", {}).get("steps", []):
        if step.get("value") and step["value"] <= 1.5 * highest:
            axes.axhline(step["value"], color=COLOURS.get(step["color"], step["color"]), linestyle="--", linewidth=0.8)
    axes.set_ylim(bottom=0)
    axes.set_xlim(when[0], when[-1])
    axes.yaxis.set_major_formatter(lambda value, _: told(value, defaults["unit"]))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    minutes = max(1, round((source.end - source.begin) / 60 / 5))
    axes.xaxis.set_major_locator(dates.MinuteLocator(interval=minutes))
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.25)
    if names:
        shown = names[:LEGENDS] + [f"and {len(names) - LEGENDS} more"] * (len(names) > LEGENDS)
        handles = axes.get_legend_handles_labels()[0][: len(shown)]
        axes.legend(handles, shown, fontsize=6, loc="upper left", bbox_to_anchor=(-0.02, -0.1), ncols=4, frameon=False, handlelength=1)


def draw_heat(axes, panel: dict, source: Source) -> None:
    buckets = {}
    for target in panel["targets"]:
        for series in source.course(concrete(target["expr"])):
            buckets[float(series["metric"]["le"].replace("+Inf", "inf"))] = {float(at): float(v) for at, v in series["values"]}
    edges = sorted(buckets)
    clock = [source.begin + STEP * step for step in range(int((source.end - source.begin) / STEP) + 1)]
    below = [[buckets[edge].get(at, 0) for at in clock] for edge in edges]
    rows = [[max(0, value - (below[i - 1][j] if i else 0)) for j, value in enumerate(row)] for i, row in enumerate(below)]
    if rows:
        axes.imshow(rows, aspect="auto", origin="lower", cmap="Oranges", extent=(0, len(clock), 0, len(edges)))
        axes.set_yticks([i + 1 for i in range(0, len(edges), 2)], [told(edges[i], "s") if math.isfinite(edges[i]) else "∞" for i in range(0, len(edges), 2)])
    axes.set_xticks([])
    axes.tick_params(labelsize=7)


KINDS = {"stat": draw_figure, "table": draw_table, "timeseries": draw_graph, "heatmap": draw_heat}


def draw(board: dict, source: Source, path: Path, skipped_rows: set[str]) -> None:
    panels, row = [], ""
    for panel in board["panels"]:
        row = panel["title"] if panel["type"] == "row" else row
        if row not in skipped_rows:
            panels.append(panel)
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) + 1
    picture = plt.figure(figsize=(24 * COLUMN, height * LINE))
    picture.suptitle(board["title"], x=0.01, y=1 - 0.1 / height, ha="left", fontsize=14, weight="bold")
    for panel in panels:
        place = panel["gridPos"]
        top = 1 - (place["y"] + 1) / height
        if panel["type"] == "row":
            picture.text(0.01, top - 0.7 / height, panel["title"], fontsize=11, weight="bold")
            continue
        graph = panel["type"] in ("timeseries", "heatmap")
        inset_left, inset_bottom = (1.1, 1.6) if graph else (0.2, 0.2)
        axes = picture.add_axes(
            (
                (place["x"] + inset_left) / 24,
                top - (place["h"] - inset_bottom) / height,
                (place["w"] - inset_left - 0.2) / 24,
                (place["h"] - inset_bottom - 0.9) / height,
            )
        )
        axes.set_title(panel["title"], fontsize=8.5, loc="left", weight="bold")
        KINDS[panel["type"]](axes, panel, source)
    picture.savefig(path, dpi=72)
    plt.close(picture)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("prometheus")
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("--minutes", type=float, default=15)
    arguments.add_argument("--end", type=float, default=None)
    arguments.add_argument("--only", nargs="*")
    arguments.add_argument("--without-rows", nargs="*", default=[], help="rows whose exporters are not there")
    chosen = arguments.parse_args()
    source = Source(chosen.prometheus, chosen.minutes, chosen.end or time.time())
    chosen.directory.mkdir(parents=True, exist_ok=True)
    for path in sorted((HERE / "grafana").glob("*.json")):
        if not chosen.only or path.stem in chosen.only:
            picture = chosen.directory / f"dashboard-{path.stem}.png"
            draw(json.loads(path.read_text()), source, picture, set(chosen.without_rows))
            print(f"drew {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
