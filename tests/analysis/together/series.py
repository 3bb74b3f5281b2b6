"""Simulated return series for the correlation tests."""

from datetime import datetime, timedelta, timezone

import numpy as np
from scipy.signal import lfilter

from analysis.together.moving.pairs import ReturnPair

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
    """A Pair that begins on a Monday."""
    bar = {"1h": timedelta(hours=1), "4h": timedelta(hours=4), "1d": timedelta(days=1)}[timeframe]
    return ReturnPair(
        market_id=f"venue:{asset}/USDT",
        other_market_id=f"venue:{other}/USDT",
        asset_id=asset,
        other_asset_id=other,
        timeframe=timeframe,
        first_open=START,
        bar=bar,
        token=np.asarray(token, dtype=float),
        benchmark=np.asarray(benchmark, dtype=float),
        volume=np.full(len(token), 100.0) if volume is None else volume,
    )
