"""Patell's standardised residual test with the exact variance of each CAR.

Over several bars programs differ: the covariance that parameter error causes between bars is included here;
`patell_sum_sar` leaves it out.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult
from analysis.engine.tails import normal_p


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The sum of standardised CARs over the root of the sum of their Student variances."""
    df = sample.degrees_of_freedom
    if np.any(df <= 2):
        return NotApplicable("an event has 2 or fewer residual degrees of freedom: SCAR has no variance")
    value = float(sample.scar.sum() / np.sqrt(np.sum(df / (df - 2.0))))
    return TestResult(value, normal_p(value), n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="patell",
    title="Patell Z",
    null="mean CAR of the window is zero",
    assumptions=(
        "Events independent, normal residuals, variance unchanged in the event window. Event-induced variance "
        "and clustering make it over-reject."
    ),
    dependence="independent",
    equation="Z = Σ SCAR_i / √(Σ m_i / (m_i − 2)), m_i = L1 − 2 with one factor",
    reference="Patell (1976), Journal of Accounting Research 14; exact CAR variance: Campbell, Lo & MacKinlay (1997)",
    minimum_events=1,
    compute=compute,
)
