"""A load test by k6 that writes to Prometheus, beside what the hub says of the same time."""

from .board import Board, figure, graph
from .expressions import of, quantile, rate, total

K6 = "From k6, by remote write."


def k6(metric: str) -> str:
    """A series of the chosen test runs. What k6 writes has neither job nor instance."""
    return f'{metric}{{testid=~"$testid"}}'


def k6_rate(metric: str) -> str:
    return f"rate({k6(metric)}[$__rate_interval])"


def build():
    board = Board(
        "hubbub-load-test",
        "Load test",
        "What k6 measures, by remote write (trend stats p(50), p(95), p(99), max; tag testid), and what the hub measures meanwhile.",
        "hubbub_sessions",
    )
    board.variable("testid", "Test run", "label_values(k6_vus, testid)")
    board.row("What the clients see")
    _clients(board)
    board.row("What the hub sees")
    _hub(board)
    return board.build()


def _clients(board: Board) -> None:
    board.add(
        figure(
            "Checks passed",
            f"The share of k6's checks that held, since the test began. {K6}",
            "percentunit",
            (f"min({k6('k6_checks_rate')})", "passed"),
            steps=[(0, "red"), (0.99, "yellow"), (1, "green")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "Messages lost",
            f"Messages that were acked and did not arrive. {K6}",
            "short",
            (f"sum({k6('k6_hubbub_lost_total')}) or vector(0)", "lost"),
            steps=[(0, "green"), (1, "red")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "Out of order",
            f"Messages that arrived behind a later one of their group. {K6}",
            "short",
            (f"sum({k6('k6_hubbub_out_of_order_total')}) or vector(0)", "out of order"),
            steps=[(0, "green"), (1, "red")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "Sockets opened",
            f"Since the test began. {K6}",
            "short",
            (f"sum({k6('k6_ws_sessions_total')})", "sockets"),
        ),
        4, 4,
    )
    board.add(
        figure(
            "Virtual users",
            f"Each holds many sockets. {K6}",
            "short",
            (f"sum({k6('k6_vus')})", "virtual users"),
        ),
        4, 4,
    )
    board.add(
        figure(
            "Iterations dropped",
            f"Work that k6 could not begin in time: the load generator is at its limit, not the hub. {K6}",
            "short",
            (f"sum({k6('k6_dropped_iterations_total')}) or vector(0)", "dropped"),
            steps=[(0, "green"), (1, "yellow")],
        ),
        4, 4,
    )
    board.add(
        graph(
            "Time from client to client",
            f"From a time in the message to its arrival, since the test began. {K6}",
            "s",
            *((f"max({k6(f'k6_hubbub_end_to_end_{stat}')})", stat) for stat in ("p50", "p95", "p99", "max")),
            steps=[(0, "green"), (1, "yellow"), (10, "red")],
        )
    )
    board.add(
        graph(
            "Messages on sockets",
            f"Frames sent and received by the clients. {K6}",
            "cps",
            (f"sum({k6_rate('k6_ws_msgs_sent_total')})", "sent"),
            (f"sum({k6_rate('k6_ws_msgs_received_total')})", "received"),
        )
    )
    board.add(
        graph(
            "Time to connect",
            f"From the beginning of a connection to an open WebSocket. {K6}",
            "s",
            *((f"max({k6(f'k6_ws_connecting_{stat}')})", stat) for stat in ("p50", "p95", "p99", "max")),
        )
    )


def _hub(board: Board) -> None:
    board.add(
        graph(
            "Users online",
            "Against the objective of 10,000.",
            "short",
            (total(of("hubbub_users_online")), "users"),
            steps=[(0, "yellow"), (10_000, "green")],
        )
    )
    board.add(
        graph(
            "Time from send to ack",
            "Through the whole pipeline, as the hub measures it.",
            "s",
            (quantile(0.5, "hubbub_stage_seconds", 'stage="end_to_end"'), "p50"),
            (quantile(0.99, "hubbub_stage_seconds", 'stage="end_to_end"'), "p99"),
            steps=[(0, "green"), (1, "yellow"), (10, "red")],
        )
    )
    board.add(
        graph(
            "Messages",
            "Sends answered as stored, and events handed to sessions.",
            "cps",
            (total(rate("hubbub_messages_acked_total")), "acked"),
            (total(rate("hubbub_messages_delivered_total")), "delivered"),
        )
    )
    board.add(
        graph(
            "Refusals",
            "Requests refused by code, and connections refused by reason.",
            "reqps",
            (total(rate("hubbub_rejected_total"), "code"), "{{code}}"),
            (total(rate("hubbub_refused_connections_total"), "reason"), "{{reason}}"),
        )
    )
    board.add(
        graph(
            "Processor",
            "Cores in use by each node.",
            "none",
            (rate("process_cpu_seconds_total"), "{{instance}}"),
        )
    )
    board.add(
        graph(
            "Memory",
            "Memory in use by each node.",
            "bytes",
            (of("process_resident_memory_bytes"), "{{instance}}"),
        )
    )
