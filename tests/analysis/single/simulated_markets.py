"""Invented markets with planted effects for the tests of single-event inference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from analysis.single.window.pair import EventTime, Pair, StudySpecification, prepare_pair
from analysis.tape.returns import ReturnGrid, returns_of
from analysis.tape.series import AlignedSeries, align_series

TOKEN, BITCOIN = "sim:TOKEN/USDT", "sim:BTC/USDT"
FIRST_OPEN = datetime(2025, 1, 1, tzinfo=UTC)
BETA = 1.5
HOURLY_VOLATILITY = 0.008


def make_specification(**changes: object) -> StudySpecification:
    """A study of 24 hours on 240 hourly bars; `changes` replace fields."""
    values: dict[str, object] = {
        "study_id": "test",
        "benchmark_asset_id": "BTC",
        "windows_hours": (24.0,),
        "main_window_hours": 24.0,
        "estimation_hours": 240.0,
        "minimum_estimation_hours": 120.0,
        "placebo_history_hours": 2400.0,
        "mask_hours": 24.0,
        "path_before_hours": 12.0,
        "path_after_hours": 48.0,
        "specification_asset_ids": ("TOKEN",),
        "examined_origins": ("ledger",),
        "search_hours": 48.0,
    }
    return StudySpecification(**(values | changes))  # type: ignore[arg-type] # names are checked by the dataclass


def make_event(at: datetime, **changes: object) -> EventTime:
    """An event known to the second."""
    instant = round(at.timestamp() * 1_000_000)
    values: dict[str, object] = {
        "event_id": "event",
        "best_us": instant,
        "earliest_us": instant,
        "latest_us": instant,
        "precision": "second",
        "time_basis": "publisher",
        "selected_from": "news",
        "origin": "ledger",
    }
    return EventTime(**(values | changes))  # type: ignore[arg-type] # names are checked by the dataclass


def make_grid(token: np.ndarray, benchmark: np.ndarray, hours: float = 1.0) -> ReturnGrid:
    """Both return series (bar 0 has none) as prices on one grid."""
    returns = np.vstack([token, benchmark])
    close = 100.0 * np.exp(np.cumsum(np.nan_to_num(returns), axis=1))
    bar = timedelta(hours=hours)
    return ReturnGrid(
        (TOKEN, BITCOIN),
        FIRST_OPEN,
        bar,
        "log",
        close,
        returns_of(close, "log"),
        np.full(close.shape, 1.0),
        pl.DataFrame(),
    )


def make_series(token: np.ndarray, benchmark: np.ndarray, hours: float = 1.0) -> AlignedSeries:
    """The token beside its benchmark."""
    series = align_series(make_grid(token, benchmark, hours), TOKEN, [BITCOIN])
    assert series is not None
    return series


def simulate_returns(
    rng: np.random.Generator, n: int, *, is_clustered: bool = False, calm_until: int | None = None, burst: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """(token, benchmark) log returns per bar without an effect: Student-t shocks, β of 1.5.

    `is_clustered` lets volatility follow a GARCH(1,1); from bar `calm_until` on all shocks are `burst` times larger.
    """
    shocks = rng.standard_t(6, (2, n)) / np.sqrt(1.5)
    level = np.ones(n)
    if is_clustered:
        variance = 1.0
        for bar in range(n):
            level[bar] = np.sqrt(variance)
            variance = 0.03 + 0.07 * (level[bar] * shocks[0, bar]) ** 2 + 0.90 * variance
    if calm_until is not None:
        level[calm_until:] *= burst
    benchmark = 0.005 * level * shocks[1]
    return BETA * benchmark + HOURLY_VOLATILITY * level * shocks[0], benchmark


def plant(token: np.ndarray, index: int, kind: str, size: float) -> tuple[np.ndarray, float]:
    """The token's returns with an effect planted around bar `index`, and what it adds to the 24 bars from there.

    size: spread over three bars at once; delay: the same six bars later; leak: half before the event, half after;
    reversal: up, then down again within the day; none: nothing.
    """
    planted = token.copy()
    after = {"size": size, "delay": size, "leak": size / 2.0, "reversal": 0.0, "none": 0.0}[kind]
    if kind == "size":
        planted[index : index + 3] += size / 3.0
    elif kind == "delay":
        planted[index + 6 : index + 9] += size / 3.0
    elif kind == "leak":
        planted[index - 12 : index] += size / 24.0
        planted[index : index + 3] += size / 6.0
    elif kind == "reversal":
        planted[index : index + 3] += size / 3.0
        planted[index + 12 : index + 15] -= size / 3.0
    return planted, after


def make_pair(token: np.ndarray, benchmark: np.ndarray, index: int, **changes: object) -> Pair:
    """The pair of an event 30 minutes into bar `index`."""
    event = make_event(FIRST_OPEN + timedelta(hours=index, minutes=30))
    pair = prepare_pair(make_specification(**changes), event, make_series(token, benchmark), ())
    assert isinstance(pair, Pair), pair
    return pair
