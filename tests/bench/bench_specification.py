"""Seconds of one event's specification curve with its placebo dates, beside one least-squares fit per estimate.

Run: python tests/bench/bench_specification.py
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from analysis.single.choices.curve import trace_specifications
from analysis.single.choices.grid import ESTIMATION_DAYS, WINDOW_HOURS
from analysis.tape.returns import ReturnGrid, build_return_grid
from analysis.tape.series import AlignedSeries, align_series
from ingest.bundle.loader import load_bundle
from tests.analysis.single.simulated_markets import FIRST_OPEN, make_series, simulate_returns

N_REPEATS = 5
N_FITTED = 500  # least-squares fits timed; their rate does not depend on the number
TOKEN = "binanceusdm:TAO/USDT:USDT"
LIMIT_SECONDS = 2.0


def main() -> None:
    """Print the table."""
    print(f"{'record':<34}{'specifications':>15}{'dates':>7}{'seconds':>9}{'estimates/s':>13}{'ratio to lstsq':>16}")
    _report("shipped, TAO, 2026-06-12", *_shipped())
    _report("simulated, two years of hours", *_simulated())


def _report(name: str, variants: list[Mapping[str, AlignedSeries]], anchors: dict[str, int]) -> None:
    seconds, n_specifications, n_dates = [], 0, 0
    for _ in range(N_REPEATS):
        started = time.perf_counter()
        curve = trace_specifications(variants, anchors, ())
        seconds.append(time.perf_counter() - started)
        if curve is not None:
            n_specifications, n_dates = len(curve.choices), curve.n_placebo + 1
    best = min(seconds)
    n_estimates = n_specifications * n_dates
    ratio = (n_estimates / best) * _seconds_per_fit(next(iter(variants[0].values())))
    print(f"{name:<34}{n_specifications:>15}{n_dates:>7}{best:>9.3f}{n_estimates / best:>13,.0f}{ratio:>15.0f}x")
    if best > LIMIT_SECONDS:
        print(f"  slower than the promised {LIMIT_SECONDS:g} s")


def _seconds_per_fit(series: AlignedSeries) -> float:
    """One market model by numpy's least squares and its window, as a plain loop would do it."""
    length = min(round(ESTIMATION_DAYS[1] * 24 / series.bar_hours), series.asset.size // 2)
    after = round(WINDOW_HOURS[1] / series.bar_hours)
    asset, benchmark = np.nan_to_num(series.asset), np.nan_to_num(series.benchmark)
    started = time.perf_counter()
    for start in range(length, length + N_FITTED):
        start = min(start, asset.size - after)
        design = np.column_stack([np.ones(length), benchmark[start - length : start]])
        coefficients = np.linalg.lstsq(design, asset[start - length : start], rcond=None)[0]
        float(
            np.sum(asset[start : start + after] - coefficients[0] - coefficients[1] * benchmark[start : start + after])
        )
    return (time.perf_counter() - started) / N_FITTED


def _shipped() -> tuple[list[Mapping[str, AlignedSeries]], dict[str, int]]:
    bundle = load_bundle(FIRST_OPEN + timedelta(days=700), "bench")
    variants: list[Mapping[str, AlignedSeries]] = []
    for timeframe, hours in (("1h", 1), ("4h", 4)):
        rows = bundle.candles.filter(bundle.candles["timeframe"] == timeframe)
        variants.append(_beside(build_return_grid(rows, timedelta(hours=hours))))
    [event] = bundle.events.filter(bundle.events["event_id"].str.starts_with("2026-06-12")).iter_rows(named=True)
    names = {"first_public_evidence": "best_at_utc", "earliest": "earliest_at_utc", "latest": "latest_at_utc"}
    return variants, {rule: round(event[column].timestamp() * 1e6) for rule, column in names.items()}


def _beside(grid: ReturnGrid) -> dict[str, AlignedSeries]:
    found = {}
    for benchmark in ("BTC", "ETH"):
        series = align_series(grid, TOKEN, [f"binanceusdm:{benchmark}/USDT:USDT"])
        if series is not None:
            found[benchmark] = series
    return found


def _simulated() -> tuple[list[Mapping[str, AlignedSeries]], dict[str, int]]:
    rng = np.random.default_rng(20260612)
    n = 24 * 730
    token, benchmark = simulate_returns(rng, n)
    other = 0.8 * benchmark + rng.normal(0, 0.004, n)
    event = FIRST_OPEN + timedelta(hours=n - 24 * 20, minutes=30)
    variants = [{"BTC": make_series(token, benchmark), "ETH": make_series(token, other)}]
    starts = {"first_public_evidence": 0.0, "earliest": -6.0, "latest": 2.0}
    anchors = {rule: round((event + timedelta(hours=hours)).timestamp() * 1e6) for rule, hours in starts.items()}
    return list(variants), anchors


if __name__ == "__main__":
    main()
