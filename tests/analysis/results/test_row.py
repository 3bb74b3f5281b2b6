"""One row type, one key, one interval, one rank."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from scipy import stats

from analysis.engine.tails import student_interval
from analysis.results.fingerprint import fingerprint
from analysis.results.rank import rank_p, two_sided_rank_p
from analysis.results.row import Basis, Numbers, ResultRow, Subject, results_frame

SUBJECT = Subject("reaction", "event", 24.0, event_id="paper", market_id="okx:TAO/USDT")
BASIS = Basis("abc", "log returns", datetime(2026, 6, 13, tzinfo=UTC), "BTC")
ROW = ResultRow(SUBJECT, "car", BASIS, Numbers(0.1, n=24))


def key_of(row: ResultRow) -> str:
    return str(results_frame([row])["result_id"][0])


@pytest.mark.parametrize(
    "other",
    [
        replace(ROW, statistic="car:market"),
        *(
            replace(ROW, subject=replace(SUBJECT, **{name: value}))
            for name, value in {
                "study_id": "mine",
                "group_id": "category:outage",
                "window_end_hours": 12.0,
                "window_start_hours": -12.0,
                "event_id": None,
                "market_id": None,
            }.items()
        ),
    ],
)
def test_every_part_of_the_subject_is_part_of_the_key(other: ResultRow) -> None:
    assert key_of(other) != key_of(ROW)


def test_what_a_row_says_or_rests_on_is_no_part_of_the_key() -> None:
    assert key_of(replace(ROW, basis=replace(BASIS, spec_sha256="new"), numbers=Numbers(0.2))) == key_of(ROW)


def test_a_row_is_stored_as_it_was_given_and_null_where_it_says_nothing() -> None:
    [stored] = results_frame([ROW]).rows(named=True)
    assert {name: value for name, value in stored.items() if value is not None} == {
        "result_id": fingerprint(ROW.subject, ROW.statistic),
        "study_id": "reaction",
        "spec_sha256": "abc",
        "group_id": "event",
        "event_id": "paper",
        "market_id": "okx:TAO/USDT",
        "window_start_hours": 0.0,
        "window_end_hours": 24.0,
        "statistic": "car",
        "estimate": 0.1,
        "n": 24,
        "benchmark": "BTC",
        "conventions": "log returns",
        "data_as_of_utc": BASIS.data_as_of_utc,
    }


def test_a_reason_takes_the_place_of_every_number() -> None:
    assert ROW.without_numbers("the price moved").numbers == Numbers(reason="the price moved")


def test_no_rows_make_an_empty_table() -> None:
    assert results_frame([]).height == 0


def test_student_interval_is_that_of_the_independent_program() -> None:
    found = student_interval(0.03, 0.02, 7)
    assert (found.lower, found.upper) == pytest.approx(stats.t.interval(0.95, 7, loc=0.03, scale=0.02))
    assert found.t == pytest.approx(1.5)
    assert found.p_value == pytest.approx(2 * stats.t.sf(1.5, 7))


def test_rank_p_counts_the_value_itself() -> None:
    assert rank_p(0, 19) == pytest.approx(1 / 20)
    assert rank_p(19, 19) == pytest.approx(1.0)


def test_others_that_overlap_lend_no_resolution() -> None:
    assert rank_p(0, 190, 19) == pytest.approx(1 / 20)
    assert rank_p(95, 190, 19) == pytest.approx((1 + 9.5) / 20)


def test_a_two_sided_rank_doubles_the_smaller_side() -> None:
    assert two_sided_rank_p(0, 99) == pytest.approx(2 / 100)
    assert two_sided_rank_p(99, 99) == pytest.approx(2 / 100)
    assert two_sided_rank_p(50, 99) == pytest.approx(1.0)
