"""Abnormal volume, range and volatility beside earlier windows, each predicted from the bars before it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analysis.groups.activity import ActivitySpecification, Measure, activity_grid, measure_activity
from analysis.single.window.pair import EventTime
from analysis.tape.markets import StudyMarkets
from analysis.tape.returns import build_return_grid
from analysis.tape.series import AlignedSeries
from warehouse.tables.bars import MICROSECONDS_PER_HOUR
from warehouse.tables.studies import STUDY_RESULT

START = datetime(2026, 1, 1, tzinfo=UTC)
BAR_HOURS = 4.0
SPECIFICATION = ActivitySpecification("activity", ("BTC",), (12.0, 24.0), 24.0, 240.0, 8760.0)


def make_series(values: np.ndarray, benchmark: np.ndarray, market_id: str = "venue:TAO/USDT") -> AlignedSeries:
    step = round(BAR_HOURS * MICROSECONDS_PER_HOUR)
    closes = round(START.timestamp() * 1e6) + step * np.arange(1, values.size + 1)
    source = np.zeros(values.size, dtype=np.int64)
    return AlignedSeries(market_id, BAR_HOURS, closes, np.ones(values.size), values, benchmark, source, ("venue:BTC",))


def make_markets(**series: AlignedSeries) -> StudyMarkets:
    by_market: dict[str, tuple[AlignedSeries, ...]] = {item.market_id: (item,) for item in series.values()}
    return StudyMarkets(by_market, {item.market_id: asset for asset, item in series.items()}, {}, {})


def make_event(event_id: str, bar: int) -> EventTime:
    at = round((START + timedelta(hours=BAR_HOURS * bar, minutes=30)).timestamp() * 1e6)
    return EventTime(event_id, at, at, at, "minute", "publisher", "news", "ledger")


def measure(
    measure_id: Measure,
    markets: StudyMarkets,
    bars: Mapping[str, int],
    *,
    stored: pl.DataFrame | None = None,
) -> pl.DataFrame:
    events = [make_event(name, bar) for name, bar in bars.items()]
    categories = dict.fromkeys(bars, "outage")
    return measure_activity(
        SPECIFICATION, measure_id, events, categories, markets, STUDY_RESULT.empty() if stored is None else stored
    )


def draw_levels(rng: np.random.Generator, n: int, persistence: float) -> np.ndarray:
    levels = np.empty(n)
    level = 0.0
    for bar in range(n):
        level = persistence * level + rng.normal()
        levels[bar] = level
    return levels


def test_log_volume_and_log_range_take_the_place_of_returns() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    candles = pl.DataFrame(
        {
            "market_id": ["b", "a", "a"],
            "open_time_utc": [start, start, start + timedelta(hours=1)],
            "close_quote": [1.0, 2.0, 2.0],
            "high_quote": [np.e, 4.0, 2.0],
            "low_quote": [1.0, 1.0, 1.0],
            "volume_base": [np.e, 0.0, np.e**2],
        }
    )
    grid = build_return_grid(candles, timedelta(hours=1))
    np.testing.assert_allclose(activity_grid(grid, candles, "volume").returns, [[np.nan, 2.0], [1.0, np.nan]])
    expected = [[np.log(np.log(4)), np.log(np.log(2))], [0.0, np.nan]]
    np.testing.assert_allclose(activity_grid(grid, candles, "range").returns, expected, atol=1e-12)


def test_a_tripled_volume_is_three_times_what_the_benchmark_explains_and_ranks_first() -> None:
    rng = np.random.default_rng(1)
    benchmark = rng.normal(10, 0.5, 900)
    volume = 3.0 + 1.2 * benchmark + rng.normal(0, 0.1, 900)
    volume[600:606] += np.log(3.0)
    found = measure("volume", make_markets(TAO=make_series(volume, benchmark)), {"e": 600})
    row = found.filter(pl.col("event_id") == "e").row(0, named=True)
    assert row["estimate"] == pytest.approx(2.0, abs=0.5)
    assert row["value"] == 0
    assert row["p_value"] == pytest.approx(2.0 / (row["n"] + 1))
    assert row["n_effective"] == row["n"] // 6
    assert row["data_as_of_utc"] == START + timedelta(hours=BAR_HOURS * 606)


def test_doubled_moves_are_four_times_the_usual_variance() -> None:
    rng = np.random.default_rng(2)
    logs = []
    for _ in range(60):
        benchmark = rng.normal(0, 1, 500)
        returns = benchmark + rng.standard_t(5, 500)
        returns[400:406] = benchmark[400:406] + 2 * (returns[400:406] - benchmark[400:406])
        found = measure("volatility", make_markets(TAO=make_series(returns, benchmark)), {"e": 400})
        logs.append(np.log1p(found.filter(pl.col("event_id") == "e")["estimate"].item()))
    assert np.mean(logs) == pytest.approx(np.log(4.0), abs=0.25)


@pytest.mark.parametrize("measure_id", ["volume", "volatility"])
def test_ranks_of_persistent_series_keep_their_size(measure_id: Measure) -> None:
    rng = np.random.default_rng(3)
    p_values: list[float] = []
    for _ in range(40):
        levels = draw_levels(rng, 1500, 0.9)
        values = levels if measure_id == "volume" else np.exp(0.2 * levels) * rng.normal(size=1500)
        benchmark = rng.normal(size=1500)
        bars = {f"e{bar}": bar for bar in range(600, 1480, 97)}
        found = measure(measure_id, make_markets(TAO=make_series(values, benchmark)), bars)
        p_values += found.filter(pl.col("event_id").is_not_null())["p_value"].to_list()
    assert len(p_values) == 400
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.10


def test_an_event_is_ranked_among_windows_that_end_before_it_on_its_kind_of_day() -> None:
    rng = np.random.default_rng(4)
    benchmark = rng.normal(10, 0.5, 900)
    volume = benchmark + rng.normal(0, 0.1, 900)
    markets = make_markets(TAO=make_series(volume, benchmark))
    wednesday, saturday = 6 * 90, 6 * 93  # 1 January 2026 is a Thursday; 90 days later is a Wednesday
    found = measure("volume", markets, {"wednesday": wednesday, "saturday": saturday})
    counts = dict(found.filter(pl.col("event_id").is_not_null()).select("event_id", "n").iter_rows())
    assert START + timedelta(days=90) == datetime(2026, 4, 1, tzinfo=UTC)
    assert counts["wednesday"] == pytest.approx(5 / 7 * (wednesday - 6 - 30), abs=14)
    assert counts["saturday"] == pytest.approx(2 / 7 * (saturday - 6 - 30), abs=14)
    louder = volume.copy()
    louder[wednesday + 6 :] += 5.0
    later = measure("volume", make_markets(TAO=make_series(louder, benchmark)), {"wednesday": wednesday})
    columns = ["estimate", "value", "n"]
    first, again = (frame.filter(event_id="wednesday").select(columns).row(0) for frame in (found, later))
    assert first == pytest.approx(again)


def test_events_of_one_month_count_once_and_few_months_are_a_reason() -> None:
    rng = np.random.default_rng(5)
    benchmark = rng.normal(10, 0.5, 2000)
    markets = make_markets(TAO=make_series(benchmark + rng.normal(0, 0.1, 2000), benchmark))
    bars = {f"m{month}-{k}": 6 * 31 * month + 20 * k + 60 for month in range(1, 8) for k in range(3)}
    found = measure("volume", markets, bars).filter(pl.col("event_id").is_null() & (pl.col("window_end_hours") == 24))
    row = found.row(0, named=True)
    assert row["n"] == 21
    assert row["n_effective"] == 7
    assert row["lower_95"] < row["estimate"] < row["upper_95"]
    few = measure("volume", markets, {"a": 600, "b": 610})
    reasons = few.filter(pl.col("event_id").is_null())["reason"].to_list()
    assert all("1 calendar month; a mean over months needs at least 5" in reason for reason in reasons)


def test_rows_are_kept_until_something_they_rest_on_changes() -> None:
    rng = np.random.default_rng(6)
    benchmark, volume = rng.normal(10, 0.5, 900), rng.normal(10, 0.5, 900)
    markets = make_markets(TAO=make_series(volume, benchmark))
    first = measure("volume", markets, {"e": 600})
    marked = first.with_columns(conventions=pl.lit("kept"))
    assert set(measure("volume", markets, {"e": 600}, stored=marked)["conventions"]) == {"kept"}
    moved = benchmark.copy()
    moved[3] += 1e-6
    other = make_markets(TAO=make_series(volume, moved))
    assert set(measure("volume", other, {"e": 600}, stored=marked)["conventions"]) != {"kept"}
    assert set(measure("volume", markets, {"e": 601}, stored=marked)["conventions"]) != {"kept"}


def test_a_benchmark_an_observed_price_and_an_asset_without_volume_are_not_measured() -> None:
    rng = np.random.default_rng(7)
    values = rng.normal(10, 0.5, 900)
    silent = make_series(np.full(900, np.nan), values, "venue:FET/USDT")
    observed = make_series(values, values, "observed:RENDER/USD")
    found = measure("volume", make_markets(FET=silent, RENDER=observed), {"e": 600})
    assert found.filter(pl.col("event_id").is_not_null()).height == 0
    assert found["reason"].str.contains("0 calendar months").all()
    assert measure("volume", make_markets(), {}).height == 0
