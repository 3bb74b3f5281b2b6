"""Simulated markets around one event, calm and wild, in which what the event did is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.tape.calendar import is_weekend
from warehouse.tables.bars import FIRST_MONDAY, HOURS_PER_WEEK, MICROSECOND, MICROSECONDS_PER_HOUR

RECORD_BARS = 9_480  # a year of placebos and a month of estimation before it
SHORT_RECORD_BARS = 720  # as the bundled record: a month
AFTER_BARS = 24  # the longest window that is measured
_BURN_IN = 200  # bars dropped before a path is used

TOKEN_SD = 0.010  # hourly residual of an AI token, log points, 2024-2026
BENCHMARK_SD = 0.006  # hourly log return of BTC, 2024-2026
_BETA = 1.5
_TAIL_DF = 4.0  # Student shocks
_ARCH, _GARCH = 0.07, 0.90  # persistence 0.97, usual for hourly returns
BURST = 3.0  # times the volatility from its first bar on
_LEAK = 0.10  # log points before the news
_WEEKEND = 0.45  # of the volatility of weekdays
_CRASH = -0.15  # of the benchmark over its first six bars, log points
_CRASH_BARS = 6
_RAISED_BETA = 2.2  # inside a crash

EFFECT = 0.15  # planted, log points
_EFFECT_BARS = 3  # that it takes
_DELAY_BARS = 6


@dataclass(frozen=True, slots=True)
class Regime:
    """What is special about a market around its event."""

    name: str  # in words
    burst_hours: int | None = None  # volatility triples this long before the event
    leak_hours: int | None = None  # the move before the news is spread over so many hours
    delay_bars: int = 0  # after which a planted effect begins
    open_hour: int | None = None  # hour of the week in which the event falls, where the week has a rhythm
    is_crash: bool = False
    beta_inside: float = _BETA
    n_bars: int = RECORD_BARS


REGIMES: tuple[Regime, ...] = (
    Regime("calm"),
    Regime("burst 0 h before", burst_hours=0),
    Regime("burst 3 h before", burst_hours=3),
    Regime("burst 12 h before", burst_hours=12),
    Regime("burst 24 h before", burst_hours=24),
    Regime("burst 100 h before", burst_hours=100),
    Regime("leak 1 h before", leak_hours=1),
    Regime("leak over 6 h before", leak_hours=6),
    Regime("delay of 6 h", delay_bars=_DELAY_BARS),
    Regime("weekly rhythm, Monday", open_hour=9),
    Regime("weekly rhythm, Saturday", open_hour=129),
    Regime("crash, beta as before", is_crash=True),
    Regime("crash, beta raised", is_crash=True, beta_inside=_RAISED_BETA),
    Regime("short record", n_bars=SHORT_RECORD_BARS),
)


@dataclass(frozen=True, slots=True)
class Markets:
    """Runs of one regime: log returns [runs, bars]; the event falls in bar `index`; nothing is planted yet."""

    token: Floats
    benchmark: Floats
    close_us: Integers  # of each bar
    index: int
    effect: Floats  # [bars] what a planted effect adds


def simulate_markets(rng: np.random.Generator, regime: Regime, n_runs: int) -> Markets:
    """`n_runs` markets of a regime: β times a benchmark plus residuals, both GARCH(1,1) with Student shocks.

    Bursts and the rhythm of the week concern token and benchmark alike. Nothing happens at the event but what the
    regime says; `effect` is what to add to plant one.
    """
    n, index = regime.n_bars + AFTER_BARS, regime.n_bars
    level = np.ones(n)
    if regime.burst_hours is not None:
        level[index - regime.burst_hours :] = BURST
    close_us = _closes(n, index, regime.open_hour)
    if regime.open_hour is not None:
        level *= np.where(is_weekend(close_us - MICROSECONDS_PER_HOUR), _WEEKEND, 1.0)
    benchmark = BENCHMARK_SD * level * draw_garch(rng, n_runs, n)
    beta = np.full(n, _BETA)
    if regime.is_crash:
        benchmark[:, index : index + _CRASH_BARS] += _CRASH / _CRASH_BARS
        beta[index:] = regime.beta_inside
    token = beta * benchmark + TOKEN_SD * level * draw_garch(rng, n_runs, n)
    if regime.leak_hours is not None:
        token[:, index - regime.leak_hours : index] += _LEAK / regime.leak_hours
    effect = np.zeros(n)
    first = index + regime.delay_bars
    effect[first : first + _EFFECT_BARS] = EFFECT / _EFFECT_BARS
    return Markets(token, benchmark, close_us, index, effect)


def _closes(n: int, index: int, open_hour: int | None) -> Integers:
    """Closes of hourly bars of which bar `index` opens in hour `open_hour` of a week (0: Monday 00:00 UTC)."""
    first = FIRST_MONDAY // MICROSECOND // MICROSECONDS_PER_HOUR
    weeks = -(-n // HOURS_PER_WEEK)
    opens = first + weeks * HOURS_PER_WEEK + (open_hour or 0) + np.arange(-index, n - index)
    return np.asarray((opens + 1) * MICROSECONDS_PER_HOUR, dtype=np.int64)


def draw_garch(rng: np.random.Generator, n_runs: int, n_bars: int) -> Floats:
    """GARCH(1,1) paths with Student shocks, mean 0 and variance 1, [runs, bars]. Source: Bollerslev (1987)."""
    shocks = rng.standard_t(_TAIL_DF, (n_bars + _BURN_IN, n_runs)) * np.sqrt((_TAIL_DF - 2.0) / _TAIL_DF)
    variance = np.ones(n_runs)
    for t in range(shocks.shape[0]):
        shocks[t] *= np.sqrt(variance)
        variance = (1.0 - _ARCH - _GARCH) + _ARCH * shocks[t] ** 2 + _GARCH * variance
    return np.ascontiguousarray(shocks[_BURN_IN:].T)
