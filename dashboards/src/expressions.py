"""Prometheus expressions as the dashboards need them, with the template variables filled in."""

SELECTED = 'job=~"$job", instance=~"$instance"'
# Every target has these; with all jobs chosen, the probe and the exporters would count as nodes.
OF_ANY_TARGET = ("up", "process_")
NODES = 'job="hubbub"'


def of(metric: str, labels: str = "") -> str:
    """A metric of the chosen nodes, with further label matchers."""
    matchers = [SELECTED, NODES if metric.startswith(OF_ANY_TARGET) else "", labels]
    return f"{metric}{{{', '.join(matcher for matcher in matchers if matcher)}}}"


def recorded(series: str, labels: str = "") -> str:
    """A recorded series. These are sums over all nodes of a job, so they have no instance."""
    matchers = f'job=~"$job", {labels}' if labels else 'job=~"$job"'
    return f"{series}{{{matchers}}}"


def rate(metric: str, labels: str = "") -> str:
    """What a counter gains each second."""
    return f"rate({of(metric, labels)}[$__rate_interval])"


def total(expression: str, by: str = "") -> str:
    """The sum, by labels where some are named."""
    return f"sum by ({by}) ({expression})" if by else f"sum({expression})"


def quantile(share: float, histogram: str, labels: str = "", by: str = "") -> str:
    """The value below which this share of a histogram's observations lies; nothing without any."""
    kept = f"{by}, le" if by else "le"
    # Of no observations the quantile is NaN, which is not at least 0.
    return f"histogram_quantile({share}, {total(rate(histogram + '_bucket', labels), kept)}) >= 0"
