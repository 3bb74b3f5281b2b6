"""A detected event that the ledger or a status page already has is not a second event."""

import polars as pl

from analysis.events.recorded.merging import match_events, merge_records
from tests.analysis.events.headline_frames import VOCABULARY, instant
from warehouse.tables.news import EVENT, EVENT_SOURCE


def make_event(event_id: str, at: str, **values: object) -> dict:
    row = dict.fromkeys(EVENT.column_names)
    row |= {"event_id": event_id, "title": event_id, "category": "export_control_access", "time_precision": "second"}
    row |= {"earliest_at_utc": instant(at), "best_at_utc": instant(at), "latest_at_utc": instant(at)}
    row |= {"time_basis": "publisher", "direction": "restricts", "entities": "anthropic,us-commerce", "severity": 3}
    row |= {"origin": "detected", "status": "detected", "selected_from": "news", "reason": "test", "n_outlets": 2}
    return row | values


def make_events(*rows: dict) -> pl.DataFrame:
    return EVENT.conform(pl.DataFrame(list(rows), schema=EVENT.schema))


def make_sources(*rows: tuple[str, int, str, str, str]) -> pl.DataFrame:
    filled = [
        dict.fromkeys(EVENT_SOURCE.column_names)
        | {"event_id": event_id, "source_number": number, "outlet": outlet, "title": outlet, "role": role}
        | {"published_at_utc": instant(at), "time_basis": "publisher", "entry_id": f"{event_id}-{number}"}
        for event_id, number, outlet, at, role in rows
    ]
    return EVENT_SOURCE.conform(pl.DataFrame(filled, schema=EVENT_SOURCE.schema))


LEDGER = make_event("ledger-one", "2026-06-12T23:56:41Z", origin="ledger", status="confirmed")
NOTHING = (EVENT.empty(), EVENT_SOURCE.empty())


def match(child: dict, parent: dict = LEDGER) -> bool:
    return bool(match_events(make_events(child), make_events(parent), VOCABULARY))


def test_the_same_parties_and_kind_within_hours_are_the_same_event():
    assert match(make_event("found", "2026-06-13T01:00:00Z"))


def test_what_a_president_orders_is_one_event_under_either_kind():
    order = LEDGER | {"category": "executive_order", "entities": "donald-trump"}
    memorandum = make_event("found", "2026-06-13T01:00:00Z", category="government_action", entities="donald-trump")
    assert match(memorandum, order)
    assert not match(memorandum | {"category": "crypto_token_regulation"}, order)


def test_a_week_later_is_another_event():
    assert not match(make_event("found", "2026-06-20T01:00:00Z"))


def test_another_lab_is_another_event():
    assert not match(make_event("found", "2026-06-13T01:00:00Z", entities="openai,us-commerce"))


def test_lifting_is_not_the_restriction():
    assert not match(make_event("found", "2026-06-13T01:00:00Z", direction="enables"))


def test_another_kind_is_another_event():
    assert not match(make_event("found", "2026-06-13T01:00:00Z", category="enforcement_lawsuit"))


def test_an_outage_joins_the_ledgers_while_it_lasts():
    parent = make_event(
        "ledger-out", "2026-06-12T10:00:00Z", category="outage", ended_at_utc=instant("2026-06-12T15:00:00Z")
    )
    during = make_event("press", "2026-06-12T20:00:00Z", category="outage", entities="anthropic")
    later = make_event("press", "2026-06-13T10:00:00Z", category="outage", entities="anthropic")
    assert match(during, parent)
    assert not match(later, parent)


def test_a_nameless_headline_joins_by_kind_and_hour():
    parent = make_event("ledger-eo", "2026-06-02T16:23:08Z", category="executive_order", entities="donald-trump")
    assert match(make_event("found", "2026-06-02T17:00:00Z", category="executive_order", entities=None), parent)
    assert not match(make_event("found", "2026-06-03T10:00:00Z", category="executive_order", entities=None), parent)


def test_evidence_moves_behind_the_ledgers_own_and_the_event_is_not_doubled():
    recorded = make_events(LEDGER), make_sources(("ledger-one", 1, "Techmeme", "2026-06-12T23:56:41Z", "first_report"))
    found = (
        make_events(make_event("found", "2026-06-12T23:57:00Z")),
        make_sources(
            ("found", 1, "a.example", "2026-06-12T23:57:00Z", "first_report"),
            ("found", 2, "b.example", "2026-06-13T02:00:00Z", "confirmation"),
        ),
    )
    events, sources = merge_records(recorded, NOTHING, found, VOCABULARY)
    assert events["event_id"].to_list() == ["ledger-one"]
    assert sources.select("event_id", "source_number", "outlet", "role").rows() == [
        ("ledger-one", 1, "Techmeme", "first_report"),
        ("ledger-one", 2, "a.example", "confirmation"),
        ("ledger-one", 3, "b.example", "confirmation"),
    ]


