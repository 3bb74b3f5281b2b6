"""The rule which market stands for an asset: every step of it decides, in its order."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analysis.tape.choice import (
    VENUE_ORDER,
    Candidate,
    choose_each,
    choose_market,
    choose_over_record,
    explain_choice,
    order_benchmarks,
    pair_markets,
)
from warehouse.tables.bars import bar_of_hours

HOURLY, DAILY = 1.0, 24.0


@pytest.mark.parametrize(
    ("better", "worse", "why"),
    [
        (Candidate("kraken:T/USD", 4.0, 10), Candidate("okx:T/USDT", 1.0, 99, False), "its bars cover the window"),
        (Candidate("x:T/USD", 4.0, 10), Candidate("observed:T/USD", 1.0, 99), "traded, not observed"),
        (Candidate("kraken:T/USD", 1.0, 10), Candidate("binanceusdm:T/USDT", 4.0, 99), "finest bars"),
        (Candidate("kraken:T/USD", 1.0, 11), Candidate("binanceusdm:T/USDT", 1.0, 10), "longest record (11 bars"),
        (
            Candidate("binanceusdm:T/USDT", 1.0, 10),
            Candidate("binance:T/USDT", 1.0, 10),
            "first in the order of venues",
        ),
        (Candidate("binanceus:T/USDT", 1.0, 10), Candidate("aaa:T/USDT", 1.0, 10), "first in the order of venues"),
        (Candidate("okx:A/USDT", 1.0, 10), Candidate("okx:T/USDT", 1.0, 10), "first by name"),
        (Candidate("observed:T/USD", 4.0, 10), Candidate("okx:T/USDT", 1.0, 99, False), "its bars cover the window"),
    ],
)
def test_each_step_of_the_rule_decides_before_the_next(better: Candidate, worse: Candidate, why: str) -> None:
    assert choose_market([worse, better]) == choose_market([better, worse]) == better
    assert why in explain_choice([worse, better])


def test_many_choices_at_once_are_those_of_the_rule_one_by_one() -> None:
    rng = np.random.default_rng(11)
    series = [
        (f"{venue}:{coin}", hours)
        for venue in ("zzz", "observed", "kraken", "binance", "okx")
        for coin in ("T/USD", "A/USDT")
        for hours in (4.0, 1.0)
    ]
    n_bars = rng.integers(-1, 3, (len(series), 500))
    n_bars[:, :5] = -1
    is_covering = rng.random(n_bars.shape) < 0.3
    for covering in (is_covering, None):
        chosen = choose_each(series, n_bars, covering)
        assert set(chosen[:5]) == {-1}
        for place, number in enumerate(chosen.tolist()[5:], 5):
            known = np.flatnonzero(n_bars[:, place] >= 0).tolist()
            covers = np.ones_like(is_covering) if covering is None else covering
            candidates = [Candidate(*series[at], int(n_bars[at, place]), bool(covers[at, place])) for at in known]
            assert number == known[candidates.index(choose_market(candidates))]
    assert choose_each([], np.zeros((0, 2), dtype=np.int64)).tolist() == [-1, -1]


def test_a_lone_market_is_the_only_one() -> None:
    assert explain_choice([Candidate("okx:T/USDT", 1.0, 5)]) == "the only market"


def test_a_benchmark_is_asked_on_the_markets_own_venue_then_in_the_order_of_venues() -> None:
    ids = ["zzz:BTC/USD", *(f"{venue}:BTC/USDT" for venue in sorted(VENUE_ORDER))]
    ordered = order_benchmarks(ids, "kraken:TAO/USD")
    assert [name.split(":")[0] for name in ordered] == [
        "kraken",
        *(venue for venue in VENUE_ORDER if venue != "kraken"),
        "zzz",
    ]


def test_the_record_is_chosen_per_bar_length_and_over_all_of_them() -> None:
    rows = [
        ("T", "kraken:T/USD", "1d", 900),
        ("T", "binanceusdm:T/USDT", "1d", 900),
        ("T", "kraken:T/USD", "1h", 480),
        ("T", "okx:T/USDT", "1h", 481),
    ]
    series = pl.DataFrame(rows, schema=["asset_id", "market_id", "timeframe", "n_bars"], orient="row")
    chosen = choose_over_record(series).select("timeframe", "market_id", "n_bars", "n_candidates").rows()
    assert sorted(chosen) == [
        ("1d", "binanceusdm:T/USDT", 900, 2),
        ("1h", "okx:T/USDT", 481, 2),
        ("any", "binanceusdm:T/USDT", 900, 3),
    ]


def make_candles(market_id: str, timeframe: str, asset_id: str, first: datetime, last: datetime) -> pl.DataFrame:
    rows = [(asset_id, market_id, timeframe, first), (asset_id, market_id, timeframe, last)]
    return pl.DataFrame(rows, schema=["asset_id", "market_id", "timeframe", "open_time_utc"], orient="row")


@pytest.mark.parametrize(("hourly_from", "expected"), [(3, "1h"), (2, "1h"), (12, "4h")])
def test_finer_bars_are_taken_only_while_they_cover_most_of_the_record(hourly_from: int, expected: str) -> None:
    end = datetime(2026, 6, 30, tzinfo=UTC)
    start = datetime(2026, 6, 1, tzinfo=UTC)
    candles = pl.concat(
        make_candles(f"okx:{asset}/USDT", timeframe, asset, first, end)
        for asset in ("BTC", "TAO")
        for timeframe, first in (("4h", start), ("1h", datetime(2026, 6, hourly_from, tzinfo=UTC)))
    )
    [(_, chosen, _)] = pair_markets(candles, ["TAO"], ["1h", "4h"])
    assert bar_of_hours(chosen.bar_hours).name == expected


@pytest.mark.parametrize(("days", "expected"), [(24.0, "1h"), (23.9, "4h")])
def test_exactly_four_fifths_of_the_longest_record_are_most_of_it(days: float, expected: str) -> None:
    end = datetime(2026, 6, 30, tzinfo=UTC)
    firsts = (("4h", end - timedelta(days=30)), ("1h", end - timedelta(days=days)))
    candles = pl.concat(
        make_candles(f"okx:{asset}/USDT", timeframe, asset, first, end)
        for asset in ("BTC", "TAO")
        for timeframe, first in firsts
    )
    [(_, chosen, _)] = pair_markets(candles, ["TAO"], ["1h", "4h"])
    assert bar_of_hours(chosen.bar_hours).name == expected
