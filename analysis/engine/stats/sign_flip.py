"""Event-level sign-flip permutation test of the mean CAR.

Exact under symmetry however few the events; with N events p cannot be smaller than 2^(1 − N).
"""

from __future__ import annotations

import numpy as np

from analysis.engine.resampling import EXACT_SIGNS, share_at_least, sign_patterns
from analysis.engine.statistic import Sample, Statistic, TestResult


def compute(sample: Sample) -> TestResult:
    """The CAAR with its permutation p; seeded, and independent of the order of events."""
    flipped = sign_patterns(sample.n, sample.seed) @ np.sort(sample.car) / sample.n
    p_value = share_at_least(flipped, sample.caar, is_exact=sample.n <= EXACT_SIGNS)
    return TestResult(sample.caar, p_value, n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="sign_flip",
    title="Sign-flip permutation test",
    null="the CARs are symmetric around zero",
    assumptions=("Events independent, symmetric CARs; all 2^N sign patterns for N ≤ 12, else 1,999 random ones."),
    dependence="independent",
    equation="p = share of sign patterns with |mean(±CAR)| ≥ |CAAR|",
    reference="Fisher (1935); Efron (1969)",
    minimum_events=1,
    compute=compute,
)
