"""Wild bootstrap of the mean CAR over clusters of overlapping windows.

Three tokens that react to one headline are one cluster.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.resampling import EXACT_SIGNS, share_at_least, sign_patterns
from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult

_MINIMUM_CLUSTERS = 4  # 2^(1 − 4) = 12.5 % is the smallest p that could be seen


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The cluster-robust t value with its wild-bootstrap p, null imposed."""
    sums = np.sort(np.bincount(sample.clusters, weights=sample.car))
    if sums.size < _MINIMUM_CLUSTERS:
        return NotApplicable(f"clusters of overlapping windows: {sums.size}; needs at least {_MINIMUM_CLUSTERS}")
    signs = sign_patterns(sums.size, sample.seed)
    value = float(sums.sum() / np.sqrt(np.sum(sums**2)))
    drawn = signs @ sums / np.sqrt(np.sum(sums**2))
    p_value = share_at_least(drawn, value, is_exact=sums.size <= EXACT_SIGNS)
    return TestResult(value, p_value, n_eff=float(sums.size))


STATISTIC = Statistic(
    statistic_id="wild_bootstrap",
    title="Wild bootstrap t",
    null="mean CAR of the window is zero",
    assumptions=(
        "Clusters of overlapping windows are independent of one another with symmetric sums; any dependence inside a "
        "cluster: signs are flipped cluster by cluster."
    ),
    dependence="clustered",
    equation="t = Σ_c S_c / √(Σ_c S_c²), S_c = Σ_{i∈c} CAR_i; p = share of |t*| ≥ |t| over cluster sign patterns",
    reference="Liu (1988), Annals of Statistics 16; Cameron, Gelbach & Miller (2008), null imposed",
    minimum_events=2,
    compute=compute,
)
