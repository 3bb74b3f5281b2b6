"""Abnormal volume, range and volatility beside the windows before the event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from analysis.activity import Shift, activity_grid, activity_rows, mean_shift, volatility_shift
from analysis.battery import choose_model
from analysis.group_result import Row, Subject
from analysis.returns import build_return_grid
from analysis.standardise import EventInput, EventResult, standardise_event

BAR_HOURS = 4.0
ESTIMATION_BARS, WINDOW_BARS = 180, 6
SHARED: Row = {"conventions": "simulated", "spec_sha256": "s", "data_as_of_utc": datetime(2026, 1, 1, tzinfo=UTC)}


def measure_event(
    event_id: str, start: datetime, rng: np.random.Generator, *, loudness: float = 1.0, model: str = "constant_mean"
) -> EventResult:
    """One standardised event: noise before it, and the window's noise times `loudness`."""
    values = rng.normal(0, 1, ESTIMATION_BARS + WINDOW_BARS)
    values[ESTIMATION_BARS:] *= loudness
    first = round(start.timestamp() / 3600 / BAR_HOURS) - ESTIMATION_BARS + 1
    event = EventInput(
        event_id=event_id,
        asset_id="venue:TAO/USDT",
        event_time=start,
        returns=values,
        factors=np.zeros((values.size, 1)),
        benchmark=np.full(values.size, np.nan),
        calendar=first + np.arange(values.size),
        bar_zero=ESTIMATION_BARS,
        estimation=(-ESTIMATION_BARS, 0),
        window=(0, WINDOW_BARS),
    )
    return standardise_event(event, choose_model(model), 30, "log")


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


def test_a_tripled_volume_is_three_times_the_usual_and_ranks_first() -> None:
    rng = np.random.default_rng(1)
    quiet = measure_event("e", datetime(2026, 6, 10, tzinfo=UTC), rng)
    source = quiet.source
    loud = source.returns * 0.1
    loud[ESTIMATION_BARS:] += np.log(3.0)
    shift = mean_shift(
        standardise_event(replace(source, returns=loud), choose_model("constant_mean"), 30, "log"), BAR_HOURS
    )
    assert shift.estimate == pytest.approx(2.0, abs=0.5)
    assert shift.p_value == pytest.approx(2.0 / (shift.n + 1))
    assert shift.n_independent == shift.n // WINDOW_BARS


def test_an_event_on_a_working_day_is_compared_with_working_days() -> None:
    rng = np.random.default_rng(2)
    wednesday = measure_event("e", datetime(2026, 6, 10, tzinfo=UTC), rng)
    saturday = measure_event("e", datetime(2026, 6, 13, tzinfo=UTC), rng)
    n_working, n_weekend = mean_shift(wednesday, BAR_HOURS).n, mean_shift(saturday, BAR_HOURS).n
    assert n_working + n_weekend == pytest.approx(ESTIMATION_BARS - WINDOW_BARS + 1, abs=WINDOW_BARS)
    assert n_working == pytest.approx(2.5 * n_weekend, rel=0.2)


def test_few_windows_give_a_number_without_a_rank() -> None:
    rng = np.random.default_rng(3)
    event = measure_event("e", datetime(2026, 6, 13, tzinfo=UTC), rng)
    short = replace(event.source, estimation=(-40, 0))
    shift = mean_shift(standardise_event(short, choose_model("constant_mean"), 30, "log"), BAR_HOURS)
    assert shift.p_value is None
    assert "at least 20 needed" in str(shift.why_no_rank)


def test_volatility_is_unbiased_at_rest_and_four_when_moves_double() -> None:
    rng = np.random.default_rng(4)
    for loudness, expected in ((1.0, 0.0), (2.0, np.log(4.0))):
        shifts = [
            volatility_shift(measure_event(f"e{k}", datetime(2026, 6, 10, tzinfo=UTC), rng, loudness=loudness), 4.0)
            for k in range(400)
        ]
        logs = [np.log1p(shift.estimate) for shift in shifts if isinstance(shift, Shift)]
        assert len(logs) == 400
        assert np.mean(logs) == pytest.approx(expected, abs=0.1)


def test_events_of_one_month_count_once() -> None:
    rng = np.random.default_rng(5)
    months = [datetime(2026, month, 10, tzinfo=UTC) for month in range(1, 7)]
    events = [measure_event(f"e{month:%m}-{k}", month, rng) for month in months for k in range(4)]
    subject = Subject("volume", "category:outage", 12.0)
    [row] = activity_rows(subject, "volume", BAR_HOURS, events, SHARED)
    assert row["statistic"] == "abnormal_volume"
    assert (row["n"], row["n_effective"]) == (24, 6.0)
    logs = [np.log1p(mean_shift(event, BAR_HOURS).estimate) for event in events]
    means = np.array(logs).reshape(6, 4).mean(axis=1)
    assert row["estimate"] == pytest.approx(np.expm1(means.mean()))
    assert row["value"] == pytest.approx(means.mean() / (means.std(ddof=1) / np.sqrt(6)))


def test_a_group_of_few_months_has_its_reason_and_each_event_its_own_row() -> None:
    rng = np.random.default_rng(6)
    events = [measure_event(f"e{k}", datetime(2026, 6, 10, tzinfo=UTC), rng) for k in range(3)]
    group, *own = activity_rows(Subject("range", "category:outage", 24.0), "range", BAR_HOURS, events, SHARED)
    assert group["reason"] == "events in 1 calendar months; a mean over months needs at least 5"
    assert [row["event_id"] for row in own] == ["e0", "e1", "e2"]
    assert len({row["result_id"] for row in (group, *own)}) == 4
    assert all(row["estimate"] is not None and row["p_value"] is not None for row in own)
