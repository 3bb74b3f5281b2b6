"""Expected coverage from each outlet's usual share, learnt from the past alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.together.moving.intervals import Array

# Half-life in days of what counts as usual: a season, so that a trend is attention and an era is not.
HALF_LIFE_DAYS = 180.0
# An outlet speaks only once its usual share is known from this many headlines on this many days.
MIN_HEADLINES = 50
MIN_DAYS = 14
# Headlines' worth of the pooled share mixed into an outlet's own: a small outlet is mostly average.
PRIOR_HEADLINES = 50.0


@dataclass(frozen=True, slots=True)
class UsualShares:
    """Per day: each outlet's usual share of headlines on the subject, and whether the outlet counts that day."""

    share: Array  # (days, outlets) headlines on the subject per headline
    is_counted: NDArray[np.bool_]  # (days, outlets)


def learn_shares(relevant: Array, coverage: Array) -> UsualShares:
    """The usual share of every outlet on every day from earlier days only.

    `relevant` and `coverage` are (days, outlets) counts. An outlet's share is its discounted relevant headlines over
    its discounted coverage, the latter weighted by how high attention stood at the time: an outlet that joins in a
    busy month is not taken for one that always writes so much, and nothing it does on joining moves the index, because
    it is not counted until its share is known. Past shares never change when days are added.
    """
    n_days, n_outlets = coverage.shape
    share = np.zeros((n_days, n_outlets))
    is_counted = np.zeros((n_days, n_outlets), dtype=bool)
    keep = 0.5 ** (1.0 / HALF_LIFE_DAYS)
    own, exposure = np.zeros(n_outlets), np.zeros(n_outlets)
    headlines, days = np.zeros(n_outlets), np.zeros(n_outlets)
    found, expected = 0.0, 0.0
    for day in range(n_days):
        pooled = own.sum() / exposure.sum() if exposure.sum() > 0 else 0.0
        share[day] = (own + PRIOR_HEADLINES * pooled) / (exposure + PRIOR_HEADLINES)
        is_counted[day] = (headlines >= MIN_HEADLINES) & (days >= MIN_DAYS) & (pooled > 0)
        counted = np.where(is_counted[day], coverage[day] * share[day], 0.0)
        level = 1.0
        if counted.sum() > 0:
            today = float(relevant[day][is_counted[day]].sum())
            found, expected = keep * found + today, keep * expected + float(counted.sum())
            # Mixing in the usual level keeps a day with little coverage from swinging the weight.
            attention = (today + 1.0) / (float(counted.sum()) + 1.0)
            level = attention / max(found / expected, 1e-9)
        own, exposure = keep * own + relevant[day], keep * exposure + coverage[day] * level
        headlines, days = headlines + coverage[day], days + (coverage[day] > 0)
    return UsualShares(share, is_counted)
