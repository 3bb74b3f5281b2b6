"""Placebo in space: the treated asset's move among those of every other asset over the same hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.results.rank import rank_p


@dataclass(frozen=True, slots=True)
class SpaceRank:
    """How many other assets moved at least as far, each in units of its own prediction error."""

    n_as_large: int
    n: int  # other assets
    p_value: float  # (1 + n_as_large) / (1 + n)
    largest_other: float  # in units of its own prediction error, signed


def rank_in_space(scaled_effect: float, others: Floats) -> SpaceRank | None:
    """Rank of |`scaled_effect`| among |`others`|, all CARs divided by their own prediction error; None without others.

    Null: the treated asset is an ordinary member of the crowd at that hour. Assumes exchangeable assets; they share the
    market's shocks, so the crowd is fewer independent assets than its count. p cannot be smaller than 1/(1 + n). NaN in
    `others` are left out. Source: Abadie, Diamond & Hainmueller (2010), section 3.4.
    """
    sizes = others[np.isfinite(others)]
    if not sizes.size or not np.isfinite(scaled_effect):
        return None
    n_as_large = int(np.sum(np.abs(sizes) >= abs(scaled_effect)))
    largest = float(sizes[np.argmax(np.abs(sizes))])
    return SpaceRank(n_as_large, int(sizes.size), rank_p(n_as_large, sizes.size), largest)
