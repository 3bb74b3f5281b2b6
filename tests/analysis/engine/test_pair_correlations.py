"""Which pairs of events count in the mean residual correlation."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # the library ships no types

from analysis.engine.dependence import PairCorrelations, pair_correlations
from analysis.engine.loops.sums import pair_up, share_windows

N_BARS = 40
RNG = np.random.default_rng(8)
MARKET, OWN = RNG.normal(0, 0.02, N_BARS), RNG.normal(0, 0.01, N_BARS)
BARS = np.tile(np.arange(N_BARS), (2, 1))


def correlate(residuals: np.ndarray, raw: np.ndarray, last_of_first: int = 42) -> PairCorrelations:
    """Two events on the same estimation bars; the first window is 40..last, the second begins at bar 45."""
    return pair_correlations([residuals], BARS, np.array([40, 45]), np.array([last_of_first, 47]), raw)[0]


def test_one_series_under_two_fits_counts_as_uncorrelated_where_windows_are_apart() -> None:
    # Betas of 0.5 and 1.5 leave residuals that hardly correlate: only the returns show that the series is the same.
    raw = np.tile(MARKET + OWN, (2, 1))
    residuals = raw - np.array([[0.5], [1.5]]) * MARKET
    assert abs(np.corrcoef(residuals)[0, 1]) < 0.5
    assert correlate(residuals, raw).matrix[0, 1] == 0.0


def test_one_series_at_overlapping_windows_has_its_correlation() -> None:
    raw = np.tile(MARKET + OWN, (2, 1))
    assert correlate(raw, raw, last_of_first=45).matrix[0, 1] == pytest.approx(1.0)


def test_two_series_have_their_correlation_wherever_their_windows_are() -> None:
    raw = np.array([MARKET + OWN, MARKET - OWN])
    expected = np.corrcoef(raw)[0, 1]
    assert correlate(raw, raw).matrix[0, 1] == pytest.approx(expected)


def test_twenty_common_bars_have_a_correlation_and_fewer_say_nothing() -> None:
    raw = np.array([MARKET, MARKET + OWN])
    for n_common, is_known in ((19, False), (20, True)):
        few = raw.copy()
        few[0, n_common:] = np.nan
        assert np.isfinite(correlate(few, raw).matrix[0, 1]) == is_known


def test_a_far_event_dilutes_the_correlation_of_two_that_overlap() -> None:
    matrix = np.array([[np.nan, 1.0, 0.0], [1.0, np.nan, 0.0], [0.0, 0.0, np.nan]])
    assert PairCorrelations(matrix).mean(np.arange(3)) == (pytest.approx(1 / 3), 3)


def test_every_pair_counts_with_the_share_of_the_window_it_has_in_common() -> None:
    matrix = np.full((4, 4), 0.5)
    first = np.array([0, 0, 2, 50])
    # Bars 0–3 twice, 2–5 and 50–53: one pair in common wholly, two pairs by half, three not at all.
    assert PairCorrelations(matrix).overlap_mean(np.arange(4), first, first + 3) == pytest.approx(0.5 * 2 / 6)


def test_overlapping_windows_without_any_known_correlation_leave_the_mean_unknown() -> None:
    unknown = PairCorrelations(np.full((2, 2), np.nan))
    assert unknown.overlap_mean(np.arange(2), np.array([0, 2]), np.array([3, 5])) is None
    assert unknown.overlap_mean(np.arange(2), np.array([0, 9]), np.array([3, 12])) == 0.0


def test_pairs_and_tables_of_windows_share_what_is_common_of_the_longer_one() -> None:
    first, last = np.array([0, 2, 3, 20]), np.array([3, 9, 3, 29])
    halves = np.array([0.25, 0.25, 0.0, 0.125, 0.0, 0.0])  # 2 of 8 bars, 1 of 4, none, 1 of 8, none, none
    shares = share_windows(first, last)
    np.testing.assert_array_equal(shares[np.triu_indices(4, 1)], halves)
    np.testing.assert_array_equal(shares, shares.T)
    assert not shares.diagonal().any()
    np.testing.assert_array_equal(pair_up(shares, np.arange(4), first, last), [halves, halves])


def test_means_of_many_sets_are_the_same_to_the_bit_under_any_number_of_threads() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.normal(0.0, 0.3, (600, 600))
    first = np.sort(rng.integers(0, 12_000, 600))
    sets = rng.random((50, 600)) < 0.6
    pairs = PairCorrelations((matrix + matrix.T) / 2.0)
    found = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, user_api="blas"):
            found.append(pairs.overlap_means(sets, first, first + 960))
    assert found[0] == found[1]