def test_a_press_story_joins_the_status_pages_outage():
    outage = make_event(
        "out", "2026-06-12T10:00:00Z", category="outage", entities="openai", origin="incident", n_outlets=1
    )
    press = make_event("press", "2026-06-12T11:00:00Z", category="outage", entities="openai")
    events, sources = merge_records(
        NOTHING,
        (make_events(outage), make_sources(("out", 1, "OpenAI status", "2026-06-12T10:00:00Z", "statement"))),
        (make_events(press), make_sources(("press", 1, "a.example", "2026-06-12T11:00:00Z", "first_report"))),
        VOCABULARY,
    )
    assert events.select("event_id", "n_outlets").rows() == [("out", 2)]
    assert sources["event_id"].to_list() == ["out", "out"]


STATED_DAY = make_event(
    "rule",
    "2026-08-19T12:00:00Z",
    earliest_at_utc=instant("2026-08-19T00:00:00Z"),
    latest_at_utc=instant("2026-08-20T05:00:00Z"),
    time_precision="day",
    origin="ledger",
    status="confirmed",
)


def merged(parent: dict, child: dict) -> dict:
    events, _ = merge_records(
        (make_events(parent), EVENT_SOURCE.empty()), NOTHING, (make_events(child), EVENT_SOURCE.empty()), VOCABULARY
    )
    assert events.height == 1
    return events.row(0, named=True)


def test_a_stated_day_yields_to_the_second_of_a_first_report_the_evening_before():
    row = merged(STATED_DAY, make_event("found", "2026-08-18T17:15:48Z"))
    assert row["best_at_utc"] == row["earliest_at_utc"] == row["latest_at_utc"] == instant("2026-08-18T17:15:48Z")
    assert row["time_precision"] == "second"
    assert "re-dated from the day stated: evidence “found” was public at 2026-08-18 17:15 UTC" in row["reason"]


def test_a_report_within_the_stated_day_is_the_latest_that_it_can_have_become_public():
    row = merged(STATED_DAY, make_event("found", "2026-08-19T15:00:00Z"))
    assert row["best_at_utc"] == row["latest_at_utc"] == instant("2026-08-19T15:00:00Z")
    assert row["earliest_at_utc"] == instant("2026-08-19T00:00:00Z")
    assert row["time_precision"] == "upper_bound"


def test_a_report_after_the_stated_day_dates_nothing():
    row = merged(STATED_DAY, make_event("found", "2026-08-20T01:00:00Z"))
    assert (row["best_at_utc"], row["time_precision"]) == (STATED_DAY["best_at_utc"], "day")


def test_evidence_before_a_recorded_second_widens_the_interval_and_keeps_the_best_time():
    row = merged(LEDGER, make_event("found", "2026-06-12T20:00:00Z"))
    assert row["earliest_at_utc"] == instant("2026-06-12T20:00:00Z")
    assert row["best_at_utc"] == LEDGER["best_at_utc"]
    assert "; widened: " in row["reason"]


def test_an_upper_bound_yields_to_evidence_an_hour_earlier_and_keeps_its_interval():
    bound = LEDGER | {"time_precision": "upper_bound", "earliest_at_utc": instant("2026-06-12T12:00:00Z")}
    bound |= {"best_at_utc": instant("2026-06-12T23:56:41Z"), "latest_at_utc": instant("2026-06-12T23:56:41Z")}
    row = merged(bound, make_event("found", "2026-06-12T22:56:41Z"))
    assert row["best_at_utc"] == instant("2026-06-12T22:56:41Z")
    assert [row[f"{end}_at_utc"] for end in ("earliest", "latest")] == [
        bound[f"{end}_at_utc"] for end in ("earliest", "latest")
    ]
    assert "re-dated from the upper bound stated" in row["reason"]
    assert merged(bound, make_event("found", "2026-06-12T22:56:42Z")) == bound
    assert (
        merged(bound | {"time_precision": "second"}, make_event("found", "2026-06-12T20:00:00Z"))["best_at_utc"]
        == (bound["best_at_utc"])
    )


def test_a_time_that_nobody_bears_out_moves_no_recorded_event():
    assert merged(STATED_DAY, make_event("found", "2026-08-18T17:15:48Z", time_precision="upper_bound")) == STATED_DAY


def test_a_clock_of_several_zones_widens_and_moves_no_best_time():
    vague = make_event(
        "found",
        "2026-06-13T02:00:00Z",
        earliest_at_utc=instant("2026-06-12T20:00:00Z"),
        time_precision="upper_bound",
        time_basis="upper_bound",
    )
    row = merged(LEDGER, vague)
    assert (row["earliest_at_utc"], row["best_at_utc"]) == (instant("2026-06-12T20:00:00Z"), LEDGER["best_at_utc"])
    assert "; widened: the zone of “found” is not known" in row["reason"]
    later = merged(LEDGER, vague | {"earliest_at_utc": instant("2026-06-13T01:00:00Z")})
    assert later == LEDGER


