"""Candles on a grid, and events on their bars."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analysis.tape.calendar import count_bars, event_bar, spoiled_bars
from analysis.tape.returns import build_return_grid
from warehouse.tables.bars import bar_length

HOUR = timedelta(hours=1)
START = datetime(2026, 6, 12, tzinfo=UTC)


def make_candles(market: str, closes: dict[int, float | None]) -> pl.DataFrame:
    rows = [(market, START + hour * HOUR, close) for hour, close in closes.items()]
    schema = {"market_id": pl.String, "open_time_utc": pl.Datetime("us", "UTC"), "close_quote": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_returns_never_bridge_a_gap() -> None:
    grid = build_return_grid(make_candles("a", {0: 100.0, 1: 110.0, 3: 121.0, 4: 121.0}), HOUR)
    np.testing.assert_allclose(grid.returns[0], [np.nan, np.log(1.1), np.nan, np.nan, 0.0])


def test_markets_share_one_grid() -> None:
    candles = pl.concat([make_candles("b", {2: 1.0, 3: 2.0}), make_candles("a", {0: 1.0, 1: 1.0})])
    grid = build_return_grid(candles, HOUR, "simple")
    assert grid.market_ids == ("a", "b")
    assert grid.returns.shape == (2, 4)
    assert grid.returns[1, 3] == 1.0
    assert grid.close_time(3) == START + 4 * HOUR


def test_a_price_that_is_not_positive_leaves_a_named_hole() -> None:
    grid = build_return_grid(make_candles("a", {0: 100.0, 1: -1.0, 2: 100.0, 3: 101.0}), HOUR)
    assert np.isnan(grid.returns[0, 1:3]).all()
    assert grid.problems.rows() == [("a", START + HOUR, "non-positive price")]


def test_a_frozen_bar_is_not_trading() -> None:
    candles = make_candles("a", {0: 1.0, 1: 1.0}).with_columns(
        volume_base=pl.Series([5.0, 0.0]), high_quote=pl.lit(1.0), low_quote=pl.lit(1.0)
    )
    grid = build_return_grid(candles, HOUR)
    assert grid.problems["reason"].to_list() == ["frozen bar: no volume and no range"]


def test_duplicate_and_misplaced_bars_are_refused() -> None:
    candles = make_candles("a", {0: 1.0, 1: 1.0})
    with pytest.raises(ValueError, match="duplicate bars"):
        build_return_grid(pl.concat([candles, candles]), HOUR)
    with pytest.raises(ValueError, match="bar off the grid"):
        build_return_grid(candles, timedelta(hours=4))


@pytest.mark.parametrize(("minute", "place"), [(-1, -1), (0, 0), (1, 0), (59, 0), (60, 1), (61, 1)])
def test_the_window_begins_with_the_first_bar_that_closes_after_the_event(minute: int, place: int) -> None:
    assert event_bar(START + timedelta(minutes=minute), START, HOUR) == place


def test_other_events_spoil_their_bars() -> None:
    assert spoiled_bars(8, np.array([1, 2, 7]), (0, 2)).nonzero()[0].tolist() == [1, 2, 3, 7]


def test_a_window_is_never_rounded() -> None:
    assert count_bars(timedelta(hours=12), bar_length("4h")) == 3
    with pytest.raises(ValueError, match="whole number of bars"):
        count_bars(timedelta(hours=6), bar_length("4h"))
    with pytest.raises(ValueError, match="unknown"):
        bar_length("7h")
