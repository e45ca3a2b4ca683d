"""A message's way, stage by stage: where does it take time, and where does it wait?"""

from .board import Board, distribution, graph
from .expressions import of, quantile, rate, total

STAGES = {
    "append": "From the send's acceptance to its place in the log. Grows with Redis.",
    "log_wait": "From the log to the partition's owner. Grows with the owner's load, and while a partition changes hands.",
    "store": "The store's insert, retries included. Grows with the store.",
    "route": "Commit, and adding to the inboxes of the recipients' nodes. Grows with Redis.",
    "inbox_wait": "From a node's inbox to that node. Grows with the node's load.",
    "flush": "Handing to the local sockets. Grows with the number of recipients.",
}


def build():
    board = Board(
        "hubbub-pipeline",
        "Pipeline",
        "Each stage of a message's way: latency, rates, lag and what waits, by node and by partition.",
        "hubbub_sessions",
    )
    _overview(board)
    board.row("Stages, by node")
    _stages(board)
    board.row("Partitions")
    _partitions(board)
    board.row("Repairs")
    _repairs(board)
    board.row("Followers")
    _followers(board)
    return board.build()


def _overview(board: Board) -> None:
    board.add(
        graph(
            "All stages, 99 %",
            "Which stage takes the time: 99 % of messages spend no longer in each.",
            "s",
            (quantile(0.99, "hubbub_stage_seconds", by="stage"), "{{stage}}"),
            steps=[(0, "green"), (1, "yellow"), (10, "red")],
        ),
        12, 8,
    )
    board.add(
        distribution(
            "From send to ack",
            "How many messages took how long, from a send's acceptance to its ack.",
            "s",
            total(rate("hubbub_stage_seconds_bucket", 'stage="end_to_end"'), "le"),
        ),
        12, 8,
    )
    board.add(
        graph(
            "Messages",
            "Sends taken in, sends answered as stored, and events handed to sessions.",
            "cps",
            (total(rate("hubbub_messages_accepted_total")), "accepted"),
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
            "Sends that wait for their ack",
            "By node. Grows with the whole pipeline's latency and rate.",
            "short",
            (of("hubbub_pending_sends"), "{{instance}}"),
        )
    )


def _stages(board: Board) -> None:
    for stage, description in STAGES.items():
        labels = f'stage="{stage}"'
        board.add(
            graph(
                f"Stage {stage}",
                description,
                "s",
                (quantile(0.5, "hubbub_stage_seconds", labels, "instance"), "{{instance}} p50"),
                (quantile(0.99, "hubbub_stage_seconds", labels, "instance"), "{{instance}} p99"),
            )
        )
    board.add(
        graph(
            "Entries through the stages",
            "How often each stage was passed in a second.",
            "cps",
            (total(rate("hubbub_stage_seconds_count"), "stage"), "{{stage}}"),
        ),
        12,
    )
    board.add(
        graph(
            "Deliveries by node",
            "Events handed to sessions: one for each recipient.",
            "cps",
            (rate("hubbub_messages_delivered_total"), "{{instance}}"),
        ),
        12,
    )


def _partitions(board: Board) -> None:
    board.add(
        graph(
            "Lag",
            "Entries of a partition's log that its owner has not read.",
            "short",
            (total(of("hubbub_log_lag"), "partition"), "{{partition}}"),
        )
    )
    board.add(
        graph(
            "Pending",
            "Entries that an owner has read and not yet committed. Growth means that the store does not keep up.",
            "short",
            (total(of("hubbub_log_pending"), "partition"), "{{partition}}"),
        )
    )
    board.add(
        graph(
            "Log length",
            "Entries in a partition's log. At the cap, sends are answered with overloaded.",
            "short",
            (total(of("hubbub_log_length"), "partition"), "{{partition}}"),
        )
    )
    board.add(
        graph(
            "Partitions owned",
            "By node. Together they are all partitions, or some have no owner.",
            "none",
            (of("hubbub_owned_partitions"), "{{instance}}"),
            stacked=True,
        ),
        12,
    )
    board.add(
        graph(
            "Entries taken over",
            "Log entries claimed from another consumer: after a change of owner, or a lost reply.",
            "cps",
            (rate("hubbub_claimed_entries_total"), "{{instance}}"),
        ),
        12,
    )


def _repairs(board: Board) -> None:
    board.add(
        graph(
            "Holes and lost heads",
            "What was fetched again because a batch did not arrive.",
            "cps",
            (total(rate("hubbub_repairs_total")), "repairs"),
            (total(rate("hubbub_repaired_events_total")), "events"),
        )
    )
    board.add(
        graph(
            "Replay and restore",
            "Events replayed to sessions that resumed, and groups whose state Redis did not have.",
            "cps",
            (total(rate("hubbub_replayed_events_total")), "events replayed"),
            (total(rate("hubbub_restores_total")), "groups restored"),
        )
    )
    board.add(
        graph(
            "Redone and void",
            "Entries that got a new seq because theirs was taken, and seqs that turned out to be nobody's.",
            "cps",
            (total(rate("hubbub_resequenced_total")), "new seq"),
            (total(rate("hubbub_voids_total")), "void"),
        )
    )


def _followers(board: Board) -> None:
    board.add(
        graph(
            "Events that followers lack",
            "Stored and delivered, and not worked on yet by what follows: retention, the journal.",
            "short",
            (total(of("hubbub_follower_lag_events"), "follower"), "{{follower}}"),
        )
    )
    board.add(
        graph(
            "How long groups wait for followers",
            "The group that has waited longest, by follower and node.",
            "s",
            (of("hubbub_follower_lag_seconds"), "{{follower}} {{instance}}"),
            steps=[(0, "green"), (60, "yellow"), (300, "red")],
        )
    )
    board.add(
        graph(
            "Events followed",
            "How many events each follower works on in a second.",
            "cps",
            (total(rate("hubbub_follower_events_total"), "follower"), "{{follower}}"),
        )
    )
    board.add(
        graph(
            "Partitions followed",
            "In how many partitions a node works for each follower. Together they are all, or some wait.",
            "none",
            (of("hubbub_follower_partitions"), "{{follower}} {{instance}}"),
            stacked=True,
        )
    )
    board.add(
        graph(
            "Failures and comparisons",
            "Groups that a follower tries again later, and comparisons of all groups by reason.",
            "cps",
            (total(rate("hubbub_follower_failures_total"), "follower"), "{{follower}} failed"),
            (total(rate("hubbub_follower_comparisons_total"), "reason"), "compared: {{reason}}"),
        )
    )
    board.add(
        graph(
            "Planned for later",
            "What is due and done by nobody yet, and what was done in a second.",
            "short",
            ("max by (follower) (" + of("hubbub_follower_due_overdue") + ")", "{{follower}} overdue"),
            ("max by (follower) (" + of("hubbub_follower_due_overdue_seconds") + ")", "{{follower}} overdue, seconds"),
            (total(rate("hubbub_follower_due_done_total"), "follower"), "{{follower}} done a second"),
        )
    )
