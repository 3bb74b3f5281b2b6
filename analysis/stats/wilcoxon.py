"""Wilcoxon's signed-rank test of the CARs.

Zeros are left out of the p-value, as Wilcoxon proposed; `wilcoxon_z` gives the normal value.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata, wilcoxon

from analysis.statistic import Sample, Statistic, TestResult


def compute(sample: Sample) -> TestResult:
    """The sum of the ranks of positive CARs, with the exact two-sided p for small samples."""
    ranks = rankdata(np.abs(sample.car))
    value = float(ranks[sample.car > 0].sum())
    if not np.any(sample.car):
        return TestResult(float("nan"), 1.0)
    p_value = float(wilcoxon(sample.car.tolist()).pvalue)
    return TestResult(value, p_value, n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="wilcoxon",
    title="Wilcoxon signed-rank test",
    null="the CARs are symmetric around zero",
    assumptions=(
        "Events independent, symmetric CARs; exact p for up to 50 events without ties or zeros, else the "
        "normal approximation with tie correction."
    ),
    dependence="independent",
    equation="W = Σ ranks of |CAR| over positive CARs",
    reference="Wilcoxon (1945)",
    minimum_events=1,
    compute=compute,
)
