"""Simulated return series for the correlation tests."""

from datetime import datetime, timezone

import numpy as np
from scipy.signal import lfilter

from analysis.tape.series import AlignedSeries
from warehouse.tables.bars import EPOCH, MICROSECOND, parse_bar

START = datetime(2026, 1, 5, tzinfo=timezone.utc)  # noqa: UP017 - a Monday


def make_volatility(generator, n, *, memory=0.95, spread=0.3):
    """Stochastic volatility with clusters, as (n,) multipliers around one."""
    return np.exp(lfilter([1.0], [1.0, -memory], spread * generator.standard_normal(n)) / 2.0)


def make_pair_returns(generator, n, *, beta=1.0, noise=1.0, clusters=True):
    """A token that follows its benchmark with `beta`; both share volatility clusters."""
    volatility = make_volatility(generator, n) if clusters else np.ones(n)
    benchmark = 0.01 * volatility * generator.standard_normal(n)
    token = beta * benchmark + 0.01 * noise * volatility * generator.standard_normal(n)
    return token, benchmark


def make_pair(token, benchmark, *, timeframe="1h", volume=None, asset="TAO", other="BTC"):
    """A token beside its benchmark from a Monday on."""
    bar, n = parse_bar(timeframe), len(token)
    start_us = (START - EPOCH) // MICROSECOND
    return AlignedSeries(
        market_id=f"venue:{asset}/USDT",
        bar_hours=bar.hours,
        close_us=start_us + bar.microseconds * np.arange(1, n + 1),
        close_quote=np.ones(n),
        asset=np.asarray(token, dtype=float),
        benchmark=np.asarray(benchmark, dtype=float),
        benchmark_source=np.zeros(n, dtype=np.int64),
        benchmark_ids=(f"venue:{other}/USDT",),
        asset_id=asset,
        benchmark_asset_id=other,
        volume_base=np.full(n, 100.0) if volume is None else volume,
    )
