"""A dashboard that lays out its panels by itself, and the kinds of panels that there are."""

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboards
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common, dashboard as models
from grafana_foundation_sdk.models import heatmap as heatmap_models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
COLUMNS = 24

# (value from which it holds, colour); the first holds from the beginning.
Steps = list[tuple[float, str]]
# (expression, legend)
Query = tuple[str, str]


class Board:
    """Panels flow from left to right; a row begins below all that stands above it."""

    def __init__(self, uid: str, title: str, description: str, instances_of: str) -> None:
        self._x = self._y = self._line = self._panels = 0
        self._built = (
            dashboards.Dashboard(f"Hubbub / {title}")
            .uid(uid)
            .description(description)
            .tags(["hubbub"])
            .readonly()
            .timezone("browser")
            .time("now-30m", "now")
            .refresh("10s")
            .tooltip(models.DashboardCursorSync.CROSSHAIR)
            .link(_other_boards())
            .annotation(_alerts_as_annotations())
            .with_variable(
                dashboards.DatasourceVariable("datasource").label("Data source").type("prometheus")
            )
            .with_variable(query_variable("job", "Job", f"label_values({instances_of}, job)"))
            .with_variable(
                query_variable(
                    "instance", "Instance", f'label_values({_with_job(instances_of)}, instance)'
                )
            )
        )

    def variable(self, name: str, label: str, query: str) -> None:
        """One more template variable, filled from labels."""
        self._built.with_variable(query_variable(name, label, query))

    def row(self, title: str) -> None:
        """A heading under which the next panels stand."""
        self._end_line()
        self._built.with_row(
            dashboards.Row(title).id(self._next_id()).grid_pos(self._place(COLUMNS, 1))
        )
        self._end_line()

    def add(self, panel, width: int = 8, height: int = 7) -> None:
        """A panel to the right of the last, or below when there is no room."""
        if self._x + width > COLUMNS:
            self._end_line()
        self._built.with_panel(
            panel.id(self._next_id()).datasource(DATASOURCE).grid_pos(self._place(width, height))
        )

    def build(self) -> models.Dashboard:
        """What Grafana reads."""
        return self._built.build()

    def _next_id(self) -> int:
        self._panels += 1
        return self._panels

    def _place(self, width: int, height: int) -> models.GridPos:
        place = models.GridPos(h=height, w=width, x=self._x, y=self._y)
        self._x += width
        self._line = max(self._line, height)
        return place

    def _end_line(self) -> None:
        self._y += self._line
        self._x = self._line = 0


def graph(title: str, description: str, unit: str, *queries: Query, steps: Steps | None = None, stacked: bool = False):
    """Lines over time. Steps show as lines across."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .min(0)
        .line_width(1)
        .fill_opacity(30 if stacked else 8)
        .show_points(common.VisibilityMode.NEVER)
        .legend(
            common_builders.VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(
            common_builders.VizTooltipOptions()
            .mode(common.TooltipDisplayMode.MULTI)
            .sort(common.SortOrder.DESCENDING)
        )
    )
    if stacked:
        panel.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if steps:
        panel.thresholds(_thresholds(steps)).thresholds_style(
            common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        )
    return _with(panel, queries)


def figure(title: str, description: str, unit: str, *queries: Query, steps: Steps | None = None, decimals: int | None = None):
    """The newest value as a figure on a colour."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .no_value("no data")
        .color_mode(common.BigValueColorMode.BACKGROUND if steps else common.BigValueColorMode.VALUE)
        .graph_mode(common.BigValueGraphMode.AREA)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(steps or [(0, "blue")]))
    )
    if decimals is not None:
        panel.decimals(decimals)
    return _with(panel, queries)


def list_of(title: str, description: str, *queries: Query, hidden: list[str]):
    """One line for each series, with its labels as columns."""
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .unit("none")
        .no_value("none")
        .with_transformation(
            models.DataTransformerConfig(
                id_val="organize", options={"excludeByName": dict.fromkeys(hidden, True)}
            )
        )
    )
    for letter, (expression, legend) in zip("ABCDEF", queries):
        panel.with_target(
            _query(letter, expression, legend).instant().format(PromQueryFormat.TABLE)
        )
    return panel


def distribution(title: str, description: str, unit: str, expression: str):
    """A histogram over time."""
    return (
        heatmap.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .calculate(False)
        .y_axis(
            heatmap.YAxisConfig().unit(unit).axis_placement(common.AxisPlacement.LEFT)
        )
        .color(
            heatmap.HeatmapColorOptions()
            .mode(heatmap_models.HeatmapColorMode.SCHEME)
            .scheme("Oranges")
            .steps(64)
        )
        .with_target(_query("A", expression, "{{le}}").format(PromQueryFormat.HEATMAP))
    )


def query_variable(name: str, label: str, query: str):
    """A template variable with the values of a label; all of them unless somebody chooses."""
    return (
        dashboards.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(query)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.NATURAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(models.VariableOption(selected=True, text="All", value="$__all"))
    )


def _with(panel, queries: tuple[Query, ...]):
    for letter, (expression, legend) in zip("ABCDEFGHIJ", queries, strict=False):
        panel.with_target(_query(letter, expression, legend))
    return panel


def _query(letter: str, expression: str, legend: str):
    return (
        prometheus.Dataquery()
        .ref_id(letter)
        .datasource(DATASOURCE)
        .expr(expression)
        .legend_format(legend)
        .range()
    )


def _thresholds(steps: Steps):
    first, *others = steps
    return (
        dashboards.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps(
            [models.Threshold(value=None, color=first[1])]
            + [models.Threshold(value=value, color=colour) for value, colour in others]
        )
    )


def _other_boards():
    return (
        dashboards.DashboardLink("Hubbub")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags(["hubbub"])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )


def _alerts_as_annotations():
    return (
        dashboards.AnnotationQuery()
        .name("Alerts")
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color("red")
        .expr('ALERTS{alertname=~"Hubbub.*", alertstate="firing"}')
    )


def _with_job(metric: str) -> str:
    if metric.endswith("}"):
        return f'{metric[:-1]}, job=~"$job"}}'
    return f'{metric}{{job=~"$job"}}'
