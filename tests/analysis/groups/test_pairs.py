"""Pairs answer for any stretch of their series as its bars do."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace

import numpy as np

from analysis.engine.standardise import EventInput
from analysis.groups.pairs import GroupPair, Record, Spans, digest_pairs, keep_record
from analysis.tape.series import AlignedSeries, cut_series, mark_spans
from warehouse.tables.bars import MICROSECONDS_PER_HOUR as HOUR

N_BARS = 60


def make_series() -> AlignedSeries:
    noise = np.random.default_rng(4).normal(0.0, 0.01, (2, N_BARS))
    close_us = HOUR * np.arange(100, 100 + N_BARS, dtype=np.int64)
    return AlignedSeries("x:A", 1.0, close_us, np.ones(N_BARS), *noise, np.zeros(N_BARS, dtype=np.int64), ("x:B",))


def make_span(event_id: str, first: int, last: int) -> tuple[str, tuple[int, int]]:
    """A span that touches the bars [first, last): it begins and ends half an hour inside them."""
    return event_id, ((99 + first) * HOUR + HOUR // 2, (98 + last) * HOUR + HOUR // 2)


def make_record(*spans: tuple[str, tuple[int, int]]) -> Record:
    return keep_record(make_series(), spans)


def digest(record: Record, event_id: str = "own", first: int = 10, last: int = 40) -> list[object]:
    return digest_pairs([GroupPair(event_id, record, 30, first, last)]).rows()


def test_the_mask_of_any_stretch_is_that_of_the_other_events_alone() -> None:
    spans: Spans = (make_span("own", 12, 20), make_span("a", 5, 14), make_span("b", 18, 25), make_span("c", 55, 80))
    record, series = make_record(*spans), make_series()
    for event_id in ("own", "a", "nowhere"):
        others = [span for name, span in spans if name != event_id]
        for first, last in ((0, N_BARS), (10, 40), (13, 19), (50, 60)):
            expected = mark_spans(cut_series(series, first, last), others)
            np.testing.assert_array_equal(record.mask(event_id, first, last), expected)


def test_a_copy_of_a_pair_has_the_bars_that_it_looks_at_and_their_mask() -> None:
    record = make_record(make_span("own", 12, 20), make_span("a", 5, 14), make_span("b", 18, 25))
    pair = GroupPair("own", record, 30, 10, 40)
    copy = pickle.loads(pickle.dumps(pair))
    assert copy.record.series.close_us.size == 30
    assert (copy.market_id, copy.first_bar) == (pair.market_id, pair.first_bar)
    for one, other in ((pair, copy), (pair.cut(12, 4), copy.cut(12, 4))):
        wanted, found = one.read((-20, 0), (0, 5)), other.read((-20, 0), (0, 5))
        for field in fields(EventInput):
            np.testing.assert_array_equal(getattr(wanted, field.name), getattr(found, field.name))


def test_an_event_that_masks_one_more_bar_is_another_input() -> None:
    before = digest(make_record(make_span("a", 5, 14)))
    assert digest(make_record(make_span("a", 5, 15))) != before
    assert digest(make_record(make_span("a", 5, 14), make_span("b", 39, 45))) != before


def test_an_event_that_masks_nothing_new_inside_the_stretch_is_none() -> None:
    before = digest(make_record(make_span("a", 5, 14)))
    inside_the_other = make_record(make_span("a", 5, 14), make_span("b", 9, 13))
    behind_the_stretch = make_record(make_span("a", 5, 14), make_span("b", 40, 45))
    its_own = make_record(make_span("a", 5, 14), make_span("own", 12, 25))
    for record in (inside_the_other, behind_the_stretch, its_own):
        assert digest(record) == before


def test_where_its_own_span_and_another_meet_the_other_counts() -> None:
    alone = digest(make_record(make_span("own", 12, 25)))
    both = digest(make_record(make_span("own", 12, 25), make_span("a", 14, 16)))
    assert both != alone
    assert both == digest(make_record(make_span("a", 14, 16)))


def test_a_return_inside_the_stretch_is_an_input_and_one_outside_is_none() -> None:
    before = digest(make_record())
    for name in ("asset", "benchmark"):
        for bar, is_input in ((9, False), (10, True), (39, True), (40, False)):
            changed = getattr(make_series(), name).copy()
            changed[bar] += 1e-15
            record = keep_record(replace(make_series(), **{name: changed}), ())
            assert (digest(record) != before) is is_input


def test_a_cut_pair_holds_the_bars_it_is_asked_for() -> None:
    pair = GroupPair("own", make_record(make_span("a", 28, 29)), 30, 10, 40).cut(5, 3)
    found = pair.read((-5, 0), (0, 3))
    series = make_series()
    np.testing.assert_array_equal(found.returns, series.asset[25:34])
    np.testing.assert_array_equal(found.calendar, series.close_us[25:34] // HOUR)
    assert found.bar_zero == 5
    assert found.mask is not None
    assert found.mask.tolist() == [bar == 28 for bar in range(25, 34)]
