"""Expected coverage from each outlet's usual share, learnt from the past alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Flags
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
    """Each outlet's usual share of headlines on one subject, day by day, and whether the outlet counts that day."""

    share: Array  # (days, outlets) headlines on the subject per headline
    is_counted: Flags  # (days, outlets)


def learn_shares(relevant: Array, coverage: Array) -> list[UsualShares]:
    """The usual share of every outlet on every day from earlier days only, of each subject.

    `relevant` (subjects, days, outlets) and `coverage` (days, outlets) are counts. An outlet's share is its discounted
    relevant headlines over its discounted coverage, the latter weighted by how high attention stood at the time: an
    outlet that joins in a busy month is not taken for one that always writes so much, and nothing it does on joining
    moves the index, because it is not counted until its share is known. Past shares never change when days are added.
    """
    n_subjects, n_days, n_outlets = relevant.shape
    share = np.zeros((n_subjects, n_days, n_outlets))
    is_counted = np.zeros((n_subjects, n_days, n_outlets), dtype=bool)
    keep = 0.5 ** (1.0 / HALF_LIFE_DAYS)
    own, exposure = np.zeros((n_subjects, n_outlets)), np.zeros((n_subjects, n_outlets))
    headlines, days = np.zeros(n_outlets), np.zeros(n_outlets)
    found, expected = np.zeros(n_subjects), np.zeros(n_subjects)
    for day in range(n_days):
        total = exposure.sum(axis=1)
        pooled = np.divide(own.sum(axis=1), total, out=np.zeros(n_subjects), where=total > 0)
        share[:, day] = (own + PRIOR_HEADLINES * pooled[:, np.newaxis]) / (exposure + PRIOR_HEADLINES)
        is_known = (headlines >= MIN_HEADLINES) & (days >= MIN_DAYS)
        is_counted[:, day] = is_known & (pooled > 0)[:, np.newaxis]
        usual = np.where(is_counted[:, day], coverage[day] * share[:, day], 0.0).sum(axis=1)
        today = np.where(is_counted[:, day], relevant[:, day], 0.0).sum(axis=1)
        is_measured = usual > 0
        found = np.where(is_measured, keep * found + today, found)
        expected = np.where(is_measured, keep * expected + usual, expected)
        # Mixing in the usual level keeps a day with little coverage from swinging the weight.
        attention = (today + 1.0) / (usual + 1.0)
        level = np.divide(found, expected, out=np.ones(n_subjects), where=expected > 0)
        level = np.where(is_measured, attention / np.maximum(level, 1e-9), 1.0)
        own, exposure = keep * own + relevant[:, day], keep * exposure + coverage[day] * level[:, np.newaxis]
        headlines, days = headlines + coverage[day], days + (coverage[day] > 0)
    return [UsualShares(*pair) for pair in zip(share, is_counted, strict=True)]
