"""Hall's skewness-adjusted t test with the bootstrap that belongs to it.

1,999 resamples; the observed value counts as one more, so p is never zero.
"""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats
from analysis.engine.resampling import bootstrap_counts, share_at_least
from analysis.engine.statistic import Sample, Statistic, TestResult


def compute(sample: Sample) -> TestResult:
    """The skewness-adjusted t value with its bootstrap p; seeded, and independent of the order of events."""
    value = float(_hall(*_moments(np.ones((1, sample.n)), sample.car), sample.n)[0])
    centred = np.sort(sample.car) - sample.caar
    drawn = _hall(*_moments(bootstrap_counts(sample.n, sample.seed), centred), sample.n)
    return TestResult(value, share_at_least(drawn, value, is_exact=False), n_eff=float(sample.n))


def _moments(counts: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, standard deviation (n − 1) and unbiased skewness of each resample."""
    n = values.size
    mean = counts @ values / n
    second = counts @ values**2 / n - mean**2
    third = counts @ (values * values * values) / n - 3 * mean * (counts @ values**2 / n) + 2 * mean**3
    sd = np.sqrt(np.where(second > 0, second, np.nan) * n / (n - 1))
    return mean, sd, n * n / ((n - 1) * (n - 2)) * third / sd**3


def _hall(mean: Floats, sd: Floats, skewness: Floats, n: int) -> Floats:
    s = mean / sd
    return np.asarray(np.sqrt(n) * (s + skewness * s**2 / 3 + skewness**2 * s**3 / 27 + skewness / (6 * n)))


STATISTIC = Statistic(
    statistic_id="hall_bootstrap",
    title="Bootstrapped skewness-adjusted t",
    null="mean CAR of the window is zero",
    assumptions=(
        "Events independent; the null distribution of the skewness-adjusted t is drawn by resampling events "
        "and centring at the observed mean."
    ),
    dependence="independent",
    equation="p = share of |T*| ≥ |T|, T* = Hall(resample − mean)",
    reference="Hall (1992), J. of the Royal Statistical Society B 54; Lyon, Barber & Tsai (1999), J. of Finance 54",
    minimum_events=5,
    compute=compute,
)
