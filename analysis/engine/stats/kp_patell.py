"""Kolari and Pynnonen's Patell test, adjusted for cross-correlation.

Only the correlation is adjusted for, not event-induced variance: at four times the variance it rejects far too often.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult, read_clustering
from analysis.engine.tails import normal_p


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The Patell value, deflated by the mean residual correlation."""
    clustering = read_clustering(sample)
    if isinstance(clustering, NotApplicable):
        return clustering
    rbar, inflation = clustering
    df = sample.degrees_of_freedom
    if np.any(df <= 2):
        return NotApplicable("an event has 2 or fewer residual degrees of freedom: SCAR has no variance")
    value = float(sample.scar.sum() / np.sqrt(np.sum(df / (df - 2.0)) * inflation))
    return TestResult(value, normal_p(value), None, sample.n / inflation, rbar)


STATISTIC = Statistic(
    statistic_id="kp_patell",
    title="Kolari-Pynnonen adjusted Patell Z",
    null="mean CAR of the window is zero",
    assumptions=("As patell, but all pairs of events may be equally correlated, in the event window as in estimation."),
    dependence="adjusted",
    equation="Z = Patell / √(1 + (N − 1) r̄), N_eff = N / (1 + (N − 1) r̄)",
    reference="Kolari & Pynnönen (2010), Review of Financial Studies 23",
    minimum_events=2,
    compute=compute,
)
