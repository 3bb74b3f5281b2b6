"""Block bootstrap of the mean CAR, clusters of overlapping windows as blocks.

Resamples whole clusters, so that dependence inside them survives.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.resampling import bootstrap_counts, share_at_least
from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult, spread

_MINIMUM_CLUSTERS = 5  # fewer clusters resample to a handful of values


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The t value of the cluster sums with its bootstrap p."""
    sums = np.asarray(np.sort(np.bincount(sample.clusters, weights=sample.car)), dtype=np.float64)
    q = sums.size
    if q < _MINIMUM_CLUSTERS:
        return NotApplicable(f"clusters of overlapping windows: {q}; needs at least {_MINIMUM_CLUSTERS}")
    value = float(np.sqrt(q) * sums.mean() / spread(sums))
    counts, centred = bootstrap_counts(q, sample.seed), sums - sums.mean()
    mean = counts @ centred / q
    variance = (counts @ centred**2 / q - mean**2) * q / (q - 1)
    drawn = np.sqrt(q) * mean / np.sqrt(np.where(variance > 0, variance, np.nan))
    return TestResult(value, share_at_least(drawn, value, is_exact=False), n_eff=float(q))


STATISTIC = Statistic(
    statistic_id="block_bootstrap",
    title="Cluster (block) bootstrap t",
    null="mean CAR of the window is zero",
    assumptions=(
        "Clusters of events with overlapping windows are independent draws of one kind; any dependence inside one."
    ),
    dependence="clustered",
    equation="t = mean cluster sum / its standard error; p = share of |t*| ≥ |t| over resampled centred clusters",
    reference="Cameron, Gelbach & Miller (2008), Review of Economics and Statistics 90; blocks: Künsch (1989)",
    minimum_events=2,
    compute=compute,
)
