"""Expected coverage from each outlet's usual share, learnt from the past alone."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from analysis.arrays import Flags, Floats

# Half-life in days of what counts as usual: a season, so that a trend is attention and an era is not.
HALF_LIFE_DAYS = 180.0
# An outlet speaks only once its usual share is known from this many headlines on this many days.
MIN_HEADLINES = 50
MIN_DAYS = 14
# Headlines' worth of the pooled share mixed into an outlet's own: a small outlet is mostly average.
PRIOR_HEADLINES = 50.0


@dataclass(frozen=True, slots=True)
class UsualShares:
    """Each outlet's usual share of headlines on one subject, day by day, and whether the outlet counts that day."""

    share: Floats  # (days, outlets) headlines on the subject per headline
    is_counted: Flags  # (days, outlets)


def learn_shares(relevant: Floats, coverage: Floats) -> UsualShares:
    """The usual share of every outlet on every day from earlier days only.

    `relevant` headlines of a subject and `coverage` are counts, (days, outlets). An outlet's share is its discounted
    relevant headlines over its discounted coverage, the latter weighted by how high attention stood at the time: an
    outlet that joins in a busy month is not taken for one that always writes so much, and nothing it does on joining
    moves the index, because it is not counted until its share is known. Past shares never change when days are added.
    """
    return UsualShares(*_learn(relevant, coverage, 0.5 ** (1.0 / HALF_LIFE_DAYS)))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _learn(relevant: Floats, coverage: Floats, keep: float) -> tuple[Floats, Flags]:
    """Share and whether it counts, (days, outlets).

    Sums run over the outlets in their order, so that one that has written nothing yet changes no digit.
    """
    share, is_counted = np.zeros(relevant.shape), np.zeros(relevant.shape, np.bool_)
    n_days, n_outlets = relevant.shape
    own, exposure = np.zeros(n_outlets), np.zeros(n_outlets)
    n_headlines, n_covered = np.zeros(n_outlets), np.zeros(n_outlets)  # of the days before
    found, expected = 0.0, 0.0
    for day in range(n_days):
        total, told = 0.0, 0.0
        for outlet in range(n_outlets):
            total += exposure[outlet]
            told += own[outlet]
        pooled = told / total if total > 0.0 else 0.0
        usual, today = 0.0, 0.0
        for outlet in range(n_outlets):
            share[day, outlet] = (own[outlet] + PRIOR_HEADLINES * pooled) / (exposure[outlet] + PRIOR_HEADLINES)
            is_known = n_headlines[outlet] >= MIN_HEADLINES and n_covered[outlet] >= MIN_DAYS
            if is_known and pooled > 0.0:
                is_counted[day, outlet] = True
                usual += coverage[day, outlet] * share[day, outlet]
                today += relevant[day, outlet]
        level = 1.0
        if usual > 0.0:
            found, expected = keep * found + today, keep * expected + usual
            # Mixing in the usual level keeps a day with little coverage from swinging the weight.
            attention = (today + 1.0) / (usual + 1.0)
            level = attention / max(found / expected, 1e-9)
        for outlet in range(n_outlets):
            own[outlet] = keep * own[outlet] + relevant[day, outlet]
            exposure[outlet] = keep * exposure[outlet] + coverage[day, outlet] * level
            n_headlines[outlet] += coverage[day, outlet]
            n_covered[outlet] += coverage[day, outlet] > 0.0
    return share, is_counted
