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

    share: Floats  # (days from the first asked for on, outlets) headlines on the subject per headline
    is_counted: Flags  # (days from the first asked for on, outlets)


def learn_shares(relevant: Floats, coverage: Floats, first_day: int = 0) -> UsualShares:
    """The usual share of every outlet on every day from `first_day` on, from earlier days only.

    `relevant` headlines of a subject and `coverage` are counts, (days, outlets). An outlet's share is its discounted
    relevant headlines over its discounted coverage, the latter weighted by how high attention stood at the time: an
    outlet that joins in a busy month is not taken for one that always writes so much, and nothing it does on joining
    moves the index, because it is not counted until its share is known. Past shares never change when days are added.
    """
    return UsualShares(*_learn(relevant, coverage, 0.5 ** (1.0 / HALF_LIFE_DAYS), first_day))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _learn(relevant: Floats, coverage: Floats, keep: float, first_day: int) -> tuple[Floats, Flags]:
    """Share and whether it counts, (days - first_day, outlets).

    Sums run over the outlets in their order, so that one that has written nothing yet changes no digit, and is passed
    over. What is usual on a day before the first is asked for only where there is something to compare with it.
    """
    n_days, n_outlets = relevant.shape
    share, is_counted = np.zeros((n_days - first_day, n_outlets)), np.zeros((n_days - first_day, n_outlets), np.bool_)
    own, exposure = np.zeros(n_outlets), np.zeros(n_outlets)
    n_headlines, n_covered = np.zeros(n_outlets), np.zeros(n_outlets)  # of the days before
    begun, n_begun, is_begun = np.zeros(n_outlets, np.int64), 0, np.zeros(n_outlets, np.bool_)
    found, expected = 0.0, 0.0
    for day in range(n_days):
        total, told = 0.0, 0.0
        for outlet in begun[:n_begun]:
            total += exposure[outlet]
            told += own[outlet]
        pooled = told / total if total > 0.0 else 0.0
        if day >= first_day:
            share[day - first_day] = (own + PRIOR_HEADLINES * pooled) / (exposure + PRIOR_HEADLINES)
        usual, today = 0.0, 0.0
        for outlet in begun[:n_begun]:
            if n_headlines[outlet] >= MIN_HEADLINES and n_covered[outlet] >= MIN_DAYS and pooled > 0.0:
                if day >= first_day:
                    is_counted[day - first_day, outlet] = True
                if coverage[day, outlet] > 0.0:
                    expected_share = (own[outlet] + PRIOR_HEADLINES * pooled) / (exposure[outlet] + PRIOR_HEADLINES)
                    usual += coverage[day, outlet] * expected_share
                today += relevant[day, outlet]
        level = 1.0
        if usual > 0.0:
            found, expected = keep * found + today, keep * expected + usual
            # Mixing in the usual level keeps a day with little coverage from swinging the weight.
            attention = (today + 1.0) / (usual + 1.0)
            level = attention / max(found / expected, 1e-9)
        is_more = False
        for outlet in range(n_outlets):
            if not is_begun[outlet] and (coverage[day, outlet] > 0.0 or relevant[day, outlet] > 0.0):
                is_begun[outlet] = is_more = True
        if is_more:
            begun = np.flatnonzero(is_begun)
            n_begun = begun.size
        for outlet in begun[:n_begun]:
            own[outlet] = keep * own[outlet] + relevant[day, outlet]
            exposure[outlet] = keep * exposure[outlet] + coverage[day, outlet] * level
            n_headlines[outlet] += coverage[day, outlet]
            n_covered[outlet] += coverage[day, outlet] > 0.0
    return share, is_counted
