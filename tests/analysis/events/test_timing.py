"""The best time of an event is evidence, never a date that nobody could have read yet."""

from datetime import timedelta

import polars as pl
import pytest

from analysis.events.carriers import add_carriers
from analysis.events.recorded.redating import find_revisions
from analysis.events.timing import (
    CORROBORATED,
    CORROBORATION,
    DAILY_ARCHIVE,
    LATE_CLAIM,
    NEWSROOM_CLAIM,
    SIGHTING,
    STAMP_LEAD,
    EvidenceTime,
    add_clocks,
    date_event,
)
from tests.analysis.events.headline_frames import VOCABULARY, instant, make_headlines
from warehouse.tables.contract import UTC
from warehouse.tables.news import EVENT_REVISION

SCOOP = {
    "title": "Source: export controls on two models",
    "at": "2026-06-12T23:56:41Z",
    "seen": "2026-06-13T00:21:39Z",
    "outlet_kind": "aggregator",
    "entry_id": "scoop",
}
STATEMENT_POSTED = instant("2026-06-13T00:50:03Z")


def date(*rows: dict) -> EvidenceTime:
    return date_event(add_carriers(add_clocks(make_headlines(*rows)), VOCABULARY).to_dicts())


def test_a_back_dated_feed_entry_cannot_move_the_event_before_the_public_could_read_it():
    # The lab's feed dated its statement 24 h 50 min before the statement was posted.
    back_dated = {
        "title": "Statement on the directive",
        "at": "2026-06-12T00:00:03Z",
        "seen": "2026-06-13T01:33:54Z",
        "outlet_kind": "lab",
        "entry_id": "statement",
    }
    assert STATEMENT_POSTED - instant(back_dated["at"]) == timedelta(hours=24, minutes=50)
    both = date(back_dated, SCOOP)
    assert both.best == instant(SCOOP["at"])
    assert both.best_entry_id == "scoop"
    alone = date(back_dated)
    assert alone.best == instant("2026-06-13T01:33:54Z"), "alone, only the sighting counts"
    assert alone.best >= STATEMENT_POSTED
    assert alone.earliest == instant(back_dated["at"]), "the claim still bounds the interval"


def test_a_date_without_a_time_claims_the_day_and_proves_the_sighting():
    dated = {
        "title": "Statement",
        "at": "2026-06-12T00:00:00Z",
        "seen": "2026-06-13T01:33:54Z",
        "time_basis": "date_only",
    }
    timed = date(dated)
    assert timed.best == timed.latest == instant("2026-06-13T01:33:54Z")
    assert timed.earliest == instant("2026-06-12T00:00:00Z")
    assert timed.precision == "upper_bound"


def test_a_claim_seen_a_day_later_yields_to_a_corroborated_one_minutes_after_it():
    late_seen = {"title": "Blocked", "at": "2026-06-12T23:51:04Z", "seen": "2026-06-13T23:59:59Z"}
    timed = date(late_seen, SCOOP)
    assert timed.best == instant("2026-06-12T23:56:41Z")
    assert timed.earliest == instant("2026-06-12T23:51:04Z")
    assert timed.latest == instant("2026-06-13T00:21:39Z")
    assert timed.precision == "second"


@pytest.mark.parametrize(("lead", "counts"), [(STAMP_LEAD, True), (STAMP_LEAD - timedelta(seconds=1), False)])
def test_a_newsroom_dates_the_event_from_the_lead_on_that_no_stamp_of_a_draft_has(lead, counts):
    at = instant(SCOOP["at"]) - lead
    newsroom = {"title": "Blocked", "at": at.isoformat(), "seen": "2026-06-13T14:00:00Z"}
    assert date(newsroom, SCOOP).best == (at if counts else instant(SCOOP["at"]))


@pytest.mark.parametrize(("outlets", "counts"), [(("a.example", "b.example"), True), (("a.example",) * 2, False)])
def test_two_newsrooms_date_the_event_within_the_lead_that_one_alone_needs(outlets, counts):
    times = ("2026-06-12T23:53:00Z", "2026-06-12T23:55:00Z")
    rows = [
        {"title": "Blocked", "at": at, "seen": "2026-06-13T14:00:00Z", "outlet": outlet}
        for at, outlet in zip(times, outlets, strict=True)
    ]
    timed = date(*rows, SCOOP)
    assert timed.best == instant(times[0] if counts else SCOOP["at"])
    late = [row | {"at": "2026-06-12T23:57:00Z"} for row in rows[1:]]
    assert date(rows[0], *late, SCOOP).best == instant(SCOOP["at"]), "the second is no witness after the firm time"


def test_a_newsroom_clock_stands_when_the_next_evidence_is_hours_later():
    newsroom = {
        "title": "Blocked",
        "at": "2026-06-12T10:00:00Z",
        "seen": "2026-06-12T23:59:59Z",
        "outlet_kind": "crypto_press",
    }
    post = {"title": "Blocked", "at": "2026-06-13T09:00:00Z", "time_basis": "submission", "outlet_kind": "forum"}
    assert date(newsroom, post).best == instant("2026-06-12T10:00:00Z")


def test_a_newsroom_that_publishes_an_hour_before_the_others_dates_the_event():
    newsroom = {"title": "Blocked", "at": "2026-06-12T22:56:00Z", "seen": "2026-06-13T14:00:00Z"}
    timed = date(newsroom, SCOOP)
    assert timed.best == instant("2026-06-12T22:56:00Z")
    assert timed.precision == "upper_bound"
    assert timed.latest == instant(SCOOP["seen"])


