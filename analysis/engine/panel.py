"""Standardised events of one window side by side, ready for the battery of tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.dependence import PairCorrelations, overlap_clusters, pair_correlations
from analysis.engine.standardise import EventInput, EventResult
from analysis.engine.statistic import Sample
from analysis.results.rank import normal_scores, row_ranks

# Which pairs of events the mean correlation is over: every pair, weighted by the share of the event window that two
# have in common; or, as published for events of one date, the pairs that share estimation bars.
PairRule = Literal["every", "shared"]

# Pairs grow with the square of events; above this many, pairs among evenly spaced events stand for all.
MAXIMUM_PAIRED_EVENTS = 4_000


@dataclass(frozen=True, slots=True)
class Panel:
    """N fitted events over `window`, the L2 bars from the first to the last of any event's own; L1 estimation bars.

    NaN marks the bars that are not in an event's own window.
    """

    results: tuple[EventResult, ...]
    window: tuple[int, int]
    ar: Floats  # [N, L2]
    ar_sd: Floats  # [N, L2]
    residuals: Floats  # [N, L1]
    ranks: Floats  # [N, L1 + L2]
    bars: Integers  # [N, L2] calendar bars
    clusters: Integers  # [N]
    paired: Integers  # events the pair correlations stand for
    pairs: PairCorrelations
    score_pairs: PairCorrelations
    seed: int
    pair_rule: PairRule

    def holds(self, first: int, last: int) -> bool:
        """Whether [first, last) has bars, all of them in the panel."""
        return self.window[0] <= first < last <= self.window[1]

    def sample(self, first: int, last: int) -> Sample:
        """The events with all bars of [first, last), bars relative to bar 0; ValueError for bars outside `window`."""
        if not self.holds(first, last):
            raise ValueError(f"bars {first}..{last - 1} lie outside the panel's {self.window[0]}..{self.window[1] - 1}")
        i, j = first - self.window[0], last - self.window[0]
        members = np.flatnonzero(np.isfinite(self.ar[:, i:j]).all(axis=1))
        variances = [self.results[m].car_variance(first, last) for m in members]
        fits = [self.results[m].require_fit() for m in members]
        n_estimation = self.residuals.shape[1]
        return Sample(
            ar=self.ar[members, i:j],
            sar=self.ar[members, i:j] / self.ar_sd[members, i:j],
            car=self.ar[members, i:j].sum(axis=1),
            car_sd=np.sqrt(np.array(variances)),
            sigma=np.array([fit.sigma for fit in fits]),
            residuals=self.residuals[members],
            ranks=self.ranks[members],
            columns=(n_estimation + i, n_estimation + j),
            degrees_of_freedom=np.array([fit.degrees_of_freedom for fit in fits], dtype=np.int64),
            bars=self.bars[members, i:j],
            clusters=np.unique(self.clusters[members], return_inverse=True)[1].astype(np.int64),
            rbar=self._mean_correlation(self.pairs, members, (i, j)),
            score_rbar=self._mean_correlation(self.score_pairs, members, (i, j)),
            seed=self.seed,
        )

    def window_cars(self) -> tuple[Integers, Floats]:
        """The events with all bars of the whole window, and their CARs over it."""
        members = np.flatnonzero(np.isfinite(self.ar).all(axis=1))
        return members, np.asarray(self.ar[members].sum(axis=1))

    def mean_correlations(self, sets: Flags) -> list[float | None]:
        """r̄ of many sets of events [S, N] over the whole window, every pair counted; None where it is unknown."""
        bars = self.bars[self.paired]
        return self.pairs.overlap_means(sets[:, self.paired], bars[:, 0], bars[:, -1])

    def _mean_correlation(self, pairs: PairCorrelations, members: Integers, columns: tuple[int, int]) -> float | None:
        among = np.flatnonzero(np.isin(self.paired, members))
        if self.pair_rule == "every":
            bars = self.bars[self.paired]
            return pairs.overlap_mean(among, bars[:, columns[0]], bars[:, columns[1] - 1])
        mean, _ = pairs.mean(among)
        if mean is None and np.unique(self.clusters[members]).size == members.size:
            return 0.0  # no two events share enough bars to correlate, and no two windows overlap
        return mean


def build_panel(
    results: Sequence[EventResult], seed: int, *, pair_rule: PairRule = "every", is_scored: bool = True
) -> Panel:
    """The panel of events that have a fit; ValueError when there is none.

    With `is_scored` off, for those who test nothing, correlations of normal scores are those of the residuals.
    """
    if not results:
        raise ValueError("no event has abnormal returns: a panel needs at least one")
    own = np.array([result.source.window for result in results])
    window = (int(own[:, 0].min()), int(own[:, 1].max()))
    residuals, bars, raw = _align_estimation(results)
    ar, ar_sd, event_bars = _align_windows(results, window)
    ranks = row_ranks(np.hstack([residuals, ar]))
    at = np.arange(len(results))
    first, last = event_bars[at, own[:, 0] - window[0]], event_bars[at, own[:, 1] - 1 - window[0]]
    paired = _evenly_spaced(first)
    chosen = (bars[paired], first[paired], last[paired], raw[paired])
    kinds = [residuals, normal_scores(ranks)[:, : residuals.shape[1]]] if is_scored else [residuals]
    pairs, *scored = pair_correlations([kind[paired] for kind in kinds], *chosen)
    return Panel(
        results=tuple(results),
        window=window,
        ar=ar,
        ar_sd=ar_sd,
        residuals=residuals,
        ranks=ranks,
        bars=event_bars,
        clusters=overlap_clusters(first, last),
        paired=paired,
        pairs=pairs,
        score_pairs=scored[0] if scored else pairs,
        seed=seed,
        pair_rule=pair_rule,
    )


def _align_estimation(results: Sequence[EventResult]) -> tuple[Floats, Integers, Floats]:
    """Residuals, calendar bars and raw returns on common event-time columns, [N, L1] each; NaN where there is none."""
    first = min(result.source.estimation[0] for result in results)
    last = max(result.source.estimation[1] for result in results)
    shape = (len(results), last - first)
    residuals, raw = np.full(shape, np.nan), np.full(shape, np.nan)
    bars = np.empty(shape, dtype=np.int64)
    for row, result in enumerate(results):
        source = result.source
        columns = result.estimation - source.bar_zero - first
        residuals[row, columns] = result.require_fit().residuals
        raw[row, columns] = source.returns[result.estimation]
        bars[row] = _number_bars(source, first, last)
    return residuals, bars, raw


def _align_windows(results: Sequence[EventResult], window: tuple[int, int]) -> tuple[Floats, Floats, Integers]:
    """Abnormal returns, their deviations (NaN outside an event's own window) and calendar bars, [N, L2] each."""
    shape = (len(results), window[1] - window[0])
    ar, ar_sd = np.full(shape, np.nan), np.full(shape, np.nan)
    bars = np.empty(shape, dtype=np.int64)
    for row, result in enumerate(results):
        source = result.source
        inside = slice(source.window[0] - window[0], source.window[1] - window[0])
        ar[row, inside], ar_sd[row, inside] = result.require_fit().ar, result.ar_sd
        bars[row] = _number_bars(source, *window)
    return ar, ar_sd, bars


def _number_bars(source: EventInput, first: int, last: int) -> Integers:
    """Calendar bars of [first, last) relative to bar 0; the nearest of the series outside it."""
    places = np.arange(first + source.bar_zero, last + source.bar_zero)
    return source.calendar[np.minimum(np.maximum(places, 0), source.calendar.size - 1)]


def _evenly_spaced(first: Integers) -> Integers:
    order = np.argsort(first, kind="stable")
    step = -(-order.size // MAXIMUM_PAIRED_EVENTS)
    return np.sort(order[::step])
