"""Corrado and Zivney's rank test with missing bars.

Without missing bars it equals `corrado`.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import Sample, Statistic, TestResult, portfolio_ranks


def compute(sample: Sample) -> TestResult:
    """The summed uniform rank scores of the window over their standard deviation over all bars."""
    n_ranked = np.isfinite(sample.ranks).sum(axis=1, keepdims=True)
    scores = sample.ranks / (n_ranked + 1) - 0.5
    n_present = np.isfinite(scores).sum(axis=0)
    return portfolio_ranks(np.nansum(scores, axis=0) / np.sqrt(np.maximum(n_present, 1)), n_present > 0, sample)


STATISTIC = Statistic(
    statistic_id="corrado_zivney",
    title="Corrado-Zivney rank test",
    null="abnormal returns of the window come from the same distribution as those of the estimation window",
    assumptions=(
        "As corrado; histories of different length are put on one scale and each bar is weighted by the "
        "events that have it."
    ),
    dependence="portfolio",
    equation="U = K/(n_i + 1) − 1/2; z = Σ_t (Σ_i U_it / √N_t) / (√L · S), S² = mean over bars of (Σ_i U_it / √N_t)²",
    reference="Corrado & Zivney (1992), Journal of Financial and Quantitative Analysis 27; several bars: Cowan (1992)",
    minimum_events=1,
    compute=compute,
)
