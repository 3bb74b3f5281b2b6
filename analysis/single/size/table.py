"""How often the interval of one event covers and its rank rejects, with Monte-Carlo bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analysis.arrays import Floats
from analysis.engine.size import wilson_band
from analysis.engine.tails import student_interval
from analysis.results.rank import rank_p
from analysis.single.size.donors import POOLS, WINDOW_BARS, Pool, measure_pool
from analysis.single.size.markets import REGIMES, Markets, Regime, simulate_markets
from analysis.single.window.betas import range_over_betas
from analysis.single.window.block_model import WindowMeasures, measure_windows
from analysis.single.window.score import Ground, ScoreInterval, WindowScore, ground_of_series, score_window
from analysis.tape.series import AlignedSeries
from warehouse.tables.size import SINGLE_SIZE

_WINDOWS_HOURS = (12, 24)
_LEVEL = 0.05
# The settings that ship with the study `reaction`, in hourly bars: estimation, its minimum, history of placebos.
_LENGTHS = np.array([720, 240, 8760], dtype=np.int64)

# What is measured, one row each.
COVERS, COVERS_INSIDE, COVERS_EITHER, COVERS_MONTH, COVERS_BETAS = (
    "covers",
    "covers_inside",
    "covers_either",
    "covers_month",
    "covers_betas",
)
REJECTS, FINDS, SAYS, WIDTH = "rejects", "finds", "says_restless", "width"


@dataclass(frozen=True, slots=True)
class SingleSizeRequest:
    """What to draw."""

    replications: int = 500
    seed: int = 20260612


def choose_regimes(names: Sequence[str]) -> tuple[Regime | Pool, ...]:
    """The named regimes and pools of donors, or all; ValueError names those there are."""
    scenarios: tuple[Regime | Pool, ...] = (*REGIMES, *POOLS)
    known = {scenario.name: scenario for scenario in scenarios}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"scenario {unknown[0]!r} is unknown; expected one of: {'; '.join(known)}")
    return tuple(known[name] for name in names) if names else scenarios


def measure_single_size(
    regimes: Sequence[Regime | Pool], request: SingleSizeRequest, say: Callable[[str], None]
) -> pl.DataFrame:
    """Rows of `out.single_size`: coverage, rejection, power and width of one event's numbers in each regime.

    Every regime has a random stream of its own. A planted effect moves what is covered and what is found; coverage by
    the headline interval is the same with and without it. Bands of shares are Wilson's 95 % interval; that of the
    width is the middle 95 % over replications.
    """
    rows: list[dict[str, object]] = []
    for regime in regimes:
        say(f"{regime.name}: {request.replications} markets")
        rng = np.random.default_rng([request.seed, *regime.name.encode()])
        if isinstance(regime, Pool):
            rows += _summarise(regime.name, WINDOW_BARS, measure_pool(regime, rng, request.replications), request)
            continue
        markets = simulate_markets(rng, regime, request.replications)
        found: dict[int, list[dict[str, float]]] = {hours: [] for hours in _WINDOWS_HOURS}
        for run in range(request.replications):
            for hours, seen in _measure_run(markets, run).items():
                found[hours].append(seen)
        for hours, seen_runs in found.items():
            rows += _summarise(regime.name, hours, seen_runs, request)
    return SINGLE_SIZE.conform(pl.DataFrame(rows, schema=SINGLE_SIZE.schema))


def _measure_run(markets: Markets, run: int) -> dict[int, dict[str, float]]:
    n = markets.close_us.size
    sources = np.zeros(n, dtype=np.int64)
    series = AlignedSeries(
        "simulated", 1.0, markets.close_us, np.ones(n), markets.token[run], markets.benchmark[run], sources, ("b",)
    )
    ground = ground_of_series(series, np.zeros(n, dtype=np.bool_), markets.index, _LENGTHS)
    if ground is None:
        raise ValueError("a simulated market without a model: fewer bars than the minimum of the estimation")
    return {hours: _measure_window(ground, markets, hours) for hours in _WINDOWS_HOURS}


def _measure_window(ground: Ground, markets: Markets, n_bars: int) -> dict[str, float]:
    here = np.array([markets.index], dtype=np.int64)
    measured = measure_windows(ground.sums, here, n_bars, ground.coefficients)
    effect = float(markets.effect[markets.index : markets.index + n_bars].sum())
    quiet = score_window(ground, measured, n_bars)
    planted = _plant(ground, measured, markets.effect, effect, n_bars)
    month = student_interval(quiet.car, float(measured.standard_error[0]), int(ground.coefficients.n[0]) - 2)
    betas = range_over_betas(ground, quiet, n_bars)
    covers = _holds(quiet.interval, 0.0)
    inside = quiet.inside is not None and _holds(quiet.inside, 0.0)
    inside_planted = planted.inside is not None and _holds(planted.inside, effect)
    return {
        COVERS: covers,
        COVERS_INSIDE: (inside + inside_planted) / 2.0,
        COVERS_EITHER: (inside or (covers and not quiet.is_burst)),
        COVERS_MONTH: month.lower <= 0.0 <= month.upper,
        COVERS_BETAS: covers if betas is None else betas.lower <= 0.0 <= betas.upper,
        REJECTS: _rank(quiet, quiet.car) <= _LEVEL,
        FINDS: _rank(quiet, quiet.car + effect) <= _LEVEL,
        SAYS: quiet.is_burst or quiet.is_benchmark_far,
        WIDTH: quiet.interval.half / ((month.upper - month.lower) / 2.0),
    }


def _plant(ground: Ground, measured: WindowMeasures, bars: Floats, effect: float, n_bars: int) -> WindowScore:
    """The score of the same market with the effect in its bars."""
    moved = replace(ground, residuals=ground.residuals + bars)
    return score_window(moved, replace(measured, car=measured.car + effect), n_bars)


def _holds(interval: ScoreInterval, value: float) -> bool:
    return interval.lower <= value <= interval.upper


def _rank(score: WindowScore, car: float) -> float:
    """The rank p of `car` among the placebos of `score`."""
    sizes = np.abs(score.measures.car * score.at_event)
    known = sizes[np.isfinite(sizes)]
    return rank_p(int(np.sum(known >= abs(car))), known.size, score.n_independent)


def _summarise(
    scenario: str, hours: int, runs: Sequence[dict[str, float]], request: SingleSizeRequest
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for measure in runs[0]:
        values = np.array([run[measure] for run in runs], dtype=np.float64)
        quantiles = np.quantile(values, (0.5, 0.025, 0.975)).tolist()
        estimate, lower, upper = quantiles if measure == WIDTH else wilson_band(float(values.sum()), values.size)
        rows.append(
            {
                "scenario": scenario,
                "window_hours": float(hours),
                "measure": measure,
                "estimate": estimate,
                "lower_95": lower,
                "upper_95": upper,
                "n_replications": values.size,
                "seed": request.seed,
            }
        )
    return rows
