"""Redis and MongoDB, as the hub sees them and as their exporters do."""

from .board import Board, figure, graph
from .expressions import of, quantile, rate, total

OPTIONAL = "Needs {}, which is optional."
REDIS = OPTIONAL.format("redis_exporter")
MONGODB = OPTIONAL.format("mongodb_exporter (Percona's, from 0.20)")


def build():
    board = Board(
        "hubbub-backends",
        "Redis & MongoDB",
        "What the hub stands on. The lower rows need redis_exporter and mongodb_exporter, which are optional.",
        '{__name__=~"hubbub_sessions|redis_up|mongodb_up"}',
    )
    board.row("As the hub sees them")
    _hub(board)
    board.row("Redis, by redis_exporter (optional)")
    _redis(board)
    board.row("MongoDB, by mongodb_exporter (optional)")
    _mongodb(board)
    return board.build()


def _hub(board: Board) -> None:
    board.add(
        graph(
            "Errors",
            "Errors of Redis (backplane) and of MongoDB (store), by node.",
            "cps",
            (rate("hubbub_part_errors_total"), "{{instance}} {{part}}"),
        )
    )
    board.add(
        graph(
            "Redis: append and route, 99 %",
            "The two stages that are round trips to Redis.",
            "s",
            (quantile(0.99, "hubbub_stage_seconds", 'stage=~"append|route"', "stage"), "{{stage}}"),
        )
    )
    board.add(
        graph(
            "MongoDB: store",
            "The insert with majority concern, retries included.",
            "s",
            (quantile(0.5, "hubbub_stage_seconds", 'stage="store"'), "p50"),
            (quantile(0.99, "hubbub_stage_seconds", 'stage="store"'), "p99"),
        )
    )


def _redis(board: Board) -> None:
    board.add(
        figure(
            "Redis answers",
            f"1 while it does. {REDIS}",
            "none",
            (f"min({of('redis_up')})", "up"),
            steps=[(0, "red"), (1, "green")],
        ),
        4, 7,
    )
    board.add(
        graph(
            "Memory",
            f"In use, and the limit (0: none). At the limit sends are answered with overloaded. {REDIS}",
            "bytes",
            (of("redis_memory_used_bytes"), "{{instance}} used"),
            (of("redis_memory_max_bytes"), "{{instance}} limit"),
        ),
        10,
    )
    board.add(
        graph(
            "Time for each command",
            f"Mean time that Redis spends in a command, for the ten that cost most. {REDIS}",
            "s",
            (
                f"topk(10, {total(rate('redis_commands_duration_seconds_total'), 'cmd')} "
                f"/ ({total(rate('redis_commands_total'), 'cmd')} > 0))",
                "{{cmd}}",
            ),
        ),
        10,
    )
    board.add(
        graph(
            "Commands",
            f"Commands that Redis carried out. {REDIS}",
            "ops",
            (rate("redis_commands_processed_total"), "{{instance}}"),
        ),
        6,
    )
    board.add(
        graph(
            "Clients",
            f"Connections, and those that wait in a blocking read. {REDIS}",
            "short",
            (of("redis_connected_clients"), "{{instance}} connected"),
            (of("redis_blocked_clients"), "{{instance}} blocked"),
        ),
        6,
    )
    board.add(
        graph(
            "Network",
            f"Bytes in and out. {REDIS}",
            "Bps",
            (rate("redis_net_input_bytes_total"), "{{instance}} in"),
            (rate("redis_net_output_bytes_total"), "{{instance}} out"),
        ),
        6,
    )
    board.add(
        graph(
            "Evicted keys",
            f"Must stay 0: the hub needs maxmemory-policy noeviction. {REDIS}",
            "cps",
            (rate("redis_evicted_keys_total"), "{{instance}}"),
        ),
        6,
    )


def _mongodb(board: Board) -> None:
    board.add(
        figure(
            "MongoDB answers",
            f"1 while it does. {MONGODB}",
            "none",
            (f"min({of('mongodb_up')})", "up"),
            steps=[(0, "red"), (1, "green")],
        ),
        4, 7,
    )
    board.add(
        graph(
            "Time for each operation",
            f"Mean time, by kind. {MONGODB}",
            "µs",
            (
                f"{total(rate('mongodb_ss_opLatencies_latency'), 'op_type')} "
                f"/ ({total(rate('mongodb_ss_opLatencies_ops'), 'op_type')} > 0)",
                "{{op_type}}",
            ),
        ),
        10,
    )
    board.add(
        graph(
            "Operations",
            f"By kind. {MONGODB}",
            "ops",
            (total(rate("mongodb_ss_opcounters"), "legacy_op_type"), "{{legacy_op_type}}"),
        ),
        10,
    )
    board.add(
        graph(
            "Connections",
            f"In use, and still to be had. {MONGODB}",
            "short",
            (total(of("mongodb_ss_connections", 'conn_type=~"current|available"'), "conn_type"), "{{conn_type}}"),
        ),
        12,
    )
    board.add(
        graph(
            "Cache",
            f"WiredTiger's cache, in use and at most. {MONGODB}",
            "bytes",
            (of("mongodb_ss_wt_cache_bytes_currently_in_the_cache"), "{{instance}} used"),
            (of("mongodb_ss_wt_cache_maximum_bytes_configured"), "{{instance}} limit"),
        ),
        12,
    )