def test_a_later_report_moves_nothing():
    assert merged(LEDGER, make_event("found", "2026-06-13T02:00:00Z")) == LEDGER


def told(child: dict, parent: dict, *, child_says: str, parent_says: str) -> bool:
    sources = make_sources((child["event_id"], 1, child_says, "2026-06-13T01:00:00Z", "first_report"))
    shipped = make_sources((parent["event_id"], 1, parent_says, "2026-06-12T23:56:41Z", "first_report"))
    frames = make_events(child), make_events(parent), VOCABULARY, pl.concat([sources, shipped])
    return bool(match_events(*frames))


REMARK = make_event("remark", "2026-06-13T17:45:13Z", origin="ledger", entities="david-sacks,anthropic")
TALKS = make_event("talks", "2026-06-13T16:57:49Z", entities="anthropic,amazon,us-government")


def test_the_same_party_on_the_same_day_in_other_words_is_another_event():
    says = "The president's former AI adviser answers in public"
    assert not told(
        TALKS, REMARK, child_says="Amazon CEO's talks with US officials triggered crackdown", parent_says=says
    )
    assert told(TALKS, REMARK, child_says="Former AI adviser Sacks answers Anthropic in public", parent_says=says)


def test_names_in_common_are_no_words_in_common():
    says = "Anthropic, Amazon and the White House: what we know"
    assert not told(TALKS, REMARK, child_says="Amazon, Anthropic, White House silent", parent_says=says)


def test_titles_in_other_letters_join_by_time():
    says = "The president's former AI adviser answers in public"
    later = TALKS | {"best_at_utc": instant("2026-06-14T14:00:00Z")}
    assert told(TALKS, REMARK, child_says="卡尼表示", parent_says=says)
    assert not told(later, REMARK, child_says="卡尼表示", parent_says=says)


def are_one(page: str, at: str, other: str = "https://news.example/senate-passes-act", **told: str) -> bool:
    child = make_event("law", at, **({"category": "regulation_legislation", "entities": "us-senate"} | told))
    sources = make_sources(("law", 1, "a", at, "first_report"), ("ledger-one", 1, "b", at, "first_report"))
    urls = pl.Series("url", [page, other])
    return bool(match_events(make_events(child), make_events(LEDGER), VOCABULARY, sources.with_columns(urls)))


def test_a_page_is_told_by_its_query_and_one_that_goes_on_or_turns_round_tells_no_one_thing():
    at, release = "2026-06-13T01:00:00Z", "https://office.example/pressrelease.aspx?id={}"
    assert are_one(f"{release.format(1)}&utm_source=rss", at, release.format(1))
    assert not are_one(release.format(2), at, release.format(1))
    assert not are_one("https://news.example/live-updates.html#a", at, "https://news.example/live-updates.html#b")
    turned = {"category": "government_action", "direction": "enables", "entities": "openai"}
    assert not are_one("https://news.example/senate-passes-act", at, **turned)


def test_what_one_page_tells_is_one_event_under_any_kind_and_in_any_words():
    assert are_one("http://www.news.example/senate-passes-act?utm_source=rss", "2026-06-13T01:00:00Z")
    assert not are_one("https://news.example/senate-passes-budget", "2026-06-13T01:00:00Z")
    assert not are_one("https://news.example/senate-passes-act", "2026-06-20T01:00:00Z")


def test_an_outage_joins_in_whatever_words():
    parent = LEDGER | {"category": "outage"}
    child = make_event("down", "2026-06-13T00:30:00Z", category="outage", entities="anthropic")
    assert told(child, parent, child_says="Elevated errors on several models", parent_says="Claude cannot be reached")


def test_evidence_recounts_houses_and_severity_of_any_recorded_event():
    parent = LEDGER | {"severity": 2, "n_outlets": 1}
    houses = [(f"site{number}.example", "2026-06-13T00:30:00Z") for number in range(3)]
    names = [*houses, ("BBC News", "2026-06-13T01:00:00Z"), ("BBC World", "2026-06-13T02:00:00Z")]
    found = [("found", number, outlet, at, "confirmation") for number, (outlet, at) in enumerate(names, start=1)]
    events, _ = merge_records(
        (make_events(parent), make_sources(("ledger-one", 1, "Techmeme", "2026-06-12T23:56:41Z", "first_report"))),
        NOTHING,
        (make_events(make_event("found", "2026-06-13T01:00:00Z")), make_sources(*found)),
        VOCABULARY,
    )
    row = events.row(0, named=True)
    assert (row["n_outlets"], row["severity"]) == (5, 3)
    assert row["reason"].endswith("; recounted: 5 publishing houses instead of 1, so severity 3 instead of 2")


def test_evidence_of_few_houses_makes_no_recorded_event_less_severe():
    row = merged(LEDGER | {"severity": 5, "n_outlets": 1}, make_event("found", "2026-06-13T01:00:00Z", n_outlets=3))
    assert (row["n_outlets"], row["severity"]) == (3, 5)
