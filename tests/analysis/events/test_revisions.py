"""A better clock is noted with what it changed."""

from datetime import UTC, datetime, timedelta

import polars as pl

from analysis.events.redating import find_revisions
from warehouse.tables.contract import UTC as UTC_TYPE
from warehouse.tables.news import EVENT_REVISION

AT = datetime(2026, 6, 13, 0, 50, tzinfo=UTC)
NOW = AT + timedelta(days=1)


def make_events(*rows: tuple[str, datetime, str]) -> pl.DataFrame:
    schema = {"event_id": pl.String, "best_at_utc": UTC_TYPE, "time_basis": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_only_an_event_whose_time_moved_is_a_revision() -> None:
    before = make_events(("moved", AT, "submission"), ("same", AT, "publisher"), ("gone", AT, "publisher"))
    earlier = AT - timedelta(minutes=54)
    after = make_events(("moved", earlier, "publisher"), ("same", AT, "statement"), ("new", AT, "publisher"))
    found = EVENT_REVISION.conform(find_revisions(before, after, NOW, "run"))
    assert found.rows(named=True) == [
        {
            "event_id": "moved",
            "changed_at_utc": NOW,
            "before_at_utc": AT,
            "before_basis": "submission",
            "after_at_utc": earlier,
            "after_basis": "publisher",
            "run_id": "run",
        }
    ]
