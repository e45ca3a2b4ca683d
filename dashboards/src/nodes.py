"""The nodes: how full are they, what do they cost, who comes and goes?"""

from .board import Board, figure, graph
from .expressions import of, quantile, rate, total

CPU = "process_cpu_seconds_total"
DELIVERED = "hubbub_messages_delivered_total"


def build():
    board = Board(
        "hubbub-nodes",
        "Nodes & capacity",
        "Sessions, memory, processor time for each delivery, queues, headroom to the limits, and drain, by node.",
        "hubbub_sessions",
    )
    _headroom(board)
    board.row("What it costs")
    _costs(board)
    board.row("Connections")
    _connections(board)
    board.row("Queues")
    _queues(board)
    board.row("The cluster")
    _cluster(board)
    board.row("HTTP")
    _http(board)
    return board.build()


def _headroom(board: Board) -> None:
    room = f"{total(of('hubbub_max_sessions'))} - max({of('hubbub_max_sessions')})"
    board.add(
        figure(
            "Fullest node",
            "Sessions against the sessions that it takes. Beyond 90 % it soon refuses.",
            "percentunit",
            (f"max({of('hubbub_sessions')} / {of('hubbub_max_sessions')})", "full"),
            steps=[(0, "green"), (0.8, "yellow"), (0.9, "red")],
        ),
        6, 4,
    )
    board.add(
        figure(
            "Without the largest node",
            "How full the others would be if the largest were lost. No data with a single node.",
            "percentunit",
            (f"{total(of('hubbub_sessions'))} / ({room} > 0)", "full"),
            steps=[(0, "green"), (0.8, "yellow"), (1, "red")],
        ),
        6, 4,
    )
    board.add(
        figure(
            "Files open",
            "On the node that uses most of what it may.",
            "percentunit",
            (f"max({of('process_open_fds')} / {of('process_max_fds')})", "open"),
            steps=[(0, "green"), (0.7, "yellow"), (0.85, "red")],
        ),
        6, 4,
    )
    board.add(
        figure(
            "Nodes that drain",
            "Nodes that hand their work over.",
            "none",
            (total(of("hubbub_draining")), "draining"),
            steps=[(0, "green"), (1, "yellow")],
        ),
        6, 4,
    )
    board.add(
        graph(
            "Sessions",
            "Sessions on each node that said hello.",
            "short",
            (of("hubbub_sessions"), "{{instance}}"),
            stacked=True,
        )
    )
    board.add(
        graph(
            "Users",
            "Users with at least one session on each node.",
            "short",
            (of("hubbub_users_online"), "{{instance}}"),
            stacked=True,
        )
    )
    board.add(
        graph(
            "Groups",
            "Groups with at least one session on each node.",
            "short",
            (of("hubbub_local_groups"), "{{instance}}"),
        )
    )


def _costs(board: Board) -> None:
    board.add(
        graph(
            "Memory",
            "Memory in use by each node.",
            "bytes",
            (of("process_resident_memory_bytes"), "{{instance}}"),
        )
    )
    board.add(
        graph(
            "Memory for each session",
            "The node's whole memory divided by its sessions: of use from some thousand sessions.",
            "bytes",
            (f"{of('process_resident_memory_bytes')} / ({of('hubbub_sessions')} > 0)", "{{instance}}"),
        )
    )
    board.add(
        graph(
            "Processor",
            "Cores in use by each node.",
            "none",
            (rate(CPU), "{{instance}}"),
        )
    )
    board.add(
        graph(
            "Processor time for each delivery",
            "All of a node's processor time divided by the events that it handed to sessions.",
            "s",
            (f"{rate(CPU)} / ({rate(DELIVERED)} > 0)", "{{instance}}"),
        )
    )
    board.add(
        graph(
            "Bytes on WebSockets",
            "Sent and received by each node.",
            "Bps",
            (rate("hubbub_sent_bytes_total"), "{{instance}} sent"),
            (rate("hubbub_received_bytes_total"), "{{instance}} received"),
        )
    )
    board.add(
        graph(
            "Messages received",
            "Messages that clients sent on WebSockets, of every type.",
            "cps",
            (rate("hubbub_received_messages_total"), "{{instance}}"),
        )
    )


