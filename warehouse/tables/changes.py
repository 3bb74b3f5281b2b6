"""Contract of what the last publication changed."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table

CHANGED = Table(
    "out.changed",
    "What the last publication changed in events and results, by table, subject and column, and why.",
    "flows.steps.publish: the published file against the one before it",
    ("table_name", "subject", "column_name"),
    (
        Column("table_name", pl.String, "Table"),
        Column("subject", pl.String, "Event, claim, group, asset or market that the rows are about"),
        Column("column_name", pl.String, "Column whose values changed; row counts rows that came or went"),
        Column("n_added", pl.Int64, "Rows that are new"),
        Column("n_removed", pl.Int64, "Rows that are gone"),
        Column("n_changed", pl.Int64, "Rows whose value in this column is another"),
        Column("example_before", pl.String, "One of these values as it was", is_nullable=True),
        Column("example_after", pl.String, "The same value as it is", is_nullable=True),
        Column(
            "why",
            pl.String,
            "new_data (later bars or headlines), new_rule (another program or configuration) or revision (other values for the same time)",
        ),
        Column("run_id", pl.String, "The run that published it"),
        Column("changed_at_utc", UTC, "When"),
    ),
)
