"""Patell's test over several bars without prediction covariance.

Equal to `patell` on one bar; kept to compare with programs that sum SARs.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult
from analysis.engine.tails import normal_p


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The sum of all standardised abnormal returns of the window over its standard deviation."""
    df = sample.degrees_of_freedom
    if np.any(df <= 2):
        return NotApplicable("an event has 2 or fewer residual degrees of freedom: SAR has no variance")
    value = float(sample.sar.sum() / np.sqrt(sample.length * np.sum(df / (df - 2.0))))
    return TestResult(value, normal_p(value), n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="patell_sum_sar",
    title="Patell Z from summed SARs",
    null="mean CAR of the window is zero",
    assumptions=("As patell, and in addition no covariance between the prediction errors of the bars of a window."),
    dependence="independent",
    equation="Z = Σ_i Σ_t SAR_it / √(L · Σ m_i / (m_i − 2))",
    reference="Patell (1976), Journal of Accounting Research 14, as R EventStudy and Stata estudy compute it",
    minimum_events=1,
    compute=compute,
)
