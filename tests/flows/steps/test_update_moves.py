"""The moves step on the shipped record: moves follow their own windows, and a part with nothing new rests."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from dashboards.findings.readings import read_reactions, tokens_outside, tokens_ranged
from dashboards.shell.frames import Frames
from flows.context import RunContext
from flows.settings import Settings
from flows.steps.bundle import update_bundle
from flows.steps.moves import update_moves
from flows.steps.prices import update_prices
from flows.steps.studies import update_studies
from tests.builders import make_rows
from warehouse.store.connection import open_writer
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.moves import EARLIER_DAY, REACTION_TOTAL, SHARED_MOVE
from warehouse.tables.news import EVENT
from warehouse.tables.prices import CANDLE, MARKET
from warehouse.tables.studies import PLACEBO, STUDY_RESULT

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


def test_days_before_are_what_the_stored_candles_say(context: RunContext) -> None:
    """Counted anew, one close at a time: the sentence about plain days stands on these numbers."""
    candles = context.warehouse.frame(CANDLE)
    lengths = {"1h": timedelta(hours=1), "4h": timedelta(hours=4)}
    choices = context.warehouse.frame(MARKET_CHOICE, where="purpose = 'reaction'")
    bars = {(row["event_id"], row["asset_id"]): row["timeframe"] for row in choices.iter_rows(named=True)}
    times = dict(context.warehouse.frame(EVENT).select("event_id", "best_at_utc").iter_rows())
    rows = context.warehouse.frame(EARLIER_DAY, order_by="event_id, asset_id").gather_every(5).to_dicts()
    assert len(rows) >= 3
    for row in rows:
        timeframe = bars[row["event_id"], row["asset_id"]]
        own = candles.filter((pl.col("market_id") == row["market_id"]) & (pl.col("timeframe") == timeframe))
        closes = {
            opened + lengths[timeframe]: close
            for opened, close in own.select("open_time_utc", "close_quote").iter_rows()
        }
        at = times[row["event_id"]]
        found = {
            end: closes[end] / closes[end - DAY] - 1
            for end in closes
            if end <= at and end - DAY in closes and end - DAY >= at - timedelta(days=365) - lengths[timeframe]
        }
        way = -1 if row["raw_return"] < 0 else 1
        as_far = {
            (end - timedelta(microseconds=1)).date()
            for end, value in found.items()
            if value * way >= row["raw_return"] * way
        }
        assert row["n_as_far"] == len(as_far)
        assert row["n_days"] == len({(end - timedelta(microseconds=1)).date() for end in found})
        assert row["largest_return"] == pytest.approx(max(found.values(), key=lambda value: value * way))


def test_pages_and_the_stored_count_name_the_same_tokens_outside(context: RunContext) -> None:
    warehouse = context.warehouse
    tables = (STUDY_RESULT, PLACEBO, MARKET, MARKET_CHOICE)
    reactions = read_reactions(Frames({table.name: warehouse.frame(table) for table in tables}))
    shown = {(event_id, asset) for event_id, items in reactions.items() for asset in tokens_outside(items)}
    moves, total = warehouse.frame(SHARED_MOVE), warehouse.frame(REACTION_TOTAL, where="window_end_hours = 24")
    assert shown == set(moves.select("event_id", "asset_id").iter_rows())
    record = total.filter(pl.col("scope") == "record").row(0, named=True)
    assert record["n_outside_pairs"] == len(shown)
    assert record["n_outside_events"] == len({event_id for event_id, _ in shown})
    assert record["n_moves"] == moves["move_id"].n_unique()
    assert record["n_ranged"] == sum(len(tokens_ranged(items)) for items in reactions.values())


def test_a_new_event_joins_moves_again_and_leaves_the_latest_moves_alone(context: RunContext) -> None:
    assert update_moves(context).detail == "nothing new"
    context.warehouse.merge(EVENT, make_rows(EVENT, {"event_id": "new", "status": "confirmed"}))
    detail = update_moves(context).detail
    assert "outside their range" in detail
    assert "compared with their past" not in detail
