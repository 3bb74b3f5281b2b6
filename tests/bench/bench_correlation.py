"""Rolling correlations and lead-lags of a wide market, beside pandas doing a tenth of it.

Run: python tests/bench/bench_correlation.py
"""

import itertools
import resource
import time

import numpy as np
import pandas as pd

from analysis.together.leads.leadlag import lag_matrices
from analysis.together.moving.rolling import pair_index, rolling_correlations

N_ASSETS, N_HOURS = 60, 3 * 365 * 24
WINDOWS = (168, 720, 2160)
MAX_LAG = 48
# Share of the pairs that pandas gets.
TENTH = 10


def make_market(seed: int = 1) -> np.ndarray:
    """60 heavy-tailed hourly return series with a common factor, 1 % of the bars absent."""
    generator = np.random.default_rng(seed)
    returns = 0.01 * (generator.standard_t(4, (N_ASSETS, N_HOURS)) + generator.standard_normal(N_HOURS))
    returns[generator.random(returns.shape) < 0.01] = np.nan
    return returns


def time_ours(returns: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray]:
    started = time.perf_counter()
    rolled = rolling_correlations(returns, WINDOWS)
    between = time.perf_counter()
    lagged = lag_matrices(returns, MAX_LAG).correlation
    return between - started, time.perf_counter() - between, rolled, lagged


def time_pandas(returns: np.ndarray, rolled: np.ndarray, lagged: np.ndarray) -> tuple[float, float, float]:
    """Seconds for a tenth of the pairs, and the largest difference from our numbers."""
    frame = pd.DataFrame(returns.T)
    chosen = list(itertools.islice(itertools.combinations(range(N_ASSETS), 2), 0, None, TENTH))
    order = pair_index(N_ASSETS)
    position = {pair: k for k, pair in enumerate(zip(order.first.tolist(), order.second.tolist(), strict=True))}
    worst = 0.0
    started = time.perf_counter()
    results = {
        (pair, w): frame[pair[0]].rolling(window, min_periods=int(0.8 * window)).corr(frame[pair[1]])
        for pair in chosen
        for w, window in enumerate(WINDOWS)
    }
    between = time.perf_counter()
    lags = {
        (pair, lag): frame[pair[0]].corr(frame[pair[1]].shift(-lag))
        for pair in chosen
        for lag in range(-MAX_LAG, MAX_LAG + 1)
    }
    seconds = between - started, time.perf_counter() - between
    for (pair, w), series in results.items():
        worst = max(worst, float(np.nanmax(np.abs(series.to_numpy() - rolled[w, position[pair]]))))
    for (pair, lag), value in lags.items():
        mine = lagged[lag, pair[0], pair[1]] if lag >= 0 else lagged[-lag, pair[1], pair[0]]
        worst = max(worst, abs(value - mine))
    return *seconds, worst


def main() -> None:
    """Print the table: seconds of ours for everything, of pandas for a tenth, and the ratio of speeds."""
    returns = make_market()
    roll, lag, rolled, lagged = time_ours(returns)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    pandas_roll, pandas_lag, worst = time_pandas(returns, rolled, lagged)
    print(f"{N_ASSETS} assets x {N_HOURS} hours, windows {WINDOWS}, lags +-{MAX_LAG}; pandas on a tenth of the pairs")
    print(f"{'':24}{'ours, all':>12}{'pandas, 1/10':>14}{'ratio':>8}")
    for name, ours, theirs in (("rolling correlation", roll, pandas_roll), ("leads and lags", lag, pandas_lag)):
        print(f"{name:24}{ours:10.2f} s{theirs:12.2f} s{TENTH * theirs / ours:8.0f}")
    total, total_pandas = roll + lag, pandas_roll + pandas_lag
    print(f"{'both':24}{total:10.2f} s{total_pandas:12.2f} s{TENTH * total_pandas / total:8.0f}")
    print(f"peak memory of ours {peak:.2f} GB; largest difference from pandas {worst:.1e}")


if __name__ == "__main__":
    main()
