"""Studies per second of the kernel beside other ways to do the same work, in one run.

Run: python tests/bench/bench_engine.py [--peer PYTHON]; PYTHON is an interpreter that has the package `eventstudy`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numba
import numpy as np

from analysis.engine.kernel import market_model_windows
from analysis.engine.models.market import MODEL
from analysis.engine.panel import build_panel
from analysis.engine.standardise import EventInput, standardise_event
from analysis.engine.study import run_battery

SEED = 20260612
N_SERIES, N_BARS = 10, 20_000  # the number of tokens, and two years and a half of hours
ESTIMATION, WINDOW = (-250, -10), (-10, 11)  # 240 and 21 bars
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
LOOP_SIZE = 1_000  # studies of the slow peers; their rate does not depend on the number
MEBIBYTE = 2**20


def make_market(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    benchmark = rng.normal(0, 0.005, N_BARS)
    assets = 0.0001 + rng.normal(1.0, 0.3, (N_SERIES, 1)) * benchmark + rng.normal(0, 0.01, (N_SERIES, N_BARS))
    return assets, benchmark


def draw_studies(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.integers(0, N_SERIES, n), rng.integers(300, N_BARS - 20, n)


@numba.njit(cache=True, parallel=True, error_model="numpy")
def bare_closed_form(y, x, series, events, sums, xs, ars, variances, cars, car_variances):  # type: ignore[no-untyped-def]
    """The smallest code that returns the same numbers: complete data, no reasons, no masks, no checks."""
    for i in numba.prange(series.size):
        s, zero = series[i], events[i]
        low, high, n = zero - 250, zero - 10, 240.0
        sx, sxx = xs[high, 0] - xs[low, 0], xs[high, 1] - xs[low, 1]
        sy, sxy = sums[s, high, 0] - sums[s, low, 0], sums[s, high, 1] - sums[s, low, 1]
        syy = sums[s, high, 2] - sums[s, low, 2]
        cxx, cxy, cyy = sxx - sx * sx / n, sxy - sx * sy / n, syy - sy * sy / n
        beta = cxy / cxx
        alpha, mean_x = (sy - beta * sx) / n, sx / n
        variance = (cyy - beta * cxy) / (n - 2.0)
        car, total = 0.0, 0.0
        for j in range(21):
            d = x[zero - 10 + j] - mean_x
            ar = y[s, zero - 10 + j] - alpha - beta * x[zero - 10 + j]
            ars[i, j], variances[i, j] = ar, variance * (1.0 + 1.0 / n + d * d / cxx)
            car += ar
            total += d
        cars[i], car_variances[i] = car, variance * (21.0 + 441.0 / n + total * total / cxx)


def run_bare(y: np.ndarray, x: np.ndarray, series: np.ndarray, events: np.ndarray) -> np.ndarray:
    zeros = np.zeros((y.shape[0], 1))
    sums = np.stack([np.hstack([zeros, np.cumsum(v, axis=1)]) for v in (y, x * y, y * y)], axis=2)
    xs = np.vstack([np.zeros((1, 2)), np.cumsum(np.column_stack([x, x * x]), axis=0)])
    n = series.size
    ars, variances, cars, car_variances = np.empty((n, 21)), np.empty((n, 21)), np.empty(n), np.empty(n)
    bare_closed_form(y, x, series, events, sums, xs, ars, variances, cars, car_variances)
    return cars


def run_kernel(y: np.ndarray, x: np.ndarray, series: np.ndarray, events: np.ndarray) -> np.ndarray:
    return market_model_windows(y, x, series, events, estimation=ESTIMATION, window=WINDOW).car


def run_statsmodels(y: np.ndarray, x: np.ndarray, series: np.ndarray, events: np.ndarray) -> np.ndarray:
    import statsmodels.api as sm

    cars = np.empty(series.size)
    for i, (s, zero) in enumerate(zip(series, events, strict=True)):
        past, ahead = slice(zero - 250, zero - 10), slice(zero - 10, zero + 11)
        fit = sm.OLS(y[s, past], sm.add_constant(x[past])).fit()
        cars[i] = np.sum(y[s, ahead] - fit.get_prediction(sm.add_constant(x[ahead])).predicted_mean)
    return cars


def seconds_of(work: object, *data: np.ndarray, repeat: int = 5) -> tuple[float, float]:
    """Best wall seconds and best processor seconds (all threads together); the second hardly feels a busy machine."""
    wall, processor = float("inf"), float("inf")
    for _ in range(repeat):
        started, worked = time.perf_counter(), time.process_time()
        work(*data)  # type: ignore[operator]
        wall, processor = min(wall, time.perf_counter() - started), min(processor, time.process_time() - worked)
    return wall, processor


def seconds_of_battery(y: np.ndarray, x: np.ndarray, n: int) -> tuple[float, float, int]:
    """Wall and processor seconds of fits, panel and all tests on n events, ranks and correlations included."""
    series, events = draw_studies(np.random.default_rng(SEED), n)
    calendar, factors = np.arange(N_BARS), x[:, np.newaxis]
    inputs = [
        EventInput(f"e{i}", f"a{s}", None, y[s], factors, x, calendar, int(zero), ESTIMATION, WINDOW)
        for i, (s, zero) in enumerate(zip(series, events, strict=True))
    ]
    started, worked = time.perf_counter(), time.process_time()
    panel = build_panel([standardise_event(item, MODEL, 100, "log") for item in inputs], SEED)
    rows = run_battery(panel.sample(*WINDOW), WINDOW)
    return time.perf_counter() - started, time.process_time() - worked, len(rows)


def peer_rate(python: str) -> dict[str, float] | None:
    """What `peer_eventstudy.py` measures in an interpreter that has the package; None where it is absent."""
    script = Path(__file__).with_name("peer_eventstudy.py")
    result = subprocess.run([python, str(script)], capture_output=True, text=True, check=False)
    if result.returncode:
        return None
    measured: dict[str, float] = json.loads(result.stdout.strip().splitlines()[-1])
    return measured


def compare(
    name: str, n: int, seconds: tuple[float, float], rates: dict[int, tuple[float, float]], sizes: tuple[int, ...]
) -> None:
    """Print the other program's rate and how many times it the kernel does, at some numbers of studies."""
    wall, processor = (n / taken for taken in seconds)
    times = "; ".join(
        f"kernel at {size:,}: {rates[size][0] / wall:,.2f}x, {rates[size][1] / processor:,.2f}x" for size in sizes
    )
    print(f"{name}: {wall:,.0f}/s, {processor:,.0f} per processor-second; {times}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable, help="an interpreter that has the package eventstudy")
    arguments = parser.parse_args()
    rng = np.random.default_rng(SEED)
    y, x = make_market(rng)
    series, events = draw_studies(rng, 200)
    run_kernel(y, x, series, events)  # compiles, or loads the compiled code
    started_at = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    print(f"{'studies':>10} {'kernel/s':>12} {'per processor-second':>21} {'peak MB':>8}")
    rates: dict[int, tuple[float, float]] = {}
    for n in SIZES:
        wall, processor = seconds_of(run_kernel, y, x, *draw_studies(rng, n))
        rates[n] = (n / wall, n / processor)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{n:>10,} {n / wall:>12,.0f} {n / processor:>21,.0f} {peak:>8,.0f}")
    print(f"before the first row the process had {started_at:,.0f} MB; pairs below are wall x, processor x")

    run_bare(y, x, series, events)
    data = (y, x, *draw_studies(rng, SIZES[-1]))
    bare = seconds_of(run_bare, *data)
    difference = np.max(np.abs(run_bare(*data) - run_kernel(*data)))
    compare(
        f"bare closed form, N = {SIZES[-1]:,} (largest CAR difference {difference:.1e})",
        SIZES[-1],
        bare,
        rates,
        (SIZES[-1],),
    )
    loop = seconds_of(run_statsmodels, y, x, *draw_studies(rng, LOOP_SIZE), repeat=1)
    compare(f"statsmodels loop, N = {LOOP_SIZE:,}", LOOP_SIZE, loop, rates, (10_000, 1_000_000))
    peer = peer_rate(arguments.peer)
    if peer is None:
        print("eventstudy: absent from this interpreter; pass --peer PYTHON of an environment that has it")
    else:
        n = int(peer["n"])
        compare(
            f"eventstudy {peer['version']}, N = {n:,}", n, (peer["wall"], peer["processor"]), rates, (10_000, 1_000_000)
        )
    for n in (100, 1_000):
        taken, worked, tests = min(seconds_of_battery(y, x, n) for _ in range(3))
        print(f"{tests} tests with fits, ranks and correlations, N = {n:,}: {taken:.2f} s, {worked:.2f} s of processor")


if __name__ == "__main__":
    main()
