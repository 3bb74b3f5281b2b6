"""Rolling correlations of a tenth of a wide market's pairs, and its lead-lags, beside pandas doing a tenth of both.

Run: python tests/bench/bench_correlation.py
"""

import itertools
import resource
import time

import numpy as np
import pandas as pd

from analysis.together.leads.leadlag import lag_matrices
from analysis.together.moving.rolling import rolling_correlation

N_ASSETS, N_HOURS = 60, 3 * 365 * 24
WINDOWS = (168, 720, 2160)
MAX_LAG = 48
# One in so many pairs is rolled by both, and lagged by pandas.
TENTH = 10


def make_market(seed: int = 1) -> np.ndarray:
    """60 heavy-tailed hourly return series with a common factor, 1 % of the bars absent."""
    generator = np.random.default_rng(seed)
    returns = 0.01 * (generator.standard_t(4, (N_ASSETS, N_HOURS)) + generator.standard_normal(N_HOURS))
    returns[generator.random(returns.shape) < 0.01] = np.nan
    return returns


def chosen_pairs() -> list[tuple[int, int]]:
    return list(itertools.islice(itertools.combinations(range(N_ASSETS), 2), 0, None, TENTH))


Rolled = dict[tuple[tuple[int, int], int], np.ndarray]


def time_ours(returns: np.ndarray) -> tuple[float, float, Rolled, np.ndarray]:
    started = time.perf_counter()
    rolled = {
        (pair, window): rolling_correlation(returns[pair[0]], returns[pair[1]], window)
        for pair in chosen_pairs()
        for window in WINDOWS
    }
    between = time.perf_counter()
    lagged = lag_matrices(returns, MAX_LAG).correlation
    return between - started, time.perf_counter() - between, rolled, lagged


def time_pandas(returns: np.ndarray, rolled: Rolled, lagged: np.ndarray) -> tuple[float, float, float]:
    """Seconds for a tenth of the pairs, and the largest difference from our numbers."""
    frame = pd.DataFrame(returns.T)
    worst = 0.0
    started = time.perf_counter()
    results = {
        (pair, window): frame[pair[0]].rolling(window, min_periods=int(0.8 * window)).corr(frame[pair[1]])
        for pair in chosen_pairs()
        for window in WINDOWS
    }
    between = time.perf_counter()
    lags = {
        (pair, lag): frame[pair[0]].corr(frame[pair[1]].shift(-lag))
        for pair in chosen_pairs()
        for lag in range(-MAX_LAG, MAX_LAG + 1)
    }
    seconds = between - started, time.perf_counter() - between
    for key, series in results.items():
        worst = max(worst, float(np.nanmax(np.abs(series.to_numpy() - rolled[key]))))
    for (pair, lag), value in lags.items():
        mine = lagged[lag, pair[0], pair[1]] if lag >= 0 else lagged[-lag, pair[1], pair[0]]
        worst = max(worst, abs(value - mine))
    return *seconds, worst


def main() -> None:
    """Print the table: seconds of ours and of pandas, and the ratio of speeds over the same pairs."""
    returns = make_market()
    roll, lag, rolled, lagged = time_ours(returns)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    pandas_roll, pandas_lag, worst = time_pandas(returns, rolled, lagged)
    print(f"{N_ASSETS} assets x {N_HOURS} hours, windows {WINDOWS}, lags +-{MAX_LAG}; pandas on a tenth of the pairs")
    print(f"{'':32}{'ours':>10}{'pandas':>10}{'ratio':>8}")
    print(f"{'rolling, a tenth of the pairs':32}{roll:8.2f} s{pandas_roll:8.2f} s{pandas_roll / roll:8.0f}")
    print(f"{'leads and lags, all and a tenth':32}{lag:8.2f} s{pandas_lag:8.2f} s{TENTH * pandas_lag / lag:8.0f}")
    print(f"peak memory of ours {peak:.2f} GB; largest difference from pandas {worst:.1e}")


if __name__ == "__main__":
    main()
