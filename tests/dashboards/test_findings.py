"""A sentence says only what its numbers support."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from dashboards.figures.axes import nice_step, percent_axis, tick_values
from dashboards.figures.clock_strip import draw_clock_strip, stack_flags
from dashboards.figures.specification_curve import curve_title
from dashboards.findings import findings
from dashboards.findings.readings import Horizon, Reaction
from dashboards.marks import bare
from dashboards.numbers import StoredRow, StoredRows
from dashboards.pages.categories import categories_title
from dashboards.shell.cards import claimed_hours, rise_claim, shown_verdict
from tests.dashboards.material import frame_of
from tests.dashboards.rows import EVENT_AT, event_row, source_rows
from warehouse.tables.news import EVENT, EVENT_SOURCE
from warehouse.tables.studies import STUDY_PATH

DAY = Horizon(24.0, 0.234, 0.03, 0.2, 0.12, 0.28, 0, 383, 16.0, 0.06, 454, "BTC", "", None, -0.04, 0.06)


def reaction(day=DAY, week=0.065):
    horizons = {24.0: day}
    if week is not None:
        horizons[168.0] = replace(DAY, hours=168.0, raw_return=week)
    return Reaction("e", "binanceusdm:TAO/USDT:USDT", "TAO", horizons, "spec", datetime(2026, 6, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    ("day", "week", "title"),
    [
        (0.234, 0.065, "TAO rose 23.4% in a day; a week later 6.5% was left"),
        (-0.08, -0.02, "TAO fell 8.0% in a day; a week later 2.0% was left"),
        (0.234, -0.03, "TAO rose 23.4% in a day; a week later it stood at −3.0%"),
        (0.05, 0.09, "TAO rose 5.0% in a day; a week later it was 9.0%"),
        (0.002, 0.03, "TAO hardly moved (+0.2%) in a day; a week later it stood at +3.0%"),
        (0.234, None, "TAO rose 23.4% in a day; the week after is not in the data"),
    ],
)
def test_path_title_follows_the_day_and_the_week(day, week, title):
    assert findings.path_title(reaction(replace(DAY, raw_return=day), week)) == title


def test_unmeasured_event_says_so():
    absent = reaction(replace(DAY, raw_return=None, car=None, n_placebo=None))
    assert findings.path_title(absent) == "TAO: not measured in the day after the news"
    assert "not measured" in findings.beyond_title(absent, "outage", "Bitcoin")


def test_a_move_inside_the_ordinary_range_is_called_ordinary():
    quiet = reaction(replace(DAY, car=0.02, n_as_large=120))
    # One value is meant, that of 24 hours: the path may have been outside on the way.
    title = findings.beyond_title(quiet, "outage", "Bitcoin")
    assert title == "24 hours after the outage, TAO stood within its ordinary range"


def verdict(kind="rise_within", found="overstated", measured=0.155, claimed=0.3):
    return {
        "claim_id": "c",
        "kind": kind,
        "verdict": found,
        "measured_value": measured,
        "claimed_value": claimed,
        "unit": "fraction",
    }


def test_a_verdict_is_shown_as_it_was_judged():
    for word in ("supported", "another_reading", "overstated", "understated", "not_supported", "cannot_be_told"):
        assert shown_verdict(verdict(found=word)) == word
    assert shown_verdict(verdict(found="something new")) == "cannot_be_told"


def test_the_heading_quotes_only_a_claim_that_was_not_upheld():
    claim = {"claim_id": "c", "kind": "rise_within", "parameters_json": '{"hours": 12}'}
    assert rise_claim([claim], {"c": verdict()}) == (0.3, 12.0)
    assert rise_claim([claim], {"c": verdict(found="supported")}) is None
    assert rise_claim([claim], {}) is None
    assert claimed_hours("not json") is None
    assert claimed_hours("[1]") is None


def test_choices_that_disagree_are_not_summed_up_as_one_finding():
    assert curve_title(pl.Series([0.1, 0.2])) == (
        "Reasonable choices give 2 distinct estimates, every one between +10% and +20%"
    )
    assert curve_title(pl.Series([-0.1, 0.2, 0.3])) == (
        "The choices disagree: 2 of 3 distinct estimates are a rise, the rest are none"
    )


def test_one_estimate_under_many_names_counts_once():
    assert "2 distinct estimates" in curve_title(pl.Series([0.1, 0.1, 0.1, 0.2]))


def test_no_group_test_means_no_claim_about_kinds():
    from warehouse.tables.studies import STUDY_RESULT

    assert categories_title(STUDY_RESULT.empty()) == "No kind of event can be tested as a group yet"


def test_flags_in_a_cluster_stack_with_the_latest_on_top():
    assert stack_flags([0.1, 0.3, 0.35, 0.9]) == [2, 1, 0, 0]


def test_ticks_are_round_and_include_zero():
    assert tick_values(-0.06, 0.35) == [0.0, 0.1, 0.2, 0.3]
    assert nice_step(0.41, 5) == pytest.approx(0.1)
    assert percent_axis(-0.06, 0.35)["ticktext"] == ["0", "+10%", "+20%", "+30%"]


def test_a_source_dated_before_the_first_report_confirms_nothing_and_a_bare_day_is_no_instant():
    private, report, statement, confirmation = source_rows()
    before, midnight = EVENT_AT - timedelta(minutes=5), EVENT_AT.replace(hour=0)
    earlier = {**confirmation, "source_number": 5, "outlet": "Early", "published_at_utc": before}
    dated = {**statement, "source_number": 6, "published_at_utc": midnight, "time_basis": "date_only"}
    same = {**confirmation, "source_number": 7, "outlet": "Same", "published_at_utc": EVENT_AT}
    sources = frame_of(EVENT_SOURCE, [private, report, statement, confirmation, earlier, dated, same])
    strip = bare(str(draw_clock_strip(event_row(), sources, STUDY_PATH.empty(), None, "TAO")))
    flags = re.findall(r"<br>(.*?) <span>(.*?)</span>", strip)
    assert flags == [
        ("Received in private", "Company statement"),
        ("Earlier by its own clock", "Early"),
        ("First public report", "Aggregator"),
        ("Statement", "Company"),
        ("Confirmation", "Crypto outlet"),
    ]


@pytest.mark.parametrize("days", [-40, 40])
def test_sources_far_from_the_event_do_not_stretch_or_break_the_clock_strip(days):
    at = EVENT_AT + timedelta(days=days)
    sources = frame_of(EVENT_SOURCE, [{**row, "published_at_utc": at} for row in source_rows()])
    strip = draw_clock_strip(event_row(), sources, STUDY_PATH.empty(), None, "TAO")
    assert "<time" not in strip
    assert "No prices of TAO in these hours" in strip


@pytest.mark.parametrize(("hour", "days"), [(6, "12 Jun 2026, UTC."), (20, "12 Jun to 13 Jun 2026, UTC.")])
def test_a_clock_strip_within_one_day_names_it_once(hour, days):
    event = StoredRow(event_row() | {"best_at_utc": EVENT_AT.replace(hour=hour)}, StoredRows(EVENT))
    strip = bare(str(draw_clock_strip(event, EVENT_SOURCE.empty(), STUDY_PATH.empty(), None, "TAO")))
    assert f">{days} No prices" in strip
