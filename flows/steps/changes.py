"""What a publication changes against the one before it, and why."""

from __future__ import annotations

import polars as pl

from flows.context import RunContext
from flows.freshness import PUBLISH_STEP, hash_code, hash_folder
from warehouse.store.published.changes import IncomparableError, changes_since
from warehouse.tables.catalog import load_tables
from warehouse.tables.changes import CHANGED
from warehouse.tables.news import EVENT
from warehouse.tables.ops import STEP_INPUT
from warehouse.tables.units import plural

# Bulky rows behind a result: when they change, the result that rests on them says so.
_BEHIND = frozenset(
    {
        "out.attention",
        "out.attention_response",
        "out.correlation_rolling",
        "out.coverage",
        "out.lead_lag_path",
        "out.placebo",
        "out.reference_price",
        "out.specification",
        "out.study_path",
        "out.market_choice",
        "out.claim_history",
        CHANGED.name,
    }
)
ANSWERS = (
    EVENT,
    *(table for name, table in load_tables().items() if name.startswith("out.") and name not in _BEHIND),
)
NEW_DATA, NEW_RULE, REVISION = "new_data", "new_rule", "revision"


def note_changes(context: RunContext) -> str:
    """Put into `out.changed` how events and results differ from the published file; returns the clause that says so.

    Nothing is noted of a first publication, nor when nothing differs: the table then tells the last change.
    """
    published = context.settings.published_path
    if not published.exists():
        return ""
    try:
        changes = changes_since(context.warehouse.connection, published, ANSWERS)
    except IncomparableError as exc:
        return f"; changes are not known: {exc}"
    if changes.is_empty():
        return ""
    rows = changes.with_columns(
        explain_change(has_new_rule=_has_new_rule(context)).alias("why"),
        pl.lit(context.run_id).alias("run_id"),
        pl.lit(context.now).dt.cast_time_unit("us").alias("changed_at_utc"),
    )
    context.warehouse.replace(CHANGED, rows.select(CHANGED.column_names))
    subjects = rows.select("table_name", "subject").n_unique()
    return f"; {plural(subjects, 'subject')} changed (out.changed)"


def explain_change(has_new_rule: bool) -> pl.Expr:
    """Why rows differ: later data where the as-of time moved or rows came, else a new rule, else revised values.

    With a new program or configuration, rows that came or went without later data are its work.
    """
    is_later = pl.col("as_of_after_utc") > pl.col("as_of_before_utc")
    has_come = pl.col("as_of_before_utc").is_null() & (pl.col("n_added") > 0)
    otherwise = (
        pl.lit(NEW_RULE) if has_new_rule else pl.when(has_come).then(pl.lit(NEW_DATA)).otherwise(pl.lit(REVISION))
    )
    return pl.when(is_later).then(pl.lit(NEW_DATA)).otherwise(otherwise)


def _has_new_rule(context: RunContext) -> bool:
    """Whether the program or the configuration is another than at the last publication."""
    known = context.warehouse.frame(STEP_INPUT, where="step = $step", step=PUBLISH_STEP)
    stored = dict(known.select("input", "digest").iter_rows())
    now = {"code": hash_code(), "config": hash_folder(context.settings.config_path)}
    return any(stored.get(name, digest) != digest for name, digest in now.items())
