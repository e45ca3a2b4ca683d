"""Are we fine? The fitness functions on one screen."""

from .board import Board, figure, graph, list_of
from .expressions import of, quantile, rate, recorded, total

IDEALLY = 'within="1s"'


def build():
    board = Board(
        "hubbub-fitness",
        "Fitness",
        "The fitness functions: green is fine, yellow is not ideal, red breaks an objective.",
        "hubbub_sessions",
    )
    _functions(board)
    board.row("How it came to this")
    _courses(board)
    return board.build()


def _functions(board: Board) -> None:
    board.add(
        figure(
            "Users online",
            "Capacity: users online at once. A user with devices on two nodes counts on both.",
            "short",
            (total(of("hubbub_users_online")), "users"),
        ),
        4, 4,
    )
    board.add(
        figure(
            "Room for sessions",
            "Capacity: the sessions that all nodes together take. The objective is 10,000.",
            "short",
            (total(of("hubbub_max_sessions")), "sessions"),
            steps=[(0, "red"), (10_000, "green")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "99 % of messages take",
            "Time behaviour: from a send to its ack, through the whole pipeline. Ideally within 1 s, never over 10 s.",
            "s",
            (quantile(0.99, "hubbub_stage_seconds", 'stage="end_to_end"'), "p99"),
            steps=[(0, "green"), (1, "yellow"), (10, "red")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "A channel carries",
            "Channel capacity: the highest rate to oneself at which all messages came back within 1 s, as hubbub probe finds. At least 1 in 5 s, ideally 1 a second.",
            "cps",
            (f"min({recorded('job:hubbub_channel_rate:min', IDEALLY)})", "messages a second"),
            steps=[(0, "red"), (0.2, "yellow"), (1, "green")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "Slow messages, 1 h",
            "Time behaviour: the share of messages that took longer than 1 s within the last hour. The objective is less than 1 %.",
            "percentunit",
            (f"max({recorded('job:hubbub_slow_messages:ratio_rate1h')})", "slow"),
            steps=[(0, "green"), (0.01, "yellow"), (0.144, "red")],
            decimals=2,
        ),
        4, 4,
    )
    board.add(
        figure(
            "Failed requests, 1 h",
            "Availability: the share of requests that the hub failed to answer within the last hour. The objective is less than 1 %.",
            "percentunit",
            (f"max({recorded('job:hubbub_failed_requests:ratio_rate1h')})", "failed"),
            steps=[(0, "green"), (0.01, "yellow"), (0.144, "red")],
            decimals=2,
        ),
        4, 4,
    )
    board.add(
        figure(
            "Shed requests",
            "Availability: requests that were turned away with a code that says when to come back.",
            "reqps",
            (total(rate("hubbub_rejected_total", 'code=~"overloaded|rate_limited"')), "shed"),
            steps=[(0, "green"), (1, "yellow")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "From outside",
            "Availability: whether the last message that hubbub probe sent to itself came back.",
            "none",
            (f"min({recorded('job:hubbub_outside_up:max')})", "up"),
            steps=[(0, "red"), (1, "green")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "Nodes that answer",
            "Nodes that answer Prometheus.",
            "none",
            (total(of("up")), "nodes"),
            steps=[(0, "red"), (1, "yellow"), (2, "green")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "Uptime, 30 d",
            "Maturity: the share of the last 30 days in which messages from outside came through (without a probe: in which a node answered). The objective is 99 %.",
            "percentunit",
            (f"min({recorded('job:hubbub_up:avg30d')})", "uptime"),
            steps=[(0, "red"), (0.99, "yellow"), (0.999, "green")],
            decimals=3,
        ),
        4, 4,
    )
    board.add(
        figure(
            "Mean time between failures",
            "Maturity: within the last 30 days. Without a failure, as long as has been seen.",
            "s",
            (f"min({recorded('job:hubbub_mtbf_seconds:avg30d')})", "MTBF"),
        ),
        4, 4,
    )
    board.add(
        figure(
            "Mean time to restore service",
            "Maturity: within the last 30 days. 0 without a failure.",
            "s",
            (f"max({recorded('job:hubbub_mtrs_seconds:avg30d')})", "MTRS"),
        ),
        4, 4,
    )
    board.add(
        figure(
            "Known vulnerabilities",
            "Security: advisories that concern the hub's libraries, from the last run of scripts/check-advisories.",
            "none",
            ("hubbub:known_vulnerabilities:max", "advisories"),
            steps=[(0, "green"), (1, "red")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "Age of advisories",
            "Security: how old the list of advisories is that was used.",
            "s",
            ("hubbub:advisories_age_seconds:max", "age"),
            steps=[(0, "green"), (14 * 86_400, "yellow")],
        ),
        4, 4,
    )
    board.add(
        figure(
            "Failures, 30 d",
            "Maturity: changes from up to down within the last 30 days.",
            "none",
            (f"max({recorded('job:hubbub_failures:count30d')})", "failures"),
        ),
        4, 4,
    )
    board.add(
        figure(
            "Messages to oneself",
            "Time behaviour: 99 % of what nodes and probe send to themselves takes no longer; also told when nobody else sends.",
            "s",
            (f"max({recorded('job:hubbub_probe_seconds:p99_rate5m')})", "by nodes"),
            (f"max({recorded('job:hubbub_outside_message_seconds:p99_rate5m')})", "from outside"),
            steps=[(0, "green"), (1, "yellow"), (10, "red")],
        ),
        8, 4,
    )
    board.add(
        list_of(
            "Alerts",
            "What fires now. The runbook is docs/operations.md; each alert has an entry there.",
            ('ALERTS{alertname=~"Hubbub.*", alertstate="firing"}', ""),
            hidden=["Time", "Value", "__name__", "alertstate", "job"],
        ),
        24, 6,
    )


def _courses(board: Board) -> None:
    board.add(
        graph(
            "Users, and room for sessions",
            "Capacity over time: users online against the sessions that all nodes take, and that they would take without the largest.",
            "short",
            (total(of("hubbub_users_online")), "users online"),
            (total(of("hubbub_sessions")), "sessions"),
            (total(of("hubbub_max_sessions")), "room"),
            (f"{total(of('hubbub_max_sessions'))} - max({of('hubbub_max_sessions')})", "room without the largest node"),
        )
    )
    board.add(
        graph(
            "Time from send to ack",
            "Time behaviour over time.",
            "s",
            (quantile(0.5, "hubbub_stage_seconds", 'stage="end_to_end"'), "p50"),
            (quantile(0.99, "hubbub_stage_seconds", 'stage="end_to_end"'), "p99"),
            steps=[(0, "green"), (1, "yellow"), (10, "red")],
        )
    )
    board.add(
        graph(
            "How fast the budgets burn",
            "1 uses up exactly the budget of 1 %. From 14.4 within an hour, or 6 within six hours, somebody is woken.",
            "none",
            (f"max({recorded('job:hubbub_slow_messages:ratio_rate5m')}) / 0.01", "slow, 5 min"),
            (f"max({recorded('job:hubbub_slow_messages:ratio_rate1h')}) / 0.01", "slow, 1 h"),
            (f"max({recorded('job:hubbub_failed_requests:ratio_rate5m')}) / 0.01", "failed, 5 min"),
            (f"max({recorded('job:hubbub_failed_requests:ratio_rate1h')}) / 0.01", "failed, 1 h"),
            steps=[(0, "green"), (1, "yellow"), (14.4, "red")],
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
            "Requests that were refused, by code.",
            "reqps",
            (total(rate("hubbub_rejected_total"), "code"), "{{code}}"),
            stacked=True,
        )
    )
    board.add(
        graph(
            "Up",
            "1 while a node answers Prometheus, and while messages from outside come through.",
            "none",
            (of("up"), "{{instance}}"),
            (recorded("job:hubbub_outside_up:max"), "from outside"),
        )
    )
    board.row("Messages to oneself")
    board.add(
        graph(
            "Time of messages to oneself",
            "99 % of what each node sends to itself through the whole pipeline, and of what hubbub probe sends from outside.",
            "s",
            (quantile(0.99, "hubbub_probe_seconds", by="instance"), "{{instance}}"),
            (recorded("job:hubbub_outside_message_seconds:p99_rate5m"), "from outside"),
            (recorded("job:hubbub_outside_connect_seconds:p99_rate5m"), "connecting from outside"),
            steps=[(0, "green"), (1, "yellow"), (10, "red")],
        )
    )
    board.add(
        graph(
            "What a channel carries",
            "Channel capacity over time: the highest rates at which all messages came back within 1 s and within 10 s. The ladder ends at its highest rung.",
            "cps",
            (recorded("job:hubbub_channel_rate:min"), "within {{within}}"),
            steps=[(0, "red"), (0.2, "yellow"), (1, "green")],
        )
    )
    board.add(
        graph(
            "Messages to oneself that failed",
            "By node, and from outside by the step at which it failed.",
            "cps",
            (rate("hubbub_probe_failures_total"), "{{instance}}"),
            (recorded("job:hubbub_outside_failures:rate5m"), "from outside: {{step}}"),
        )
    )
