"""Corrado's rank test with normal scores in the approximation of Tukey.

Normal scores give the tails their weight back, which uniform ranks take away. The score function is Tukey's; whether
Corrado (2011) builds the same test on it could not be checked. The variance under equal correlation is that of Kolari
and Pynnönen. Scores of n bars have a variance below one (0.93 at 125 bars, 0.83 at 35), so that the test is
conservative.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult
from analysis.engine.tails import normal_p
from analysis.results.rank import normal_scores
from warehouse.tables.units import number


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The summed normal scores of the window over their standard deviation under equal correlation."""
    rbar = 0.0 if sample.n == 1 else sample.score_rbar
    if rbar is None:
        return NotApplicable("no pair of events shares enough estimation bars: the correlation of scores is unknown")
    inflation = 1.0 + (sample.n - 1) * rbar
    if inflation <= 0.0:
        return NotApplicable(f"mean correlation of scores {number(rbar, 4)} is too negative for {sample.n} events")
    first, last = sample.columns
    scores = normal_scores(sample.ranks)[:, first:last]
    value = float(scores.sum() / np.sqrt(sample.length * sample.n * inflation))
    return TestResult(value, normal_p(value), None, sample.n / inflation, rbar)


STATISTIC = Statistic(
    statistic_id="corrado_tuckey",
    title="Corrado-Tukey normal-score rank test",
    null="abnormal returns of the window come from the same distribution as those of the estimation window",
    assumptions=(
        "No serial correlation of scores; equal correlation between events, estimated from calendar-aligned "
        "scores of the estimation window."
    ),
    dependence="adjusted",
    equation="c = 4.91 (p^0.14 − (1 − p)^0.14), p = K/(n_i + 1); z = Σ_i Σ_t c_it / √(L · N · (1 + (N − 1) r̄_c))",
    reference="after Corrado (2011), Accounting and Finance 51 (not read); scores: Tukey's lambda approximation",
    minimum_events=1,
    compute=compute,
)
