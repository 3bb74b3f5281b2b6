"""Kolari and Pynnonen's BMP test, adjusted for cross-correlation.

The headline test for groups: it survives both event-induced variance and clustering. r̄ is the mean over the pairs that
share calendar bars; where no two events share any, r̄ is zero.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult, read_clustering, spread
from analysis.engine.tails import student_p

ONE_SERIES = 1.0 - 1e-9  # a mean correlation above this is 1 up to rounding


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The BMP t value, deflated by the mean residual correlation."""
    clustering = read_clustering(sample)
    if isinstance(clustering, NotApplicable):
        return clustering
    rbar, inflation = clustering
    if rbar >= ONE_SERIES:
        return NotApplicable("mean residual correlation of 1: copies of one series have no spread to judge by")
    scar = sample.scar
    value = float(np.sqrt(sample.n) * scar.mean() / spread(scar) * np.sqrt((1.0 - rbar) / inflation))
    return TestResult(value, student_p(value, sample.n - 1), sample.n - 1, sample.n / inflation, rbar)


STATISTIC = Statistic(
    statistic_id="kp_bmp",
    title="Kolari-Pynnonen adjusted BMP t",
    null="mean CAR of the window is zero",
    assumptions=(
        "All pairs of events are equally correlated, in the event window as in the estimation window, from whose "
        "calendar-aligned residuals r̄ is estimated. An event may raise the variance, by the same factor for all events."
    ),
    dependence="adjusted",
    equation="t = BMP · √((1 − r̄) / (1 + (N − 1) r̄)), N_eff = N / (1 + (N − 1) r̄), df = N − 1",
    reference="Kolari & Pynnönen (2010), Review of Financial Studies 23",
    minimum_events=2,
    compute=compute,
)