@pytest.mark.parametrize(("lead_hours", "first"), [(1, "claimed"), (0, "seen"), (-1, "seen")])
def test_a_claim_alone_dates_an_event_only_where_it_is_earlier_than_any_sighting(lead_hours, first):
    seen = instant("2026-06-13T09:00:00Z")
    times = {"seen": (SIGHTING, seen), "claimed": (LATE_CLAIM, seen - timedelta(hours=lead_hours))}
    rows = [
        {"entry_id": name, "level": level, "time_basis": "publisher"}
        | dict.fromkeys(("at_utc", "proven_at_utc", "claim_at_utc"), at)
        for name, (level, at) in times.items()
    ]
    assert date_event(rows).best_entry_id == first


def test_a_submission_is_an_upper_bound():
    timed = date(
        {
            "title": "It is down",
            "at": "2023-03-20T09:20:47Z",
            "time_basis": "submission",
            "seen": "2026-11-22T00:00:00Z",
        }
    )
    assert timed.best == timed.latest == instant("2023-03-20T09:20:47Z")
    assert timed.precision == "upper_bound"


def test_a_crawl_time_does_not_displace_an_earlier_newsroom_clock():
    crawl = {"title": "Blocked", "at": "2026-06-13T09:00:00Z", "time_basis": "crawl"}
    newsroom = {"title": "Blocked", "at": "2026-06-13T00:10:00Z", "seen": "2026-06-13T14:00:00Z"}
    assert date(crawl, newsroom).best == instant("2026-06-13T00:10:00Z")


def test_an_import_of_old_material_is_not_news_of_today():
    old = {"title": "Ruling", "at": "2024-05-01T12:00:00Z", "seen": "2026-11-22T00:00:00Z", "outlet_kind": "lab"}
    timed = date(old)
    assert timed.best == instant("2024-05-01T12:00:00Z")
    assert timed.latest == instant("2024-05-02T12:00:00Z")


def test_the_interval_is_ordered_whatever_the_evidence():
    rows = [
        {"title": "a", "at": "2026-06-12T00:00:00Z", "time_basis": "date_only", "seen": "2026-06-11T20:00:00Z"},
        {"title": "b", "at": "2026-06-12T05:00:00Z", "seen": "2026-06-12T04:00:00Z"},
    ]
    for chosen in (rows[:1], rows[1:], rows):
        timed = date(*chosen)
        assert timed.earliest <= timed.best <= timed.latest


def test_an_entry_without_a_claim_is_dated_by_its_sighting():
    headlines = make_headlines({"title": "a", "at": "2026-06-12T05:00:00Z", "seen": "2026-06-12T06:00:00Z"})
    clocks = add_clocks(headlines.with_columns(pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias("published_at_utc")))
    assert date_event(clocks.to_dicts()).best == instant("2026-06-12T06:00:00Z")


def test_zone_of_several_meanings_widens_the_interval_and_dates_by_the_latest() -> None:
    row = {"title": "t", "at": "2026-06-13T08:00:00Z", "from": "2026-06-13T03:00:00Z", "time_basis": "upper_bound"}
    time = date(row | {"seen": "2026-06-13T08:30:00Z"})
    assert (time.earliest, time.best) == (instant("2026-06-13T03:00:00Z"), instant("2026-06-13T08:00:00Z"))
    assert time.precision == "upper_bound"


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("outlet_kind", "lag", "level"),
    [
        ("lab", CORROBORATION, CORROBORATED),
        ("lab", CORROBORATION + SECOND, SIGHTING),
        ("press", DAILY_ARCHIVE, NEWSROOM_CLAIM),
        ("press", DAILY_ARCHIVE + SECOND, LATE_CLAIM),
        ("lab", DAILY_ARCHIVE, SIGHTING),
    ],
)
def test_a_claim_counts_when_it_was_seen_within_two_hours_or_a_newsroom_s_at_the_next_daily_look_to_the_second(
    outlet_kind: str, lag: timedelta, level: int
) -> None:
    at = instant("2026-06-12T12:00:00Z")
    seen = (at + lag).isoformat()
    row = {"title": "Blocked", "at": at.isoformat(), "seen": seen, "outlet_kind": outlet_kind}
    assert add_clocks(make_headlines(row))["level"].to_list() == [level]


AT = instant("2026-06-13T00:50:00Z")
NOW = AT + timedelta(days=1)


def make_events(*rows: tuple[str, object, str]) -> pl.DataFrame:
    schema = {"event_id": pl.String, "best_at_utc": UTC, "time_basis": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_only_an_event_whose_time_moved_is_a_revision() -> None:
    before = make_events(("moved", AT, "submission"), ("same", AT, "publisher"), ("gone", AT, "publisher"))
    earlier = AT - timedelta(minutes=54)
    after = make_events(("moved", earlier, "publisher"), ("same", AT, "statement"), ("new", AT, "publisher"))
    found = EVENT_REVISION.conform(find_revisions(before, after, NOW, "run"))
    assert found.rows(named=True) == [
        {
            "event_id": "moved",
            "changed_at_utc": NOW,
            "before_at_utc": AT,
            "before_basis": "submission",
            "after_at_utc": earlier,
            "after_basis": "publisher",
            "run_id": "run",
        }
    ]
