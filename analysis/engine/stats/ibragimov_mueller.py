"""Ibragimov and Mueller's t test for few clusters.

Made for the case of a handful of episodes with several tokens each.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult, mean_of_few


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The t value of the means of clusters with q − 1 degrees of freedom."""
    means = np.bincount(sample.clusters, weights=sample.car) / np.bincount(sample.clusters)
    return mean_of_few(means, f"{means.size} cluster of overlapping windows; ibragimov_mueller")


STATISTIC = Statistic(
    statistic_id="ibragimov_mueller",
    title="Ibragimov-Mueller t over clusters",
    null="mean CAR of the window is zero",
    assumptions=(
        "Clusters of events with overlapping windows are independent; their means are near normal and may "
        "have any variances. Valid at two-sided levels up to 8.3 %."
    ),
    dependence="clustered",
    equation="t = √q · mean(M) / sd(M), M_c = mean CAR of cluster c, df = q − 1",
    reference="Ibragimov & Müller (2010), Journal of Business and Economic Statistics 28",
    minimum_events=2,
    compute=compute,
)
