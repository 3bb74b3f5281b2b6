"""Markets without any event effect (or with a planted one), to see how often tests are wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.arrays import Floats
from analysis.engine.standardise import EventInput
from analysis.tape.returns import ReturnGrid

Shape = Literal["normal", "t3", "garch", "skewed"]

MARKET_SD = 0.006  # hourly log return of BTC, 2024-2026
ASSET_SD = 0.012  # hourly residual of an AI token, 2024-2026
STUDENT_DF = 3  # heaviest tail with a variance
GARCH_ALPHA, GARCH_BETA = 0.10, 0.85  # persistence 0.95, usual for hourly returns
SKEW_SHAPE = 4.0  # gamma shape: skewness 2/√4 = 1
BURN_IN = 100  # bars dropped before a GARCH path is used


@dataclass(frozen=True, slots=True)
class Scenario:
    """A simulated market with N events at one bar, every event on an asset of its own.

    With `markets_per_date` the same few assets meet at several dates, half an estimation window apart.
    """

    name: str
    shape: Shape = "normal"
    correlation: float = 0.0  # between the residuals of any two assets
    variance_factor: float = 1.0  # variance of the event window over that of the estimation window
    effect_sd: float = 0.0  # planted abnormal return per bar of the window, in residual standard deviations
    markets_per_date: int | None = None  # all events at one date when None


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("normal"),
    Scenario("student t3", shape="t3"),
    Scenario("garch", shape="garch"),
    Scenario("skewed", shape="skewed"),
    Scenario("clustered 0.02", correlation=0.02),
    Scenario("clustered 0.1", correlation=0.1),
    Scenario("clustered 0.3", correlation=0.3),
    Scenario("event variance x2", variance_factor=2.0),
    Scenario("event variance x4", variance_factor=4.0),
    Scenario("clustered 0.1, event variance x4", correlation=0.1, variance_factor=4.0),
    Scenario("several dates, clustered 0.25", correlation=0.25, markets_per_date=4),
)


def draw_residuals(rng: np.random.Generator, n: int, bars: int, shape: Shape) -> Floats:
    """Independent residuals with mean 0 and variance 1, [n, bars]."""
    if shape == "t3":
        return np.asarray(rng.standard_t(STUDENT_DF, (n, bars)) / np.sqrt(STUDENT_DF / (STUDENT_DF - 2)))
    if shape == "skewed":
        return np.asarray((rng.gamma(SKEW_SHAPE, 1.0, (n, bars)) - SKEW_SHAPE) / np.sqrt(SKEW_SHAPE))
    noise = rng.standard_normal((n, bars + BURN_IN))
    if shape == "normal":
        return noise[:, BURN_IN:]
    residuals, variance = np.empty_like(noise), np.ones(n)
    for t in range(noise.shape[1]):
        residuals[:, t] = np.sqrt(variance) * noise[:, t]
        variance = 1.0 - GARCH_ALPHA - GARCH_BETA + GARCH_ALPHA * residuals[:, t] ** 2 + GARCH_BETA * variance
    return residuals[:, BURN_IN:]


def simulate_events(
    rng: np.random.Generator, scenario: Scenario, *, n: int, estimation: int, window: int
) -> list[EventInput]:
    """N events of one simulated market: `estimation` bars before the first date, `window` bars with each event."""
    n_markets = min(n, scenario.markets_per_date or n)
    apart = max(window, estimation // 2)
    zeros = estimation + apart * np.arange(-(-n // n_markets))
    bars = int(zeros[-1]) + window
    benchmark = MARKET_SD * rng.standard_normal(bars)
    shared = draw_residuals(rng, 1, bars, scenario.shape)
    own = draw_residuals(rng, n_markets, bars, scenario.shape)
    residuals = np.sqrt(scenario.correlation) * shared + np.sqrt(1.0 - scenario.correlation) * own
    inside = (zeros[:, np.newaxis] + np.arange(window)).ravel()
    residuals[:, inside] *= np.sqrt(scenario.variance_factor)
    residuals[:, inside] += scenario.effect_sd
    betas = rng.normal(1.0, 0.3, (n_markets, 1))
    returns = betas * benchmark + ASSET_SD * rng.uniform(0.5, 1.5, (n_markets, 1)) * residuals
    calendar = np.arange(bars)
    return [
        EventInput(
            event_id=f"event {i}",
            market_id=f"market {i % n_markets}",
            event_time=None,
            returns=returns[i % n_markets],
            factors=benchmark[:, np.newaxis],
            benchmark=benchmark,
            calendar=calendar,
            bar_zero=int(zeros[i // n_markets]),
            estimation=(-estimation, 0),
            window=(0, window),
        )
        for i in range(n)
    ]


def real_events(
    grid: ReturnGrid, benchmark_id: str, *, n: int, estimation: int, window: int, is_clustered: bool
) -> Callable[[np.random.Generator], list[EventInput]]:
    """A function that draws n events at random from real returns: random markets and bars, or all at few common bars.

    Only (market, bar) pairs with every return of estimation and window are drawn, so that no statistic is absent for
    want of data. With `is_clustered` one random bar is shared by all markets that have it, repeated until n events
    are there. ValueError when the grid has no such pair.
    """
    benchmark = grid.returns[grid.row(benchmark_id)]
    rows = [grid.row(name) for name in grid.market_ids if name != benchmark_id]
    length = estimation + window
    choices = {row: _whole_stretches(grid.returns[row], benchmark, length) for row in rows}
    pairs = np.array([(row, start) for row in rows for start in choices[row]], dtype=np.int64)
    if not pairs.size:
        raise ValueError(f"no market has {length} bars in a row beside {benchmark_id}; import a longer history")
    starts = np.unique(pairs[:, 1])

    def draw(rng: np.random.Generator) -> list[EventInput]:
        if not is_clustered:
            chosen = pairs[rng.choice(len(pairs), n, replace=False)]
            return [_cut(grid, benchmark, int(row), int(start), estimation, window) for row, start in chosen]
        events: list[EventInput] = []
        while len(events) < n:
            start = int(rng.choice(starts))
            events += [_cut(grid, benchmark, row, start, estimation, window) for row in rows if start in choices[row]]
        return events[:n]

    return draw


def _whole_stretches(returns: Floats, benchmark: Floats, length: int) -> set[int]:
    """First bars of the stretches of `length` bars in which both returns exist."""
    present = np.cumsum(np.concatenate([[0], np.isfinite(returns) & np.isfinite(benchmark)]))
    return set(np.flatnonzero(present[length:] - present[:-length] == length).tolist())


def _cut(grid: ReturnGrid, benchmark: Floats, row: int, start: int, estimation: int, window: int) -> EventInput:
    part = slice(start, start + estimation + window)
    return EventInput(
        event_id=f"bar {start}",
        market_id=grid.market_ids[row],
        event_time=grid.close_time(start + estimation),
        returns=grid.returns[row, part],
        factors=benchmark[part, np.newaxis],
        benchmark=benchmark[part],
        calendar=np.arange(part.start, part.stop),
        bar_zero=estimation,
        estimation=(-estimation, 0),
        window=(0, window),
    )
