"""The moves step on the shipped record: moves follow their own windows, and a part with nothing new rests."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from flows.context import RunContext
from flows.settings import Settings
from flows.steps.bundle import update_bundle
from flows.steps.moves import update_moves
from flows.steps.prices import update_prices
from flows.steps.studies import update_studies
from tests.builders import make_rows
from warehouse.store.connection import open_writer
from warehouse.tables.moves import SHARED_MOVE
from warehouse.tables.news import EVENT
from warehouse.tables.studies import STUDY_RESULT

DAY = timedelta(hours=24)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    home = tmp_path_factory.mktemp("home")
    with open_writer(home / "warehouse.duckdb", 5.0) as warehouse:
        settings = Settings(home, None, True, 5.0, None, None)
        context = RunContext(settings, warehouse, "run", datetime(2026, 7, 2, tzinfo=UTC), lambda _line: None)
        for update in (update_bundle, update_prices, update_studies, update_moves):
            update(context)
        yield context


def test_every_row_is_outside_and_every_move_is_one_chain_of_overlapping_windows(context: RunContext) -> None:
    moves = context.warehouse.frame(SHARED_MOVE)
    assert moves.height >= 5
    results = context.warehouse.frame(STUDY_RESULT, where="study_id = 'reaction' and window_end_hours = 24")
    edges = results.filter(pl.col("statistic") == "placebo_rank").select(
        "event_id", "market_id", "lower_95", "upper_95"
    )
    joined = moves.join(edges, on=["event_id", "market_id"], how="left", validate="m:1")
    assert joined.filter(pl.col("car").is_between("lower_95", "upper_95")).is_empty()
    for part in moves.partition_by("move_id"):
        starts = part["window_start_utc"].unique().sort()
        assert (starts.diff().drop_nulls() < DAY).all()
        assert part.filter("is_lead")["event_id"].unique().to_list() == [part["move_id"][0]]
        assert part.filter("is_lead")["window_start_utc"][0] == starts[0]
    assert moves["move_id"].n_unique() <= moves["event_id"].n_unique() <= moves.height


def test_a_new_event_joins_moves_again_and_leaves_the_latest_moves_alone(context: RunContext) -> None:
    assert update_moves(context).detail == "nothing new"
    context.warehouse.merge(EVENT, make_rows(EVENT, {"event_id": "new", "status": "confirmed"}))
    detail = update_moves(context).detail
    assert "outside their range" in detail
    assert "compared with their past" not in detail
