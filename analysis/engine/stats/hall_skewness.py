"""Hall's skewness-adjusted t test.

Long windows and buy-and-hold returns are right-skewed, which makes the plain t test reject too often on the left. The
normal p needs many events: of normal CARs it rejects 14 % at nominal 5 % with 4 events, 9 % with 10, 6 % with 30.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import Sample, Statistic, TestResult, spread
from analysis.engine.tails import normal_p


def compute(sample: Sample) -> TestResult:
    """The transformed t value with a normal p; `hall_bootstrap` gives the bootstrap p."""
    n = sample.n
    deviation = sample.car - sample.caar
    s = sample.caar / spread(sample.car)
    scaled = deviation / spread(sample.car)
    skewness = n / ((n - 1) * (n - 2)) * np.sum(scaled * scaled * scaled)
    value = float(np.sqrt(n) * (s + skewness * s**2 / 3 + skewness**2 * s**3 / 27 + skewness / (6 * n)))
    return TestResult(value, normal_p(value), n_eff=float(n))


STATISTIC = Statistic(
    statistic_id="hall_skewness",
    title="Skewness-adjusted t",
    null="mean CAR of the window is zero",
    assumptions=("Events independent; the skewness of the CARs is removed by a monotone cubic transformation."),
    dependence="independent",
    equation="T = √N (S + g S²/3 + g² S³/27 + g/(6N)), S = mean/sd, g = N/((N−1)(N−2)) Σ((CAR−mean)/sd)³",
    reference="Hall (1992), J. of the Royal Statistical Society B 54; Lyon, Barber & Tsai (1999), J. of Finance 54",
    minimum_events=3,
    compute=compute,
)
