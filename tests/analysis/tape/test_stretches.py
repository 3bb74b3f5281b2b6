"""Digests of stretches of a series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.tape.series import AlignedSeries, cut_series
from analysis.tape.stretches import digest_stretches
from warehouse.tables.bars import MICROSECONDS_PER_HOUR


def make_series(n: int = 40) -> AlignedSeries:
    rng = np.random.default_rng(1)
    closes = MICROSECONDS_PER_HOUR * np.arange(500, 500 + n, dtype=np.int64)
    asset, benchmark = rng.normal(size=n), rng.normal(size=n)
    return AlignedSeries("a:X/Y", 1.0, closes, np.ones(n), asset, benchmark, np.zeros(n, dtype=np.int64), ("a:B/Y",))


def digest(series: AlignedSeries, first: int, last: int) -> tuple[int, int]:
    one, two = digest_stretches(series).digests(np.array([first]), np.array([last]))
    return int(one[0]), int(two[0])


def test_a_stretch_has_one_digest_wherever_its_record_begins_and_ends() -> None:
    series = make_series()
    assert digest(series, 10, 20) == digest(cut_series(series, 4, 25), 6, 16)


@pytest.mark.parametrize("column", ["close_us", "close_quote", "asset", "benchmark", "benchmark_source"])
def test_any_bit_of_any_bar_of_the_stretch_changes_both_words(column: str) -> None:
    series = make_series()
    values = getattr(series, column).copy()
    values.view(np.int64)[15] ^= 1
    changed = replace(series, **{column: values})
    before, after = digest(series, 10, 20), digest(changed, 10, 20)
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert digest(series, 16, 30) == digest(changed, 16, 30)


def test_the_order_of_bars_and_the_names_count() -> None:
    series = make_series()
    turned = series.asset.copy()
    turned[[12, 13]] = turned[[13, 12]]
    assert digest(replace(series, asset=turned), 10, 20) != digest(series, 10, 20)
    for other in (
        replace(series, market_id="b:X/Y"),
        replace(series, bar_hours=4.0),
        replace(series, benchmark_ids=("b:B/Y",)),
    ):
        assert digest(other, 10, 20) != digest(series, 10, 20)


def test_an_event_at_the_close_of_a_bar_falls_in_the_next_one_and_a_moment_before_in_that_bar() -> None:
    series = make_series()
    close = int(series.close_us[7])
    assert [series.first_bar_after(close + shift) for shift in (-1, 0, 1)] == [7, 8, 8]
