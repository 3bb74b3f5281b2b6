"""Boehmer, Musumeci and Poulsen's standardised cross-sectional test.

Prediction error is in the denominator of every SCAR, which some programs document and leave out.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import Sample, Statistic, TestResult, spread
from analysis.engine.tails import student_p


def compute(sample: Sample) -> TestResult:
    """The t value of the mean SCAR with N − 1 degrees of freedom."""
    scar = sample.scar
    value = float(np.sqrt(sample.n) * scar.mean() / spread(scar))
    return TestResult(value, student_p(value, sample.n - 1), df=sample.n - 1, n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="bmp",
    title="Standardised cross-sectional t",
    null="mean CAR of the window is zero",
    assumptions=(
        "Events independent; an event may raise the variance, by the same factor for all events, because the variance "
        "of the SCARs is taken across them."
    ),
    dependence="independent",
    equation="t = √N · mean(SCAR) / sd(SCAR), df = N − 1",
    reference="Boehmer, Musumeci & Poulsen (1991), Journal of Financial Economics 30",
    minimum_events=2,
    compute=compute,
)
