"""Every kind of bad input ends in its named reason, and the rest of the study goes on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from analysis.engine.study import StudyResult
from analysis.own.run import OwnRequest, run_own_study
from analysis.own.times import OwnDataError

N_DAYS = 120
REQUEST = OwnRequest(estimation="-60:-3", window="-2:2")
DAYS = pl.date_range(pl.date(2026, 1, 1), pl.date(2026, 4, 30), eager=True).dt.strftime("%Y-%m-%d").to_list()


def make_prices(seed: int = 1) -> tuple[pl.DataFrame, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    market = rng.normal(0, 0.01, N_DAYS)
    columns = {name: 100 * np.exp(np.cumsum(market + rng.normal(0, 0.02, N_DAYS))) for name in ("A", "B", "C")}
    prices = pl.DataFrame({"date": DAYS, **columns}).cast(pl.String)
    return prices, pl.DataFrame({"date": DAYS, "BTC": 50 * np.exp(np.cumsum(market))}).cast(pl.String)


def make_events(**dates: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"event_id": [f"e-{asset}" for asset in dates], "asset": list(dates), "date": list(dates.values())}
    )


def set_cell(frame: pl.DataFrame, column: str, row: int, text: str) -> pl.DataFrame:
    cells = frame[column].to_list()
    cells[row] = text
    return frame.with_columns(pl.Series(column, cells))


def run(prices: pl.DataFrame, market: pl.DataFrame | None, events: pl.DataFrame, **changes: object) -> StudyResult:
    return run_own_study(prices, market, events, replace(REQUEST, **changes)).result  # type: ignore[arg-type]


def reasons(study: StudyResult) -> dict[str, str]:
    return {asset: reason for _, asset, reason in study.excluded}


def test_a_price_that_is_not_positive_inside_the_windows_excludes_its_event_only() -> None:
    prices, market = make_prices()
    found = reasons(run(set_cell(prices, "A", 50, "-16.75"), market, make_events(A=DAYS[100], B=DAYS[100])))
    assert found == {"A": f"non-positive price: A -16.75 at {DAYS[50]}T00:00:00Z"}


@pytest.mark.parametrize("row", [10, 38, 110])
def test_a_price_that_is_not_positive_outside_the_windows_breaks_nothing(row: int) -> None:
    prices, market = make_prices()
    assert not reasons(run(set_cell(prices, "A", row, "0"), market, make_events(A=DAYS[100], B=DAYS[100])))


def test_the_base_of_the_first_estimation_bar_is_a_used_price() -> None:
    prices, market = make_prices()
    assert "A" in reasons(run(set_cell(prices, "A", 39, "0"), market, make_events(A=DAYS[100])))


def test_duplicate_bars_are_named() -> None:
    prices, market = make_prices()
    long = prices.unpivot(index="date", variable_name="asset", value_name="value")
    doubled = pl.concat([long, long.filter((pl.col("asset") == "A") & (pl.col("date") == DAYS[7]))])
    found = reasons(run(doubled, market, make_events(A=DAYS[100], B=DAYS[100])))
    assert list(found) == ["A"]
    assert found["A"].startswith(f"duplicate bars: 2 or more rows share a time, first {DAYS[7]}")


def test_shortfall_is_never_a_silent_shrink() -> None:
    prices, market = make_prices()
    events = make_events(A=DAYS[20], B=DAYS[100])
    assert reasons(run(prices, market, events))["A"] == (
        "shortfall of estimation bars: 17 usable of 58 asked for, at least 29 needed"
    )
    assert "at least 58 needed" in reasons(run(prices, market, make_events(A=DAYS[50]), minimum_estimation=58))["A"]


@pytest.mark.parametrize("day", ["2025-06-01", "2026-12-24"])
def test_an_event_outside_the_data_is_named(day: str) -> None:
    prices, market = make_prices()
    assert reasons(run(prices, market, make_events(A=day, B=DAYS[100]))) == {"A": "event outside the data"}


def test_a_window_past_the_data_is_named() -> None:
    prices, market = make_prices()
    assert reasons(run(prices, market, make_events(A=DAYS[118])))["A"].startswith("window outside the data")


def test_a_constant_series_and_an_empty_one_are_named() -> None:
    prices, market = make_prices()
    flat = prices.with_columns(A=pl.lit("5.0"), B=pl.lit("NA"))
    found = reasons(run(flat, market, make_events(A=DAYS[100], B=DAYS[100], C=DAYS[100])))
    assert found == {
        "A": "constant series in the estimation window: no residual variance",
        "B": "all-NaN asset: no value at all",
    }


def test_a_constant_benchmark_is_named() -> None:
    prices, market = make_prices()
    found = reasons(run(prices, market.with_columns(BTC=pl.lit("7")), make_events(A=DAYS[100])))
    assert found["A"].startswith("constant benchmark")


def test_overlapping_windows_are_named() -> None:
    prices, market = make_prices()
    found = reasons(run(prices, market, make_events(A=DAYS[100]), estimation="-60:-1"))
    assert found["A"] == "overlapping windows: estimation -60..-1, event -2..2"


def test_an_unknown_asset_and_a_repeated_event_are_named() -> None:
    prices, market = make_prices()
    events = pl.concat([make_events(A=DAYS[100], X=DAYS[100]), make_events(A=DAYS[90])])
    excluded = run(prices, market, events).excluded
    assert excluded == [
        ("e-X", "X", "asset 'X' is not in the table"),
        ("e-A", "A", "repeated event: the same event_id and asset appear in an earlier row"),
    ]


def test_the_benchmark_is_never_the_asset_itself() -> None:
    prices, _ = make_prices()
    found = reasons(run(prices, prices, make_events(A=DAYS[100], B=DAYS[100]), benchmark="A"))
    assert found == {"A": "benchmark is the asset itself: A"}


def test_a_missing_bar_in_the_window_leaves_the_other_bars() -> None:
    prices, market = make_prices()
    study = run(set_cell(prices, "A", 101, ""), market, make_events(A=DAYS[100], B=DAYS[100], C=DAYS[100]))
    assert reasons(study) == {"A": "missing bar inside the event window"}
    counts = {row.window: row.n for row in study.tests if row.statistic == "cross_sectional_t"}
    assert counts[(0, 1)] == 3
    assert counts[(1, 2)] == 2
    assert counts[(-2, 3)] == 2


def test_a_study_of_excluded_events_says_why_every_number_is_absent() -> None:
    prices, market = make_prices()
    study = run(prices, market, make_events(A="2030-01-01"))
    assert all(row.reason == "no event has abnormal returns" for row in study.tests)
    assert study.tests


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"estimation": "-60"}, "write first:last"),
        ({"window": "2:-2"}, "ends before it begins"),
        ({"values": "candles"}, "prices, returns, volume"),
        ({"kind": "percent"}, "log or simple"),
        ({"model_id": "capm"}, "expected one of"),
        ({"benchmark": "ETH"}, "no column 'ETH'"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(changes: dict[str, str], words: str) -> None:
    prices, market = make_prices()
    with pytest.raises(ValueError, match=words):
        run(prices, market, make_events(A=DAYS[100]), **changes)


def test_a_cell_that_is_no_number_is_named_with_its_row() -> None:
    prices, market = make_prices()
    with pytest.raises(OwnDataError, match="prices: row 9, column B: '12,5' is not a number"):
        run(set_cell(prices, "B", 7, "12,5"), market, make_events(A=DAYS[100]))


def test_several_market_columns_need_a_choice() -> None:
    prices, market = make_prices()
    both = market.with_columns(ETH=pl.col("BTC"))
    with pytest.raises(OwnDataError, match="choose one with --benchmark"):
        run(prices, both, make_events(A=DAYS[100]))
    assert "collinear" in reasons(run(prices, both, make_events(A=DAYS[100]), factors="BTC,ETH"))["A"]


def test_own_windows_of_an_event_win() -> None:
    prices, market = make_prices()
    events = make_events(A=DAYS[100], B=DAYS[100]).with_columns(
        window_start=pl.Series(["0", None]),
        window_end=pl.Series(["1", None]),
        estimation_start=pl.Series(["-40", None]),
    )
    study = run(prices, market, events)
    assert [event.source.window for event in study.events] == [(0, 2), (-2, 3)]
    assert [event.n_estimation for event in study.events] == [38, 58]


def test_masking_keeps_other_events_of_the_asset_out_of_estimation() -> None:
    prices, market = make_prices()
    events = pl.concat([make_events(A=DAYS[100]), make_events(A=DAYS[70]).with_columns(event_id=pl.lit("other"))])
    counts = [
        [event.n_estimation for event in run(prices, market, events, is_masked=is_masked).events]
        for is_masked in (False, True)
    ]
    assert counts == [[58, 58], [53, 58]]


@pytest.mark.parametrize(
    ("name", "first", "last"), [("window", "3", "1"), ("estimation", "-5", "-50"), ("estimation", "-5", "-6")]
)
def test_own_bounds_in_the_wrong_order_exclude_their_event_only(name: str, first: str, last: str) -> None:
    prices, market = make_prices()
    bounds = {f"{name}_start": pl.Series([first, None]), f"{name}_end": pl.Series([last, None])}
    found = reasons(run(prices, market, make_events(A=DAYS[100], B=DAYS[100]).with_columns(**bounds)))
    word = "event window" if name == "window" else "estimation window"
    assert found == {"A": f"{word} ends before it begins: {first}..{last}; write the smaller bar first"}
