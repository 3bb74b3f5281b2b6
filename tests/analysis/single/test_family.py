"""Adjusted p of one event: over its windows and the markets that stand for its tokens, nothing else."""

from datetime import UTC, datetime

import polars as pl
import pytest

from analysis.results.row import Basis, Numbers, ResultRow, Subject, results_frame
from analysis.single.family import adjust_family

BASIS = Basis("0" * 64, "in words", datetime(2026, 6, 13, tzinfo=UTC))


def make_row(market_id: str, hours: float, p_value: float | None, statistic: str = "placebo_rank") -> ResultRow:
    return ResultRow(
        Subject("s", "event", hours, event_id="e", market_id=market_id), statistic, BASIS, Numbers(p_value=p_value)
    )


def test_each_rank_has_both_adjusted_values_of_its_family() -> None:
    rows = [
        make_row("a", 12, 0.01),
        make_row("a", 24, 0.04),
        make_row("b", 12, 0.02),
        make_row("twin of a", 12, 0.001),
        make_row("a", 12, 0.001, "conformal"),
        make_row("b", 24, None),
    ]
    found = adjust_family(results_frame(rows), {"a", "b"})
    assert found["market_id"].to_list() == [row.subject.market_id for row in rows]
    assert found["p_adjusted"].to_list() == [
        pytest.approx(0.03),
        pytest.approx(0.04),
        pytest.approx(0.04),
        None,
        None,
        None,
    ]
    harmonic = 1 + 1 / 2 + 1 / 3
    expected = [0.03 * harmonic, 0.04 * harmonic, 0.03 * harmonic]
    assert found["p_false_discovery"].to_list() == [*(pytest.approx(p) for p in expected), None, None, None]


def test_an_event_without_a_rank_keeps_its_rows() -> None:
    found = adjust_family(results_frame([make_row("a", 12, None)]), {"a"})
    assert found["p_adjusted"].to_list() == [None]
    assert found.schema["p_false_discovery"] == pl.Float64
