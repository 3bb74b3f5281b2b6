"""Every compiled loop on a few invented bars, so that an installation compiles them and not its first run.

Run: python -m analysis.compile; what it makes is kept beside the sources.
"""

from __future__ import annotations

import numpy as np

from analysis.apart import are_apart, count_apart
from analysis.engine.kernel import fit_around, fit_line, market_model_windows, sum_blocks, total_returns
from analysis.engine.loops.forecasts import forecast_windows, sum_paths
from analysis.engine.loops.local_level import fit_local_level
from analysis.engine.loops.shares import learn_shares
from analysis.engine.loops.sums import pair_up, share_windows, sum_drawn, sum_pair_windows, take_out_means
from analysis.engine.model_fit import ModelInput
from analysis.engine.models.egarch import fit as fit_egarch
from analysis.near_titles import propose
from analysis.portable import log
from analysis.row_products import multiply_rows
from analysis.single.window.volatility import measure_volatility
from analysis.together.moving.dependence import measure_distance

_BARS = 200
_WINDOW = 24


def compile_loops() -> None:
    """Call each loop once, with the types that studies give it."""
    generator = np.random.default_rng(0)
    asset, benchmark = generator.normal(0.0, 0.01, (2, _BARS))
    event = _BARS - _WINDOW
    places = np.array([event])
    market_model_windows(asset, benchmark, np.array([0]), places, estimation=(-event, 0), window=(0, _WINDOW))
    fit_line(asset, benchmark)
    sums = sum_blocks(asset, benchmark, np.zeros(_BARS, dtype=np.bool_), 0)
    fit_around(sums, places, _WINDOW, limit=event, length=event, minimum=_WINDOW)
    total_returns(sums, places, _WINDOW)
    log(asset)
    fit_local_level(asset, benchmark)
    count_apart(places, _WINDOW)
    are_apart(places, np.ones((1, _WINDOW), dtype=np.bool_), 1)
    forecast_windows(np.ones((2, 1)), np.ones((5, 1)), places, _WINDOW, True)
    sum_paths(asset, benchmark, places, np.ones(1), np.ones(1), event, _WINDOW)
    measure_volatility(asset, 1.0)
    measure_distance(asset, benchmark)
    propose(np.array([0, 1]), np.array([0]), 1, np.ones(1), np.ones(1), 1.0, places, np.ones(1, dtype=np.bool_))
    one = np.array([0, 1], dtype=np.int32)
    multiply_rows(one, one[:1], np.ones(1, dtype=np.float32), places - event, places - event, 1)
    learn_shares(np.ones((1, 1)), np.ones((1, 1)))
    sum_drawn(np.ones((1, 1)), np.zeros((1, 1), dtype=np.int64))
    group = np.zeros(1, dtype=np.int64)
    take_out_means(np.ones((1, 1)), group, group, np.ones(1), 1.0, 1)
    sum_pair_windows(asset, benchmark, _WINDOW)
    column = np.zeros((2, 2), dtype=np.int64)[:, 0]  # not contiguous, as panels cut windows out of their bars
    pair_up(np.ones((2, 2)), np.arange(2), column, column)
    share_windows(column, column)
    fit_egarch(ModelInput(asset, benchmark[:, np.newaxis], np.arange(event), np.arange(event, _BARS)))


if __name__ == "__main__":
    compile_loops()
