"""One pair among the assets that the study does not treat: donors with whole records, rank in space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.arrays import Floats
from analysis.engine.kernel import market_model_windows
from analysis.single.beside.space import SpaceRank, rank_in_space
from analysis.single.window.pair import Pair
from analysis.tape.donors import Donors
from analysis.tape.series import cut_series

MINIMUM_PRESENT = 0.9  # of the bars before the event that a donor must have: a venue's halt is not a reason to lose it


def usable_donors(
    pair: Pair, donors: Donors, first: int, last: int, excluded: Sequence[str]
) -> tuple[tuple[str, ...], Floats]:
    """Names and returns (bars, donors) over [first, last) of the donors, less `excluded`, that can be mixed.

    A donor has every bar from the event on and at least nine tenths of those before it; its gaps stay NaN.
    """
    returns = donors.over_bars(int(pair.series.close_us[first]) // pair.series.step_us, last - first)
    is_present = np.isfinite(returns)
    n_before = pair.index - first
    is_usable = is_present[:, n_before:].all(axis=1) & (is_present[:, :n_before].mean(axis=1) >= MINIMUM_PRESENT)
    is_usable &= np.array([name not in excluded for name in donors.asset_ids])
    return tuple(np.array(donors.asset_ids, dtype=object)[is_usable].tolist()), returns[is_usable].T


def rank_pair_in_space(pair: Pair, donors: Donors, n_bars: int, excluded: Sequence[str]) -> SpaceRank | None:
    """The pair's CAR among those of the donors over the same bars, each over its own prediction error.

    Every asset gets the same market model on the pair's benchmark, constant carried forward, from the same bars.
    Donors in `excluded` (the benchmark, the asset itself) are left out, and donors without a complete window too.
    """
    is_other = [name not in excluded for name in donors.asset_ids]
    length = min(pair.bars(pair.specification.estimation_hours), pair.index)
    series = cut_series(pair.series, pair.index - length, pair.index + n_bars)
    returns = np.vstack([series.asset, donors.over(series)[is_other]])
    studied = market_model_windows(
        returns,
        series.benchmark,
        np.arange(returns.shape[0]),
        np.full(returns.shape[0], length),
        estimation=(-length, 0),
        window=(0, n_bars),
        mask=np.broadcast_to(pair.is_masked[pair.index - length : pair.index + n_bars], returns.shape),
        minimum_estimation=pair.bars(pair.specification.minimum_estimation_hours),
        first_bar=series.first_bar,
        keep_bars=False,
    )
    return rank_in_space(float(studied.scar[0]), studied.scar[1:])
