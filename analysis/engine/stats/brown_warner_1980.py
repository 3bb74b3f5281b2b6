"""Brown and Warner's 1980 test without dependence adjustment.

Kept because other programs print it. `j1` is the same idea with the exact prediction variance of each CAR.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import Sample, Statistic, TestResult
from analysis.engine.tails import normal_p


def compute(sample: Sample) -> TestResult:
    """The CAAR over the root of the summed residual variances."""
    variances = np.nanvar(sample.residuals, axis=1, ddof=1)
    value = float(sample.caar * sample.n / np.sqrt(sample.length * variances.sum()))
    return TestResult(value, normal_p(value), n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="brown_warner_1980",
    title="Brown-Warner 1980 t without dependence",
    null="mean CAR of the window is zero",
    assumptions=(
        "Events independent, residual variance unchanged in the event window, estimation error of the "
        "parameters ignored; variances with n − 1."
    ),
    dependence="independent",
    equation="z = CAAR / (√L · √(Σ var(residuals of i)) / N)",
    reference="Brown & Warner (1980), Journal of Financial Economics 8, appendix, no dependence adjustment",
    minimum_events=1,
    compute=compute,
)
