"""Events on simulated assets that repeat across events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.engine.battery import choose_model
from analysis.engine.panel import build_panel
from analysis.engine.standardise import EventInput, standardise_event
from analysis.engine.study import TestRow, run_battery

N_BARS, ESTIMATION, WINDOW = 2_000, (-60, -3), (-2, 3)


def make_events(n: int = 8, n_assets: int = 3, seed: int = 3, *, is_spread: bool = True) -> list[EventInput]:
    """n events, assets used in turn; dates spread over the series, or all at one bar."""
    rng = np.random.default_rng(seed)
    benchmark = rng.normal(0, 0.01, N_BARS)
    assets = rng.normal(1, 0.2, (n_assets, 1)) * benchmark + rng.normal(0, 0.02, (n_assets, N_BARS))
    zeros = np.sort(rng.integers(100, N_BARS - 10, n)) if is_spread else np.full(n, 500)
    return [make_event(f"e{k}", f"a{k % n_assets}", assets[k % n_assets], benchmark, int(zeros[k])) for k in range(n)]


def make_event(event_id: str, market_id: str, returns: np.ndarray, benchmark: np.ndarray, zero: int) -> EventInput:
    """One event on one series."""
    return EventInput(
        event_id=event_id,
        market_id=market_id,
        event_time=None,
        returns=returns,
        factors=benchmark[:, np.newaxis],
        benchmark=benchmark,
        calendar=np.arange(returns.size),
        bar_zero=zero,
        estimation=ESTIMATION,
        window=WINDOW,
    )


def run_tests(events: Sequence[EventInput], window: tuple[int, int] = WINDOW, model: str = "market") -> list[TestRow]:
    """All statistics over one window of these events."""
    results = [standardise_event(event, choose_model(model), 20, "log") for event in events]
    panel = build_panel([result for result in results if result.fit is not None], seed=1)
    return run_battery(panel.sample(*window), window)
