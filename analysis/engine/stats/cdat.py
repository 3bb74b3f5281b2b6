"""Crude dependence adjustment: the CAAR against the variance of the portfolio of residuals.

Residuals are averaged over the events present at each relative bar, so that whatever the events have in common inside
a bar is part of the variance. With events at different dates the alignment is by event time, as published.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult, spread
from analysis.engine.tails import student_p

_MINIMUM_BARS = 3  # bars of the portfolio series below which it has no variance worth the name


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The t value of the CAAR against the time-series variance of the portfolio of residuals."""
    n_present = np.isfinite(sample.residuals).sum(axis=0)
    portfolio = np.nansum(sample.residuals, axis=0)[n_present > 0] / n_present[n_present > 0]
    if portfolio.size < _MINIMUM_BARS:
        return NotApplicable(f"{portfolio.size} estimation bars; cdat needs at least {_MINIMUM_BARS}")
    value = float(sample.caar / (np.sqrt(sample.length) * spread(portfolio)))
    return TestResult(value, student_p(value, portfolio.size - 1), df=portfolio.size - 1)


STATISTIC = Statistic(
    statistic_id="cdat",
    title="Crude dependence adjustment t",
    null="mean CAR of the window is zero",
    assumptions=(
        "The portfolio of the events has the same variance in the event window as in the estimation window "
        "and no serial correlation; any dependence is allowed between events that share their date. Event-induced "
        "variance makes it over-reject."
    ),
    dependence="portfolio",
    equation="t = CAAR / (√L · sd(mean residual over the estimation bars)), df = bars − 1",
    reference="Brown & Warner (1980, 1985), Journal of Financial Economics 8 and 14, crude dependence adjustment",
    minimum_events=1,
    compute=compute,
)
