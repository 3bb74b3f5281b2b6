"""Events that were chosen because the price moved carry a mark, and the share of largest moves its expected value."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.engine.study import EstimationSpecification, StudyResult, run_study
from analysis.own.selection import mark_selected, measure_selection
from tests.analysis.engine.study_builders import make_event

N_BARS = 2_000


def make_study(zeros: np.ndarray, returns: np.ndarray, benchmark: np.ndarray) -> StudyResult:
    events = [make_event(f"e{k}", "a", returns, benchmark, int(zero)) for k, zero in enumerate(zeros)]
    return run_study(events, EstimationSpecification(minimum_estimation=30))


@pytest.fixture(scope="module")
def noise() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return rng.normal(0, 0.02, N_BARS), rng.normal(0, 0.01, N_BARS)


@pytest.fixture(scope="module")
def chosen(noise: tuple[np.ndarray, np.ndarray]) -> StudyResult:
    """The twenty largest days of pure noise."""
    returns, benchmark = noise
    inside = np.abs(returns[100:-10])
    return make_study(100 + np.sort(np.argsort(-inside)[:20]), returns, benchmark)


def test_the_largest_days_of_noise_are_seen_for_what_they_are(chosen: StudyResult) -> None:
    found = measure_selection(chosen.events)
    assert found.n == 20
    assert found.expected == pytest.approx(20 / (57 + 5))
    # Where two of them are near one another only one can be the largest.
    assert 5 <= found.n_largest < 20
    assert found.p_value is not None
    assert found.p_value < 1e-4
    assert found.mark == "events look chosen from prices"
    assert "expected by chance" in found.words
    assert "column selected_from" in found.words


def test_random_days_of_noise_are_not_suspected(noise: tuple[np.ndarray, np.ndarray]) -> None:
    returns, benchmark = noise
    rng = np.random.default_rng(6)
    marks = []
    for _ in range(20):
        study = make_study(np.sort(rng.choice(np.arange(100, N_BARS - 10), 20, replace=False)), returns, benchmark)
        found = measure_selection(study.events)
        marks.append(found.mark)
        assert "no sign of a choice by price" in found.words or found.mark
    assert marks.count(None) >= 19


def test_a_mark_stands_beside_every_p_and_leaves_the_numbers(chosen: StudyResult) -> None:
    marked = mark_selected(chosen, measure_selection(chosen.events))
    assert {row.mark for row in marked.tests} == {"events look chosen from prices"}
    assert {effect.mark for effect in marked.effects} == {"events look chosen from prices"}
    assert [row.p_value for row in marked.tests] == [row.p_value for row in chosen.tests]


def test_events_from_prices_have_no_p_and_no_interval(chosen: StudyResult) -> None:
    for declared in ("price", "mixed"):
        marked = mark_selected(chosen, measure_selection(chosen.events, declared))  # type: ignore[arg-type]
        for row in marked.tests:
            assert row.p_value is row.p_adjusted is row.p_bh is row.p_by is row.p_romano_wolf is None
            assert row.reason
        assert any(row.value is not None for row in marked.tests)
        for effect in marked.effects:
            assert effect.lower_95 is effect.upper_95 is None
            assert effect.reason == "withheld: events chosen from prices"


def test_events_from_news_keep_their_p_however_large_their_moves(chosen: StudyResult) -> None:
    found = measure_selection(chosen.events, "news")
    assert found.mark is None
    assert mark_selected(chosen, found) is chosen


def test_a_window_without_bar_zero_says_nothing() -> None:
    found = measure_selection([])
    assert (found.n, found.expected, found.p_value, found.mark) == (0, None, None, None)
    assert "no event has an abnormal return at bar 0" in found.words
