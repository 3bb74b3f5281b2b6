"""What has an event planned again: everything that its plan looks at, and nothing that came later."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analysis.single.horizon import digest_horizons
from analysis.single.study import plan_events
from analysis.tape.donors import Donors
from analysis.tape.markets import StudyMarkets
from analysis.tape.series import AlignedSeries, cut_series
from tests.analysis.single.simulated_markets import (
    FIRST_OPEN,
    TOKEN,
    make_event,
    make_series,
    make_specification,
    simulate_returns,
)
from warehouse.tables.news import EVENT

N_BARS, AT = 900, 600
SPECIFICATION = make_specification()
LAST_SEEN = AT + 72  # the longest window of a specification curve


def make_markets(series: AlignedSeries, noise: float = 0.0) -> StudyMarkets:
    donors = Donors(1.0, int(series.close_us[0]), ("D",), np.full((1, N_BARS), noise))
    return StudyMarkets({TOKEN: (series,)}, {TOKEN: "TOKEN"}, {"TOKEN": ({"BTC": series},)}, {1.0: donors})


def make_masks(*bars: int) -> pl.DataFrame:
    at = [FIRST_OPEN + timedelta(hours=bar) for bar in bars]
    times = dict.fromkeys(("best_at_utc", "earliest_at_utc", "latest_at_utc"), at)
    names = [f"other {bar}" for bar in bars]
    rows = {"event_id": names, "time_precision": ["hour"] * len(bars), **times}
    kinds = {name: EVENT.schema[name] for name in rows}
    return pl.DataFrame(rows, schema=kinds)


SERIES = make_series(*simulate_returns(np.random.default_rng(1), N_BARS))
EVENT_AT = FIRST_OPEN + timedelta(hours=AT, minutes=10)


def digest(markets: StudyMarkets, masks: pl.DataFrame | None = None, at: datetime = EVENT_AT) -> str:
    others = make_masks() if masks is None else masks
    return digest_horizons(SPECIFICATION, [make_event(at)], others, markets)["event"]


def plan(markets: StudyMarkets, masks: pl.DataFrame | None = None) -> tuple[object, ...]:
    others = make_masks() if masks is None else masks
    [planned] = plan_events(SPECIFICATION, [make_event(EVENT_AT)], others, markets)
    return planned.fingerprints, planned.reasons


def change_bar(bar: int) -> AlignedSeries:
    returns = SERIES.asset.copy()
    returns[bar] += 0.01
    return replace(SERIES, asset=returns)


@pytest.mark.parametrize("bar", range(1, N_BARS, 7))
def test_a_changed_bar_that_changes_the_plan_changes_the_digest(bar: int) -> None:
    changed, before = make_markets(change_bar(bar)), make_markets(SERIES)
    assert plan(changed) == plan(before) or digest(changed) != digest(before)
    assert (digest(changed) != digest(before)) == (bar <= LAST_SEEN + 2)


@pytest.mark.parametrize("bar", range(1, N_BARS, 7))
def test_another_event_that_changes_the_plan_changes_the_digest(bar: int) -> None:
    markets = make_markets(SERIES)
    assert plan(markets, make_masks(bar)) == plan(markets) or digest(markets, make_masks(bar)) != digest(markets)
    assert (digest(markets, make_masks(bar)) != digest(markets)) == (bar <= LAST_SEEN + 2)


@pytest.mark.parametrize("n_bars", range(AT - 5, N_BARS, 3))
def test_a_record_that_ends_earlier_or_goes_on_is_seen_as_far_as_plans_see_it(n_bars: int) -> None:
    shorter, before = make_markets(cut_series(SERIES, 0, n_bars)), make_markets(SERIES)
    assert plan(shorter) == plan(before) or digest(shorter) != digest(before)
    assert (digest(shorter) != digest(before)) == (n_bars <= LAST_SEEN + 2)


def test_a_market_that_comes_back_after_a_gap_has_its_events_planned_again() -> None:
    """Without a bar in the gap the record ends before the event, or holds it, by what comes long after."""
    close = SERIES.close_quote.copy()
    close[AT:] = np.nan
    returns = np.where(np.isnan(close), np.nan, SERIES.asset)
    gone = replace(SERIES, close_quote=close, asset=returns)
    ended, back = make_markets(cut_series(gone, 0, AT)), make_markets(gone)
    assert plan(ended) != plan(back)
    assert digest(ended) != digest(back)


def test_all_else_that_a_plan_rests_on_changes_the_digest() -> None:
    before = digest(make_markets(SERIES))
    named = replace(make_markets(SERIES), asset_ids={TOKEN: "OTHER"})
    alone = replace(make_markets(SERIES), variants={})
    others = [
        digest(make_markets(SERIES, 0.01)),
        digest(make_markets(replace(SERIES, benchmark_ids=("okx:BTC/USDT",)))),
        digest(named),
        digest(alone),
        digest(make_markets(SERIES), at=EVENT_AT + timedelta(minutes=1)),
        digest_horizons(replace(SPECIFICATION, mask_hours=12.0), [make_event(EVENT_AT)], make_masks(), named)["event"],
    ]
    assert len({before, *others}) == 1 + len(others)


def test_without_events_nothing_is_digested() -> None:
    assert digest_horizons(SPECIFICATION, [], make_masks(), make_markets(SERIES)) == {}
