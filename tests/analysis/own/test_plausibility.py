"""Tables that hold something else than they are taken for are refused or doubted, by column and with the remedy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from analysis.own.run import OwnRequest, run_own_study
from analysis.own.study import OwnStudyResult
from analysis.own.times import OwnDataError

N_DAYS = 150
DAYS = pl.date_range(pl.date(2026, 1, 1), pl.date(2026, 5, 30), eager=True).dt.strftime("%Y-%m-%d").to_list()
REQUEST = OwnRequest(estimation="-60:-3", window="-2:2", values="returns")
RNG = np.random.default_rng(4)
MARKET = RNG.normal(0, 0.01, N_DAYS)
ASSET = 1.2 * MARKET + RNG.normal(0, 0.02, N_DAYS)
EVENTS = [100]


def make_tables(days: list[str], asset: np.ndarray, market: np.ndarray) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Prices and market as text."""
    prices, benchmark = pl.DataFrame({"date": days, "A": asset}), pl.DataFrame({"date": days, "M": market})
    return prices.cast(pl.String), benchmark.cast(pl.String)


def study(asset: np.ndarray, market: np.ndarray, events: list[int] | pl.DataFrame, **changes: object) -> OwnStudyResult:
    table = (
        events
        if isinstance(events, pl.DataFrame)
        else pl.DataFrame({"event_id": [f"e{k}" for k in events], "asset": "A", "date": [DAYS[k] for k in events]})
    )
    return run_own_study(*make_tables(DAYS, asset, market), table, replace(REQUEST, **changes))  # type: ignore[arg-type]


def test_plausible_returns_raise_no_doubt() -> None:
    assert study(ASSET, MARKET, EVENTS).warnings == ()


@pytest.mark.parametrize(
    ("asset", "market", "changes", "words"),
    [
        (100 * ASSET, 100 * MARKET, {}, r"prices, column A: half of the values are beyond .*percent\? Divide by 100"),
        (ASSET, 100 * MARKET, {}, "market, column M: half"),
        (100 * np.exp(ASSET.cumsum()), MARKET, {}, "prices, column A: all 150 values are positive.*--values prices"),
        (ASSET, MARKET, {"values": "prices"}, "prices, column A: .* % of the values are negative.*--values returns"),
        (
            np.where(np.arange(N_DAYS) == 5, -3.2, ASSET),
            MARKET,
            {"kind": "simple"},
            "loses more than everything",
        ),
    ],
)
def test_one_quantity_taken_for_another_is_refused(
    asset: np.ndarray, market: np.ndarray, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(OwnDataError, match=words):
        study(asset, market, EVENTS, **changes)


@pytest.mark.parametrize("factor", [1000.0, 0.001])
@pytest.mark.parametrize(("column", "where"), [(0, "prices, column A"), (1, "market, column M")])
def test_a_price_in_another_unit_than_its_neighbours_is_refused_in_either_table(
    factor: float, column: int, where: str
) -> None:
    tables = [100 * np.exp(ASSET.cumsum()), 100 * np.exp(MARKET.cumsum())]
    tables[column] = np.where(np.isin(np.arange(N_DAYS), (40, 80)), factor, 1.0) * tables[column]
    words = f"{where}, row of 2026-02-10 00:00Z: the close .* 5 times away from its neighbours.*and so are 1 more"
    with pytest.raises(OwnDataError, match=words):
        study(*tables, EVENTS, values="prices")


def test_a_price_that_stays_where_it_fell_is_a_crash_and_no_other_unit() -> None:
    crash = 100 * np.exp(ASSET.cumsum()) * np.where(np.arange(N_DAYS) >= 80, 0.1, 1.0)
    assert not study(crash, 100 * np.exp(MARKET.cumsum()), EVENTS, values="prices").result.events[0].reason


def test_percent_of_hours_is_found_although_it_looks_like_a_fraction_of_days() -> None:
    hours = [f"2026-01-{1 + k // 24:02d}T{k % 24:02d}:00:00Z" for k in range(N_DAYS)]
    tables = [
        pl.DataFrame({"date": hours, name: 20 * values}).cast(pl.String)
        for name, values in (("A", ASSET), ("M", MARKET))
    ]
    events = pl.DataFrame({"event_id": ["e"], "asset": ["A"], "date": [hours[100]]})
    with pytest.raises(OwnDataError, match="percent"):
        run_own_study(*tables, events, REQUEST)
    with pytest.raises(OwnDataError, match="percent"):
        study(60 * ASSET, MARKET, EVENTS)
    study(20 * ASSET / 4, MARKET, EVENTS)


def test_another_series_is_taken_as_it_stands() -> None:
    found = study(10 + 100 * ASSET, 100 * MARKET, EVENTS, values="series")
    assert found.result.excluded == []
    assert found.result.conventions.startswith("the series as they stand")
    assert found.result.events[0].bhar is None


def test_an_extreme_beta_is_doubted() -> None:
    [doubt] = study(ASSET, MARKET / 100, EVENTS).warnings
    assert "1 event with |beta| above 20 (event e100, A on M: 1" in doubt


def test_one_observation_under_two_ids_is_doubted() -> None:
    events = pl.DataFrame({"event_id": ["a", "b", "c"], "asset": "A", "date": [DAYS[100], DAYS[100], DAYS[103]]})
    [doubt] = study(ASSET, MARKET, events).warnings
    assert "1 observation under several event_ids" in doubt
    assert "(first a and b of A)" in doubt
    assert doubt.endswith("keep one row of each")
    assert study(ASSET, MARKET, events[1:]).warnings == ()


def test_a_study_that_measured_nothing_says_so() -> None:
    events = pl.DataFrame({"event_id": ["a", "b"], "asset": ["X", "X"], "date": [DAYS[100], DAYS[110]]})
    [doubt] = study(ASSET, MARKET, events).warnings
    assert doubt.startswith("every event was left out, so that nothing was measured; most often (2 of 2): asset 'X'")


def test_years_before_1970_are_doubted() -> None:
    days = [f"19{day[2:]}".replace("1926", "1926") for day in DAYS]
    tables = [
        pl.DataFrame({"date": days, name: values}).cast(pl.String) for name, values in (("A", ASSET), ("M", MARKET))
    ]
    events = pl.DataFrame({"event_id": ["e"], "asset": ["A"], "date": [days[100]]})
    doubts = run_own_study(*tables, events, REQUEST).warnings
    assert doubts == (
        "prices: rows begin before 1970; check the years",
        "market: rows begin before 1970; check the years",
    )


def test_an_event_in_a_hole_of_the_table_has_a_reason_and_every_event_says_its_bar() -> None:
    keep = [k for k in range(N_DAYS) if not 80 <= k < 119]
    tables = make_tables([DAYS[k] for k in keep], ASSET[keep], MARKET[keep])
    events = pl.DataFrame({"event_id": ["in", "out"], "asset": "A", "date": [DAYS[85], DAYS[140]]})
    found = run_own_study(*tables, events, REQUEST).result
    assert [event_id for event_id, _, _ in found.excluded] == ["in"]
    assert "34 steps later, at most 5 count" in found.excluded[0][2]
