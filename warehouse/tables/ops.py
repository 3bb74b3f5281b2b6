"""Contracts of runs, steps and checks."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.keys import MARKET_ID

RUN = Table(
    "ops.run",
    "One row per run.",
    "flows.pipeline",
    ("run_id",),
    (
        Column("run_id", pl.String, "Sortable id"),
        Column("command", pl.String, "run, backfill, import, ..."),
        Column("started_at_utc", UTC, "Start"),
        Column("finished_at_utc", UTC, "End; null while running or after a crash", is_nullable=True),
        Column("outcome", pl.String, "running, done, source_failed, check_failed, crashed or killed"),
        Column("version", pl.String, "Version of Aftershock"),
    ),
)

STEP = Table(
    "ops.step",
    "What each step of a run did.",
    "flows.pipeline",
    ("run_id", "step"),
    (
        Column("run_id", pl.String, "Run"),
        Column("step", pl.String, "bundle, prices, news, ..."),
        Column("started_at_utc", UTC, "Start"),
        Column("seconds", pl.Float64, "Duration", "seconds"),
        Column("n_changed", pl.Int64, "Rows written"),
        Column("detail", pl.String, "What changed, in words"),
    ),
)

BACKFILL = Table(
    "ops.backfill",
    "Stretches of history that were fetched whole, so that an interrupted backfill goes on where it stopped.",
    "aftershock backfill",
    ("source_id", "slice_start_utc", "slice_end_utc"),
    (
        Column("source_id", pl.String, "Feed or venue and what was asked of it"),
        Column("slice_start_utc", UTC, "Start of the stretch"),
        Column("slice_end_utc", UTC, "End of the stretch, not included"),
        Column("n_rows", pl.Int64, "Rows it held"),
        Column("detail", pl.String, "What was left out and why", is_nullable=True),
        Column("run_id", pl.String, "The run that fetched it"),
    ),
)

ASKED_SERIES = Table(
    "ops.asked_series",
    "What venues were asked for and what they last said, one row per series.",
    "run and backfill",
    ("market_id", "timeframe"),
    (
        MARKET_ID,
        Column("timeframe", pl.String, "Bar length"),
        Column("asked_from_utc", UTC, "The earliest instant ever asked for"),
        Column("asked_until_utc", UTC, "The latest instant asked for, not included"),
        Column(
            "reachable_from_utc", UTC, "The oldest bar that the venue keeps, where asked for older", is_nullable=True
        ),
        Column("answered_at_utc", UTC, "When it last answered whole", is_nullable=True),
        Column("outcome", pl.String, "answered, failed or unlisted, the last time"),
        Column("detail", pl.String, "What went wrong", is_nullable=True),
    ),
)

CHECK_RESULT = Table(
    "ops.check_result",
    "Result of each data check in the last run.",
    "warehouse/sql/checks",
    ("check_id",),
    (
        Column("check_id", pl.String, "File name without ending"),
        Column("description", pl.String, "What it asserts"),
        Column(
            "severity", pl.String, "error, or warning: told, and never in the way of a publication", is_nullable=True
        ),
        Column("n_offending", pl.Int64, "Rows that offend; 0 is good"),
        Column("example_json", pl.String, "First offending row", is_nullable=True),
        Column("run_id", pl.String, "Run"),
        Column(
            "rests_on", pl.String, "Digest of the program, of its text and of all rows that it reads", is_nullable=True
        ),
    ),
)

NOTIFICATION = Table(
    "ops.notification",
    "What people were told, or will be: one row per rule and thing, so that nothing is told twice.",
    "flows.alerts and the user's alerts.toml",
    ("notification_id",),
    (
        Column("notification_id", pl.String, "sha256 over rule, kind and subject, shortened"),
        Column("rule_id", pl.String, "Rule of alerts.toml"),
        Column("kind", pl.String, "event, verdict, move, unexplained, source, check or run"),
        Column("subject", pl.String, "What it is about: the same subject is told once"),
        Column("title", pl.String, "The message's first line"),
        Column("body", pl.String, "The rest of it"),
        Column("page", pl.String, "Page of the site that shows it"),
        Column("noticed_at_utc", UTC, "When a run first saw it"),
        Column("state", pl.String, "standing (was there when the rule began), due, sending, sent, failed or uncertain"),
        Column("sent_at_utc", UTC, "When it was sent", is_nullable=True),
        Column("detail", pl.String, "What went wrong", is_nullable=True),
    ),
)

STEP_INPUT = Table(
    "ops.step_input",
    "What each step last worked on to its end: a step whose inputs are the same again has nothing to do.",
    "flows.freshness",
    ("step", "input"),
    (
        Column("step", pl.String, "events, studies, ..., or an account of a step's parts: models:events, ..."),
        Column(
            "input", pl.String, "Table read, or `code`, `config` or `ledger`; of an account the event or other part"
        ),
        Column("digest", pl.String, "Digest of the rows, the files or the ledger; of a part, of all that it rests on"),
    ),
)
