"""Sign test of the CARs.

A CAR of exactly zero counts as not positive.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import Sample, Statistic, TestResult
from analysis.engine.tails import fair_coin_p


def compute(sample: Sample) -> TestResult:
    """The normal value of the number of positive CARs, with the exact binomial p."""
    n_positive = int(np.sum(sample.car > 0))
    value = float((n_positive - sample.n / 2) / np.sqrt(sample.n / 4))
    return TestResult(value, fair_coin_p(n_positive, sample.n), n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="sign",
    title="Sign test",
    null="a CAR is positive with probability one half",
    assumptions=("Events independent; abnormal returns have a median of zero, which skewed ones do not."),
    dependence="independent",
    equation="z = (w − N/2) / √(N/4); p exact from the binomial distribution",
    reference="Brown & Warner (1980), Journal of Financial Economics 8, appendix",
    minimum_events=1,
    compute=compute,
)
