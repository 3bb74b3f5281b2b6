"""Normal value of Wilcoxon's signed-rank test.

Kept because most programs print it instead of W.
"""

from __future__ import annotations

import numpy as np

from analysis.engine.statistic import Sample, Statistic, TestResult
from analysis.engine.tails import normal_p
from analysis.results.rank import average_ranks, signed_rank_z


def compute(sample: Sample) -> TestResult:
    """The normal value of the signed-rank sum."""
    cars = sample.car[sample.car != 0]
    ranks = average_ranks(np.abs(cars))
    value = signed_rank_z(ranks, float(ranks[cars > 0].sum()))
    return TestResult(value, normal_p(value), n_eff=float(sample.n))


STATISTIC = Statistic(
    statistic_id="wilcoxon_z",
    title="Wilcoxon signed-rank Z",
    null="the CARs are symmetric around zero",
    assumptions=("As wilcoxon, with the normal approximation without continuity correction."),
    dependence="independent",
    equation="z = (W − Σr/2) / √(Σr²/4), r = ranks of |CAR|; without ties (W − N(N + 1)/4) / √(N(N + 1)(2N + 1)/24)",
    reference="Wilcoxon (1945), Biometrics Bulletin 1; normal approximation",
    minimum_events=1,
    compute=compute,
)
