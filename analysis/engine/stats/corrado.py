"""Corrado's rank test, over one or several bars.

With missing bars the plain ranks of shorter histories weigh less; `corrado_zivney` puts all events on one scale.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import Sample, Statistic, TestResult, portfolio_ranks


def compute(sample: Sample) -> TestResult:
    """The summed mean rank deviations of the window over their standard deviation over all bars."""
    n_ranked = np.isfinite(sample.ranks).sum(axis=1, keepdims=True)
    deviations = sample.ranks - (n_ranked + 1) / 2
    n_present = np.isfinite(deviations).sum(axis=0)
    return portfolio_ranks(np.nansum(deviations, axis=0) / np.maximum(n_present, 1), n_present > 0, sample)


STATISTIC = Statistic(
    statistic_id="corrado",
    title="Corrado rank test",
    null="abnormal returns of the window come from the same distribution as those of the estimation window",
    assumptions=(
        "No serial correlation of ranks; any dependence is allowed between events that share their date, because the "
        "deviation is that of the mean rank over time. Ranks over estimation and event window together."
    ),
    dependence="portfolio",
    equation="z = Σ_t mean_i(K_it − (n_i + 1)/2) / (√L · S(K))",
    reference="Corrado (1989), Journal of Financial Economics 23; several bars: Cowan (1992)",
    minimum_events=1,
    compute=compute,
)
