"""Bars that are only wrong beside their neighbours are found, whatever the order in which they came."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ingest.prices.candles import ROW_SCHEMA
from ingest.prices.levels import REACH_BARS, find_level_changes, list_stretches
from ingest.prices.quarantine import read_withdrawals, replay_rows
from ingest.prices.suspects import Suspects, Verdicts, find_suspects
from ingest.source import Source

START = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = Source("file.csv", "run", datetime(2026, 6, 1, tzinfo=UTC))
NOTHING = pl.DataFrame(schema=ROW_SCHEMA)
NO_VERDICTS = Verdicts(NOTHING, NOTHING)


def make_series(closes: list[float], volumes: list[float] | None = None) -> pl.DataFrame:
    rows = [
        {
            "market_id": "gate:X/USDT",
            "timeframe": "1h",
            "open_time_utc": START + timedelta(hours=hour),
            "open_quote": close,
            "high_quote": close,
            "low_quote": close,
            "close_quote": close,
            "volume_base": (volumes or [1.0] * len(closes))[hour],
        }
        for hour, close in enumerate(closes)
    ]
    return pl.DataFrame(rows, schema=ROW_SCHEMA)


def find(bars: pl.DataFrame, around: pl.DataFrame = NOTHING, verdicts: Verdicts = NO_VERDICTS) -> Suspects:
    return find_suspects(bars, around, verdicts, SOURCE)


def test_a_price_in_thousandths_is_a_unit_jump() -> None:
    closes = [2.0] * 10 + [0.002] + [2.0] * 10
    found = find(make_series(closes))
    assert found.quarantined["reason"].to_list() == ["unit_jump"]
    assert found.bars["open_time_utc"].to_list() == [START + timedelta(hours=10)]


@pytest.mark.parametrize(
    ("close", "is_suspect"), [(9.4, False), (10.0, True), (1_714_000.0, True), (0.43, False), (0.4, True)]
)
def test_a_close_five_times_its_neighbours_is_suspect_whatever_the_ratio(close: float, is_suspect: bool) -> None:
    found = find(make_series([2.0] * 10 + [close] + [2.0] * 10))
    assert found.bars["close_quote"].to_list() == ([close] if is_suspect else [])


@pytest.mark.parametrize("factor", [0.05, 0.15, 9.0, 30.0])
def test_a_crash_or_rise_that_lasts_is_no_suspect(factor: float) -> None:
    assert find(make_series([20.0] * 40 + [20.0 * factor] * 40)).bars.height == 0


@pytest.mark.parametrize("factor", [5.0, 1 / 5.0, 30.0, 1000.0, 0.01, 857_000.0])
@pytest.mark.parametrize("n_bars", [1, 4, 10, 30, 200])
def test_a_run_that_jumps_away_and_comes_back_is_suspect(n_bars: int, factor: float) -> None:
    """The price itself moves a little meanwhile: the factor is that of the fault."""
    found = find(make_series([20.0] * 150 + [20.4 * factor] * n_bars + [21.0] * 150))
    assert found.bars["open_time_utc"].to_list() == [START + timedelta(hours=150 + n) for n in range(n_bars)]
    assert found.quarantined["reason"].unique().to_list() == ["unit_jump"]
    if n_bars > 1:
        assert f"one of {n_bars} bars in a row" in found.quarantined["detail"][0]


def test_a_run_of_a_factor_below_five_is_none() -> None:
    assert find(make_series([20.0] * 50 + [94.0] * 10 + [20.0] * 50)).bars.height == 0


def test_of_runs_in_a_row_and_runs_in_several_units_the_larger_part_stands() -> None:
    closes = [20.0] * 50 + [20_000.0] * 7 + [0.2] * 8 + [20.0] * 50 + [100.0] * 4 + [20.0] * 50
    found = find(make_series(closes))
    assert found.bars["close_quote"].to_list() == [20_000.0] * 7 + [0.2] * 8 + [100.0] * 4


def test_what_grew_in_between_is_no_run() -> None:
    """A tenfold rise bar by bar has no jump, whatever came before it jumps."""
    grown = [20.0 * 1.05**n for n in range(60)]
    assert find(make_series([*grown, *([grown[-1] / 10] * 5), *([grown[-1]] * 40)])).bars.height == 5


@pytest.mark.parametrize(("n_bars", "is_level"), [(REACH_BARS, False), (REACH_BARS + 1, True)])
def test_a_run_that_comes_back_is_a_level_once_it_outlasts_what_a_price_is_judged_beside(
    n_bars: int, is_level: bool
) -> None:
    bars = make_series([2.0] * 60 + [2000.0] * n_bars + [2.0] * 60).with_row_index("row")
    changes = find_level_changes(list_stretches(bars))
    assert [change.after.first_quote for change in changes] == ([2000.0] if is_level else [])


def test_a_price_after_a_long_hole_may_be_anywhere() -> None:
    before, after = make_series([20.0] * 40), make_series([200.0] * 40)
    later = after.with_columns(pl.col("open_time_utc") + timedelta(hours=300))
    back = make_series([20.0] * 40).with_columns(pl.col("open_time_utc") + timedelta(hours=700))
    assert find(pl.concat([before, later, back])).bars.height == 0


def test_a_run_is_found_when_its_bars_arrive_one_by_one() -> None:
    bars = make_series([20.0] * 30 + [100.0] * 6 + [20.0] * 3)
    stored, verdicts = NOTHING, NO_VERDICTS
    for hour in range(bars.height):
        fresh = bars[hour]
        found = find(fresh, stored, verdicts)
        verdicts = verdicts.extended(found)
        stored = pl.concat([stored, fresh]).join(found.bars, on=["open_time_utc"], how="anti")
    assert stored["close_quote"].to_list() == [20.0] * 33


def test_a_crash_by_two_thirds_is_no_unit_jump() -> None:
    assert find(make_series([3.0] * 10 + [1.0] * 10)).bars.height == 0


def test_a_day_without_volume_and_movement_is_frozen() -> None:
    volumes = [1.0] * 10 + [0.0] * 24
    found = find(make_series([2.0] * 34, volumes))
    assert found.quarantined["reason"].unique().to_list() == ["frozen"]
    assert found.bars.height == 24


def test_a_quiet_night_is_not_frozen() -> None:
    assert find(make_series([2.0] * 33, [1.0] * 10 + [0.0] * 23)).bars.height == 0


def test_a_bar_without_volume_in_a_halt_stays() -> None:
    assert find(make_series([2.0, 2.1, 2.1, 2.2], [1.0, 0.0, 1.0, 1.0])).bars.height == 0


def test_bars_with_unknown_volume_are_not_frozen() -> None:
    series = make_series([2.0] * 40).with_columns(pl.lit(None, dtype=pl.Float64).alias("volume_base"))
    assert find(series).bars.height == 0


def test_a_freeze_is_found_when_its_bars_arrive_one_by_one() -> None:
    bars = make_series([2.0] * 30, [1.0] * 2 + [0.0] * 28)
    stored, verdicts = NOTHING, NO_VERDICTS
    for hour in range(bars.height):
        fresh = bars[hour]
        found = find(fresh, stored, verdicts)
        verdicts = verdicts.extended(found)
        stored = pl.concat([stored, fresh]).join(found.bars, on=["open_time_utc"], how="anti")
    assert stored["open_time_utc"].to_list() == bars["open_time_utc"][:2].to_list()


def test_a_pardoned_bar_is_not_suspected_again() -> None:
    bars = make_series([2.0] * 10 + [2000.0] + [2.0] * 10)
    found = find(bars)
    assert find(bars, NOTHING, Verdicts(NOTHING, found.bars)).bars.height == 0


def test_a_released_bar_comes_back_as_it_was() -> None:
    bars = make_series([2.0] * 10 + [2000.0] + [2.0] * 10)
    found = find(bars)
    standing = read_withdrawals(found.quarantined)
    assert standing.withheld.rows() == found.bars.rows()
    replayed = replay_rows(found.quarantined, SOURCE)
    assert replayed.candles.select(ROW_SCHEMA.names()).rows() == found.bars.rows()
