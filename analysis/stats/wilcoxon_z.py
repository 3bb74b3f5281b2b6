"""Normal value of Wilcoxon's signed-rank test.

Kept because most programs print it instead of W.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from analysis.statistic import Sample, Statistic, TestResult
from analysis.tails import normal_p


def compute(sample: Sample) -> TestResult:
    """The normal value of the signed-rank sum."""
    n = sample.n
    total = float(rankdata(np.abs(sample.car))[sample.car > 0].sum())
    value = (total - n * (n + 1) / 4) / (n * (n + 1) * (2 * n + 1) / 24) ** 0.5
    return TestResult(value, normal_p(value), n_eff=float(n))


STATISTIC = Statistic(
    statistic_id="wilcoxon_z",
    title="Wilcoxon signed-rank Z",
    null="the CARs are symmetric around zero",
    assumptions=("As wilcoxon, with the normal approximation without continuity correction."),
    dependence="independent",
    equation="z = (W − N(N + 1)/4) / √(N(N + 1)(2N + 1)/24)",
    reference="Wilcoxon (1945); normal approximation",
    minimum_events=1,
    compute=compute,
)
