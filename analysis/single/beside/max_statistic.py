"""The largest move over windows and markets, against the largest at ordinary times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.results.rank import rank_p
from analysis.results.row import Numbers, ResultRow, as_fraction
from analysis.single.rows import pair_row
from analysis.single.window.pair import Pair
from analysis.single.window.placebo import count_independent
from analysis.single.window.windows import WindowStudy
from warehouse.tables.bars import MICROSECONDS_PER_HOUR

PRICE_REASON = "the event was chosen because the price moved: only the max-statistic over windows and markets is valid"
DESCRIPTIVE = ("raw_return", "expected_return", "max_statistic")
_MINIMUM_SHARE = 0.5  # of the event's windows and markets that a placebo time must have


@dataclass(frozen=True, slots=True)
class MaxStatistic:
    """The largest |CAR| over its prediction error, and its rank among placebo times."""

    pair: Pair
    study: WindowStudy
    value: float
    n_as_large: int
    n: int
    n_independent: int
    p_value: float
    n_compared: int  # windows × markets


def find_max_statistic(studied: Sequence[tuple[Pair, WindowStudy]]) -> MaxStatistic | None:
    """The test over all windows and markets of one event, or None without a placebo time that has half of them.

    For the event and for every placebo time (the same distance before each market's own start) the largest of |CAR|
    over the event's prediction error is taken; placebo CARs are at the event's volatility. Taking the largest on both
    sides makes the choice of window and market part of the test. It does not make up for choosing the *date* because
    of the price: the null is one date given in advance. Source: Westfall & Young (1993), chapter 2.
    """
    if not studied:
        return None
    sizes = [abs(study.car) / study.standard_error for _, study in studied]
    best = int(np.argmax(sizes))
    distances, values = _placebo_sizes(studied)
    times, place, counts = np.unique(distances, return_inverse=True, return_counts=True)
    largest = np.zeros(times.size)
    np.maximum.at(largest, place, values)
    is_usable = counts >= _MINIMUM_SHARE * len(studied)
    usable, largest = times[is_usable], largest[is_usable]
    if not usable.size:
        return None
    longest = max(study.window_hours for _, study in studied)
    n_independent = count_independent(usable // MICROSECONDS_PER_HOUR, int(np.ceil(longest)))
    n_as_large = int(np.sum(largest >= sizes[best]))
    p_value = rank_p(n_as_large, usable.size, n_independent)
    pair, study = studied[best]
    return MaxStatistic(pair, study, sizes[best], n_as_large, usable.size, n_independent, p_value, len(studied))


def _placebo_sizes(studied: Sequence[tuple[Pair, WindowStudy]]) -> tuple[Integers, Floats]:
    """Distance before the event in microseconds and |CAR| over its prediction error of every known placebo window."""
    distances, values = [], []
    for pair, study in studied:
        scaled = np.abs(study.placebos.measures.car * study.placebos.at_event) / study.standard_error
        is_known = np.isfinite(scaled)
        distances.append((pair.index - study.placebos.starts.indices[is_known]) * pair.series.step_us)
        values.append(scaled[is_known])
    return np.concatenate(distances), np.concatenate(values)


def max_statistic_row(found: MaxStatistic) -> ResultRow:
    """The result row, on the market and window that hold the largest."""
    words = (
        f"largest |CAR| over its prediction error among {found.n_compared} windows and markets of this event, ranked "
        f"among the largest at {found.n} ordinary times ({found.n_independent} of them independent); "
        f"{found.pair.conventions}"
    )
    numbers = Numbers(
        as_fraction(found.study.car),
        value=found.value,
        p_value=found.p_value,
        n=found.n,
        n_effective=float(found.n_independent),
    )
    as_of = found.pair.close_at(found.study.n_bars - 1)
    return pair_row(found.pair, found.study.window_hours, "max_statistic", as_of, numbers, conventions=words)


def withhold_inference(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Rows of an event chosen from the price: what describes stays, what infers is replaced by the reason."""
    return [row if row.statistic in DESCRIPTIVE else row.without_numbers(PRICE_REASON) for row in rows]
