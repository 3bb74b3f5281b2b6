"""Calendar-time portfolio test of the abnormal returns.

Events that overlap in calendar time are one observation of their portfolio. The portfolio is not standardised by its
number of events, as the published versions do with an estimation period of its own.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import NotApplicable, Sample, Statistic, TestResult, mean_of_few


def compute(sample: Sample) -> TestResult | NotApplicable:
    """The t value of the mean abnormal return of the calendar-time portfolio."""
    _, bar = np.unique(sample.bars, return_inverse=True)
    totals = np.bincount(bar.ravel(), weights=sample.ar.ravel())
    portfolio = totals / np.bincount(bar.ravel())
    return mean_of_few(portfolio, f"calendar bars that hold an event: {portfolio.size}; calendar_time")


STATISTIC = Statistic(
    statistic_id="calendar_time",
    title="Calendar-time portfolio t",
    null="the portfolio of all assets with an event in progress has a mean abnormal return of zero",
    assumptions=(
        "No serial correlation of the portfolio, and the same variance in every bar; any dependence between events "
        "inside a calendar bar is allowed. Busy and quiet bars weigh the same."
    ),
    dependence="portfolio",
    equation="t = √M · mean(P) / sd(P), P_τ = mean AR of the events whose window holds calendar bar τ, df = M − 1",
    reference="Jaffe (1974), Journal of Business 47; Mandelker (1974); Fama (1998), Journal of Financial Economics 49",
    minimum_events=1,
    compute=compute,
)
