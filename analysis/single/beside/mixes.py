"""Synthetic difference-in-differences and the augmented synthetic control of one event, judged by placebos in space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis.arrays import Floats
from analysis.engine.regressions.synthetic import Mix, mix_augmented, mix_difference
from analysis.results.rank import rank_p
from analysis.single.window.score import conformal_quantile

LEAST_DONORS = 19  # placebos in space with which a rank reaches 5 %
MINIMUM_BLOCKS = 5  # windows before the event

MIXES: dict[str, Callable[[Floats, Floats], Mix]] = {
    "synthetic_did": mix_difference,
    "augmented_synthetic_control": mix_augmented,
}


@dataclass(frozen=True, slots=True)
class MixInference:
    """An effect in log points, its 95 % interval, and its rank among the donors treated in its place."""

    effect: float
    lower: float
    upper: float
    n_as_large: int
    n: int
    p_value: float


def sum_windows(returns: Floats, n_after: int) -> Floats:
    """Sums over windows as long as the event's, which is the last, [windows, …]; bars that fill none are left out."""
    n = returns.shape[0] // n_after
    kept = returns[returns.shape[0] - n * n_after :]
    return np.asarray(kept.reshape(n, n_after, *returns.shape[1:]).sum(axis=1))


def infer_mix(statistic: str, treated: Floats, donors: Floats) -> MixInference:
    """The effect on `treated` (windows,) beside `donors` (windows, k) by one of `MIXES`, the last window the event's.

    Every donor takes the treated asset's place with the other donors for its mix, and effects are compared over the
    error of their mix before the event, as Abadie, Diamond & Hainmueller (2010, section 3.4) compare them. Null: the
    treated asset is an ordinary member of the crowd in that window. The interval holds every effect that the placebos
    do not reject at 5 %.
    """
    own = MIXES[statistic](treated, donors)
    ratios = _placebo_ratios(statistic, donors.shape[1], donors.tobytes())
    n_as_large = int(np.sum(ratios >= abs(own.effect) / own.error_before))
    half = conformal_quantile(ratios, ratios.size) * own.error_before
    return MixInference(
        own.effect, own.effect - half, own.effect + half, n_as_large, ratios.size, rank_p(n_as_large, ratios.size)
    )


# The markets of an event stand beside the same donors, and one mix follows the other.
@lru_cache(maxsize=2 * len(MIXES))
def _placebo_ratios(statistic: str, n_donors: int, returns: bytes) -> Floats:
    """Effect of each donor in the place of the treated asset over the error of its mix before the event, (k,).

    `returns` are those of all donors, (windows, k) without gaps, as bytes.
    """
    donors = np.frombuffer(returns).reshape(-1, n_donors)
    ratios = np.empty(n_donors)
    for place in range(n_donors):
        other = MIXES[statistic](donors[:, place], np.delete(donors, place, axis=1))
        ratios[place] = abs(other.effect) / other.error_before
    return ratios
