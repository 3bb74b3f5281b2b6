"""Cowan's generalised sign test.

Skewed returns are positive less than half of the time; this test knows it.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import Sample, Statistic, TestResult
from analysis.engine.tails import normal_p


def compute(sample: Sample) -> TestResult:
    """The normal value of the number of positive CARs against the share of positive residuals."""
    n_bars = np.isfinite(sample.residuals).sum(axis=1)
    share = float(np.mean((sample.residuals > 0).sum(axis=1) / n_bars))
    n_positive = int(np.sum(sample.car > 0))
    variance = sample.n * share * (1.0 - share)
    value = (n_positive - sample.n * share) / variance**0.5 if variance > 0 else float("nan")
    return TestResult(value, normal_p(value), n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="generalized_sign",
    title="Generalised sign test",
    null="a CAR is positive as often as the residuals of its estimation window",
    assumptions=(
        "Events independent; p̂ is the mean over events of the share of positive residuals, not the pooled share."
    ),
    dependence="independent",
    equation="z = (w − N p̂) / √(N p̂ (1 − p̂))",
    reference="Cowan (1992), Review of Quantitative Finance and Accounting 2",
    minimum_events=1,
    compute=compute,
)
