"""J1: the mean CAR against the exact prediction variances.

var(CAR_i) = s²(L + L²/n + (Σd)²/Sxx) with the prediction covariance between the bars of a window.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import Sample, Statistic, TestResult
from analysis.engine.tails import normal_p


def compute(sample: Sample) -> TestResult:
    """The CAAR over its standard deviation from the exact variances of the CARs."""
    value = float(sample.car.sum() / np.sqrt(np.sum(sample.car_sd**2)))
    return TestResult(value, normal_p(value), n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="j1",
    title="J1 of Campbell, Lo and MacKinlay",
    null="mean CAR of the window is zero",
    assumptions=(
        "Events independent, normal residuals, variance unchanged in the event window. CARs weigh the same: better "
        "than j2 only where more variable events react more."
    ),
    dependence="independent",
    equation="J1 = CAAR / √(Σ var(CAR_i) / N²)",
    reference="Campbell, Lo & MacKinlay (1997), eq. 4.4.22",
    minimum_events=1,
    compute=compute,
)
