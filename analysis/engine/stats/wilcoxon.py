"""Wilcoxon's signed-rank test of the CARs.

Zeros are left out, as Wilcoxon proposed; `wilcoxon_z` gives the normal value.
"""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats
from analysis.engine.statistic import Sample, Statistic, TestResult
from analysis.engine.tails import normal_p
from analysis.results.rank import average_ranks, signed_rank_z

# Up to here the distribution of W is counted; beyond, the normal approximation differs in the third digit at most.
EXACT_EVENTS = 50


def compute(sample: Sample) -> TestResult:
    """The sum of the ranks of positive CARs, with the exact two-sided p for small samples."""
    cars = sample.car[sample.car != 0]
    if not cars.size:
        return TestResult(float("nan"), 1.0)
    ranks = average_ranks(np.abs(cars))
    value = float(ranks[cars > 0].sum())
    p_value = _exact_p(ranks, value) if cars.size <= EXACT_EVENTS else normal_p(signed_rank_z(ranks, value))
    return TestResult(value, p_value, n_eff=float(sample.n))


def _exact_p(ranks: Floats, value: float) -> float:
    """Twice the smaller tail of W over all sign patterns; mid-ranks of ties are halves, so ranks count twice."""
    doubled = np.rint(2 * ranks).astype(np.int64)
    chance = np.zeros(int(doubled.sum()) + 1)
    chance[0] = 1.0
    for rank in doubled:
        shifted = np.zeros_like(chance)
        shifted[rank:] = chance[: chance.size - rank]
        chance = (chance + shifted) / 2
    at = round(2 * value)
    return min(1.0, 2.0 * min(float(chance[: at + 1].sum()), float(chance[at:].sum())))


STATISTIC = Statistic(
    statistic_id="wilcoxon",
    title="Wilcoxon signed-rank test",
    null="the CARs are symmetric around zero",
    assumptions=(
        "Events independent, symmetric CARs; a CAR of zero is left out. p is exact, given the ties, for up to 50 "
        "events, else the normal approximation with tie correction."
    ),
    dependence="independent",
    equation="W = Σ ranks of |CAR| over positive CARs",
    reference="Wilcoxon (1945), Biometrics Bulletin 1",
    minimum_events=1,
    compute=compute,
)
