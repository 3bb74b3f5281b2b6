"""Kolari and Pynnonen's generalised rank test, Z version.

The theoretical variance holds for independent events only; `grank_t` is the one for clustered events.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult, spread
from analysis.engine.tails import normal_p
from analysis.results.rank import generalised_rank_scores


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The normal value of the mean rank of the cumulated bar."""
    scale = spread(sample.scar)
    if not scale > 0:
        return NotApplicable("the standardised CARs do not vary: they cannot be re-standardised")
    residual_scores, car_scores = generalised_rank_scores(sample.residuals / sample.sigma[:, None], sample.scar / scale)
    n_bars = np.isfinite(residual_scores).sum(axis=1) + 1
    variance = np.sum((n_bars - 1) / (12.0 * (n_bars + 1))) / sample.n**2
    value = float(car_scores.mean() / np.sqrt(variance))
    return TestResult(value, normal_p(value), n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="grank_z",
    title="Generalised rank Z",
    null="the standardised CAR comes from the same distribution as the standardised residuals",
    assumptions=(
        "Events independent; the variance of ranks is the theoretical one. Event-induced variance is allowed."
    ),
    dependence="independent",
    equation="Z = Ū_0 / √((1/N²) Σ (T_i − 1) / (12 (T_i + 1))), T_i = residuals + 1",
    reference="Kolari & Pynnönen (2011), Journal of Empirical Finance 18",
    minimum_events=2,
    compute=compute,
)
