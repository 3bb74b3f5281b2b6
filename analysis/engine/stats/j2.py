"""J2: the mean standardised CAR.

Each SCAR is Student with m_i degrees of freedom and is scaled by its own standard deviation √(m_i / (m_i − 2)); with
equal estimation windows this is `patell`.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult
from analysis.engine.tails import normal_p


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The mean standardised CAR over its Student standard deviation, event by event."""
    df = sample.degrees_of_freedom
    if np.any(df <= 2):
        return NotApplicable("an event has 2 or fewer residual degrees of freedom: SCAR has no variance")
    value = float(np.sqrt(sample.n) * np.mean(sample.scar * np.sqrt((df - 2.0) / df)))
    return TestResult(value, normal_p(value), n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="j2",
    title="J2 of Campbell, Lo and MacKinlay",
    null="mean CAR of the window is zero",
    assumptions=(
        "Events independent, normal residuals, variance unchanged in the event window. CARs weigh by the inverse of "
        "their standard deviation: better than j1 where all events have the same true CAR."
    ),
    dependence="independent",
    equation="J2 = √N · mean(SCAR_i · √((m_i − 2) / m_i)), m_i = residual degrees of freedom (L1 − 2)",
    reference="Campbell, Lo & MacKinlay (1997), eq. 4.4.24",
    minimum_events=1,
    compute=compute,
)
