"""Simulated pools of assets in which nothing happened, or a planted effect, for the tests that mix donors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.engine.regressions.synthetic import fit_synthetic_control
from analysis.portable import exp
from analysis.single.beside.conformal import infer_gap
from analysis.single.beside.mixes import MIXES, infer_mix, sum_windows
from analysis.single.size.markets import BENCHMARK_SD, BURST, EFFECT, TOKEN_SD, draw_garch

WINDOW_BARS = 24  # of an hour
_ESTIMATION_BARS = 720  # as the study `reaction` ships
_DONORS = 41  # the median of the pools of the full record
_BETAS = (0.7, 2.0)
_SPREAD = 0.4  # standard deviation of the log volatility over assets
_RESTLESS = 2.0
METHODS = ("synthetic_control", *MIXES)


@dataclass(frozen=True, slots=True)
class Pool:
    """What is special about the treated asset among its donors."""

    name: str  # in words
    times: float = 1.0  # its own volatility over that of an ordinary donor
    burst_hours: int | None = None  # its own volatility triples this long before the event


POOLS: tuple[Pool, ...] = (
    Pool("donors alike"),
    Pool("donors, the token twice as restless", times=_RESTLESS),
    Pool("donors, burst of the token 24 h before", burst_hours=24),
)


def measure_pool(pool: Pool, rng: np.random.Generator, n_runs: int) -> list[dict[str, float]]:
    """For each simulated pool whether each method rejects no effect at 5 %, and whether it finds the planted one."""
    return [_measure_run(*_simulate(pool, rng)) for _ in range(n_runs)]


def _simulate(pool: Pool, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Returns of the treated asset (bars,) and of its donors (bars, k): β times a benchmark plus residuals of GARCH."""
    n = _ESTIMATION_BARS + WINDOW_BARS
    moves = draw_garch(rng, _DONORS + 2, n)
    betas = rng.uniform(*_BETAS, _DONORS + 1)
    sizes = exp(rng.normal(0.0, _SPREAD, _DONORS + 1))
    returns = betas[:, None] * BENCHMARK_SD * moves[-1] + TOKEN_SD * sizes[:, None] * moves[:-1]
    own = np.full(n, pool.times)
    if pool.burst_hours is not None:
        own[n - WINDOW_BARS - pool.burst_hours :] *= BURST
    returns[0] += (own - 1.0) * TOKEN_SD * sizes[0] * moves[0]
    return returns[0], returns[1:].T


def _measure_run(treated: Floats, donors: Floats) -> dict[str, float]:
    planted = treated.copy()
    planted[-WINDOW_BARS:] += EFFECT / WINDOW_BARS
    found: dict[str, float] = {}
    for method in METHODS:
        test = _TESTS[method]
        found[f"rejects_{method}"] = test(treated, donors) <= _LEVEL
        found[f"finds_{method}"] = test(planted, donors) <= _LEVEL
    return found


def _control_p(treated: Floats, donors: Floats) -> float:
    fitted = fit_synthetic_control(treated, donors, WINDOW_BARS)
    if fitted is None:
        raise ValueError("a simulated pool with too few bars for a mix")
    return infer_gap(fitted.gap, WINDOW_BARS, 1.0).p_value


def _mix_p(method: str) -> Callable[[Floats, Floats], float]:
    def test(treated: Floats, donors: Floats) -> float:
        windows = sum_windows(treated, WINDOW_BARS), sum_windows(donors, WINDOW_BARS)
        return infer_mix(method, *windows).p_value

    return test


_LEVEL = 0.05
_TESTS: dict[str, Callable[[Floats, Floats], float]] = {
    "synthetic_control": _control_p,
    **{method: _mix_p(method) for method in MIXES},
}