def _connections(board: Board) -> None:
    board.add(
        graph(
            "Open connections",
            "WebSockets, also those that have not said hello, and other HTTP connections.",
            "short",
            (of("hubbub_connections"), "{{instance}} WebSocket"),
            (of("hubbub_http_connections"), "{{instance}} HTTP"),
        )
    )
    board.add(
        graph(
            "Opened and ended",
            "How many come and go in a second.",
            "cps",
            (total(rate("hubbub_connections_opened_total")), "opened"),
            (total(rate("hubbub_closes_total")), "ended"),
        )
    )
    board.add(
        graph(
            "Why they ended",
            "By close code; client when the client closed, lost without a close.",
            "cps",
            (total(rate("hubbub_closes_total"), "code"), "{{code}}"),
            stacked=True,
        )
    )
    board.add(
        graph(
            "Refused",
            "Connections and handshakes refused, by reason.",
            "cps",
            (total(rate("hubbub_refused_connections_total"), "reason"), "{{reason}}"),
            stacked=True,
        ),
        12,
    )
    board.add(
        graph(
            "Not accepted",
            "Connections that the kernel would not hand out, mostly for want of file descriptors.",
            "cps",
            (rate("hubbub_accept_errors_total"), "{{instance}}"),
        ),
        12,
    )


def _queues(board: Board) -> None:
    board.add(
        graph(
            "Waiting for clients",
            "Bytes that wait for clients to read.",
            "bytes",
            (of("hubbub_queue_bytes"), "{{instance}}"),
        )
    )
    board.add(
        graph(
            "Writes that had to wait",
            "Writes that the kernel did not take at once.",
            "cps",
            (rate("hubbub_queued_writes_total"), "{{instance}}"),
        )
    )
    board.add(
        graph(
            "Slow readers, and silent clients",
            "Connections closed because the client read too slowly, and pings sent to clients that said nothing.",
            "cps",
            (total(rate("hubbub_slow_reader_closes_total")), "slow readers closed"),
            (total(rate("hubbub_pings_total")), "pings"),
        )
    )


def _cluster(board: Board) -> None:
    board.add(
        graph(
            "Live nodes",
            "As each node sees them. They should agree.",
            "none",
            (of("hubbub_live_nodes"), "{{instance}}"),
        ),
        6,
    )
    board.add(
        graph(
            "Deaths and lost leases",
            "Dead nodes cleared away, and nodes that found their own lease gone, in five minutes.",
            "none",
            (total(f"increase({of('hubbub_reaps_total')}[5m])"), "cleared away"),
            (total(f"increase({of('hubbub_reregistrations_total')}[5m])"), "lease lost"),
        ),
        6,
    )
    board.add(
        graph(
            "Age of each process",
            "A fall to nothing is a restart.",
            "s",
            (f"time() - {of('process_start_time_seconds')}", "{{instance}}"),
        ),
        6,
    )
    board.add(
        graph(
            "Draining, or waiting",
            "1 while a node hands its work over, or waits at its start for what it stands on.",
            "none",
            (of("hubbub_draining"), "{{instance}} drains"),
            (f"max by (instance) ({of('hubbub_waiting')})", "{{instance}} waits"),
        ),
        6,
    )
    board.add(
        graph(
            "Nodes by role",
            "Live nodes that have each role. Without an owner nothing that is sent is stored.",
            "none",
            (f"max by (role) ({of('hubbub_nodes_with_role')})", "{{role}}"),
        ),
        12,
    )
    board.add(
        graph(
            "Lines of logs dropped",
            "Lines that nobody took, or that could not be written, in five minutes: the log has a gap there.",
            "none",
            (f"increase({of('hubbub_log_lines_dropped_total')}[5m])", "{{instance}} {{log}}"),
        ),
        12,
    )


def _http(board: Board) -> None:
    board.add(
        graph(
            "Requests",
            "HTTP requests answered, by status.",
            "reqps",
            (total(rate("hubbub_http_requests_total"), "listener, status"), "{{listener}} {{status}}"),
            stacked=True,
        ),
        12,
    )
    board.add(
        graph(
            "Time to answer, 99 %",
            "By listener and route.",
            "s",
            (quantile(0.99, "hubbub_http_request_seconds", by="listener, route"), "{{listener}} {{route}}"),
        ),
        12,
    )
