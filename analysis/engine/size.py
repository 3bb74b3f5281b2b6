"""How often each test rejects, with Monte-Carlo bands: size where nothing happens, power where something does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analysis.engine.battery import choose_model, load_statistics
from analysis.engine.panel import build_panel
from analysis.engine.simulate import SCENARIOS, Scenario, simulate_events
from analysis.engine.standardise import EventInput, standardise_event
from analysis.engine.study import run_battery
from warehouse.tables.size import TEST_SIZE

Draw = Callable[[np.random.Generator], list[EventInput]]

_LEVELS = (0.01, 0.05, 0.10)
BAND_Z = 1.959963984540054  # 95 % of a normal distribution, two-sided


@dataclass(frozen=True, slots=True)
class SizeRequest:
    """What to draw; lengths in bars."""

    n_events: int = 30
    replications: int = 400
    estimation: int = 120
    window: int = 1
    effect_sd: float = 0.0
    seed: int = 20260612
    statistic_ids: tuple[str, ...] | None = None


def simulated_draws(request: SizeRequest, names: tuple[str, ...] = ()) -> dict[str, Draw]:
    """A draw per simulated scenario, or for the named ones; ValueError names the scenarios there are."""
    known = {scenario.name: scenario for scenario in SCENARIOS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"scenario {unknown[0]!r} is unknown; expected one of: {'; '.join(known)}")
    return {name: _simulated(known[name], request) for name in names or known}


def measure_size(draws: dict[str, Draw], request: SizeRequest, say: Callable[[str], None]) -> pl.DataFrame:
    """Rows of `out.test_size`: the share of replications in which each test rejects at 1, 5 and 10 %.

    Every scenario has a random stream of its own, so that it does not depend on the others. The band is Wilson's 95 %
    interval of the share. A replication in which a test is not applicable is left out of its share and counted.
    """
    rows: list[dict[str, object]] = []
    for name, draw in draws.items():
        say(f"{name}: {request.replications} replications of {request.n_events} events")
        rows += _measure_scenario(name, draw, request)
    return TEST_SIZE.conform(pl.DataFrame(rows, schema=TEST_SIZE.schema))


def _simulated(scenario: Scenario, request: SizeRequest) -> Draw:
    planted = replace(scenario, effect_sd=request.effect_sd)

    def draw(rng: np.random.Generator) -> list[EventInput]:
        return simulate_events(rng, planted, n=request.n_events, estimation=request.estimation, window=request.window)

    return draw


def _measure_scenario(name: str, draw: Draw, request: SizeRequest) -> list[dict[str, object]]:
    rng = np.random.default_rng([request.seed, *name.encode()])
    p_values: dict[str, list[float]] = {}
    for _ in range(request.replications):
        for row in _test_once(draw(rng), request):
            p_values.setdefault(row[0], []).append(np.nan if row[1] is None else row[1])
    statistics = load_statistics()
    rows = []
    for statistic, found in sorted(p_values.items()):
        known = np.array(found)[np.isfinite(found)]
        for level in _LEVELS:
            share, lower, upper = wilson_band(int(np.sum(known <= level)), known.size)
            rows.append(
                {
                    "scenario": name,
                    "statistic": statistic,
                    "level": level,
                    "effect_sd": request.effect_sd,
                    "dependence": statistics[statistic].dependence,
                    "n_events": request.n_events,
                    "window_bars": request.window,
                    "estimation_bars": request.estimation,
                    "n_replications": known.size,
                    "n_absent": len(found) - known.size,
                    "rejection": share,
                    "lower_95": lower,
                    "upper_95": upper,
                    "seed": request.seed,
                }
            )
    return rows


def _test_once(events: list[EventInput], request: SizeRequest) -> list[tuple[str, float | None]]:
    model = choose_model("market")
    results = [standardise_event(event, model, request.estimation, "log") for event in events]
    panel = build_panel(results, request.seed)
    window = (0, request.window)
    rows = run_battery(panel.sample(*window), window, request.statistic_ids)
    return [(row.statistic, row.p_value) for row in rows]


def wilson_band(n_rejected: float, n: int) -> tuple[float | None, float | None, float | None]:
    """Share and its 95 % interval; None without a replication. Source: Wilson (1927)."""
    if not n:
        return None, None, None
    share, z2 = n_rejected / n, BAND_Z**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = BAND_Z / (1 + z2 / n) * float(np.sqrt(share * (1 - share) / n + z2 / (4 * n * n)))
    return share, max(0.0, centre - half), min(1.0, centre + half)
