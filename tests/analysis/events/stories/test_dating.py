"""Which headlines of a story date its act, and which count for it."""

import polars as pl

from analysis.events.wording.exclusions import add_exclusions
from tests.analysis.events.headline_frames import (
    FRAMES,
    RESTRICTION,
    detect,
    detect_in,
    draft_as,
    group,
    instant,
    make_headlines,
)

POSTPONED = [
    {"title": f"Senate Banking Committee postpones crypto market structure bill markup {word}", "at": at}
    for word, at in (
        ("again", "2026-01-15T02:33:15Z"),
        ("vote", "2026-01-15T04:56:57Z"),
        ("late", "2026-01-15T06:06:41Z"),
        ("now", "2026-01-15T06:24:53Z"),
    )
]


def test_what_was_told_a_day_before_the_rest_does_not_date_the_act():
    def dated(at: str) -> object:
        early = {"title": "Senate Agriculture Committee delays crypto market structure bill markup", "at": at}
        return draft_as({"early": [early], "rest": POSTPONED})["best_at_utc"].to_list()

    assert dated("2026-01-14T06:03:33Z") == [instant(POSTPONED[0]["at"])]
    assert dated("2026-01-15T00:03:33Z") == [instant("2026-01-15T00:03:33Z")]


def test_what_one_house_told_long_before_many_others_does_not_date_the_story():
    early = {"title": "Senate Banking Committee postpones crypto market structure bill", "outlet": "one.example"}
    told = draft_as({"story": [early | {"at": "2026-01-14T06:03:33Z"}, *POSTPONED]})
    assert told["best_at_utc"].to_list() == [instant(POSTPONED[0]["at"])]
    scoop = draft_as({"story": [early | {"at": "2026-01-14T20:03:33Z"}, *POSTPONED]})
    assert scoop["best_at_utc"].to_list() == [instant("2026-01-14T20:03:33Z")]


def test_a_headline_of_another_kind_in_the_words_of_the_act_dates_it_and_one_in_others_does_not():
    acts = [
        {"title": "Court in Germany holds Google liable for false AI Overview answers", "at": f"2026-06-10T0{h}:10:00Z"}
        for h in (2, 3)
    ]
    early = {"at": "2026-06-10T01:44:00Z", "outlet": "early.example"}
    same = early | {"title": "Google liable for false AI Overview answers in Germany"}
    other = early | {"title": "My week with Google and its AI answers"}
    assert draft_as({"s": [same, *acts]})["best_at_utc"].to_list() == [instant(same["at"])]
    assert draft_as({"s": [other, *acts]})["best_at_utc"].to_list() == [instant(acts[0]["at"])]


def test_what_names_another_act_before_the_rest_tells_of_the_same_and_what_names_none_was_before_it():
    at, later = "2025-12-16T16:07:02Z", [f"2025-12-16T18:3{n}:00Z" for n in range(4)]
    acts = [{"title": "FDIC advances stablecoin framework under GENIUS Act", "at": at} for at in later]
    same = {"title": "FDIC proposes stablecoin framework under GENIUS Act", "at": at}
    none = {"title": "FDIC stablecoin caution heats up", "at": at}
    assert draft_as({"s": [same, *acts]})["best_at_utc"].to_list() == [instant(at)]
    assert draft_as({"s": [none, *acts]})["best_at_utc"].to_list() == [instant(later[0])]


def test_what_shares_the_words_of_an_act_dates_it_only_where_nobody_knew_of_it_before():
    hacked = [
        {"title": f"Hackers breach OpenAI code packages in supply chain attack {n}", "at": f"2026-05-14T16:2{n}:00Z"}
        for n in range(2)
    ]
    early = {"title": "OpenAI details supply chain attack on code packages", "at": "2026-05-14T04:51:00Z"}
    assert draft_as({"s": [early, *hacked]})["best_at_utc"].to_list() == [instant(early["at"])]
    passed = [
        {"title": f"Senate committee passes CLARITY Act on crypto markets {n}", "at": f"2026-05-14T16:5{n}:00Z"}
        for n in range(4)
    ]
    agenda = {"title": "Senate committee CLARITY Act crypto markets day", "at": "2026-05-14T10:03:00Z"}
    assert draft_as({"s": [agenda, *passed]})["best_at_utc"].to_list() == [instant(passed[0]["at"])]


def test_where_one_house_names_the_act_the_others_of_its_story_count_too():
    rows = [
        {
            "title": "Taiwan moves to detain three over alleged illegal AI server exports to China",
            "at": "2026-05-21T10:16:00Z",
        },
        {
            "title": "Taiwan investigates three for illegal export of AI servers with Nvidia chips",
            "at": "2026-05-21T16:48:00Z",
        },
    ]
    event = draft_as({"s": rows}).row(0, named=True)
    assert (event["best_at_utc"], event["n_outlets"]) == (instant(rows[0]["at"]), 2)


def test_a_house_in_some_of_the_words_counts_but_for_tokens_at_large():
    def houses(story: list[dict], other: str) -> int:
        return draft_as({"s": [*story, {"title": other, "at": story[-1]["at"]}]})["n_outlets"][0]

    court = "Court in Germany holds Google liable for false AI Overview answers"
    german = [{"title": court, "at": f"2026-06-10T02:1{n}:00Z"} for n in range(2)]
    assert houses(german, "Germany and Google quarrel on what answers are") == len(german) + 1
    assert houses(POSTPONED, "Senate bill on market hours for stock brokers") == len(POSTPONED)


def test_wordings_in_other_letters_do_not_thin_the_words_of_a_story():
    title = "State attorneys general investigate OpenAI over user impact"
    first = [{"title": title, "at": f"2026-06-12T23:2{n}:00Z"} for n in range(2)]
    first += [{"title": "OpenAI 正接受各州总检察长联盟的调查", "at": f"2026-06-12T23:3{n}:00Z"} for n in range(7)]
    later = [
        {"title": f"{title}, says report", "at": f"2026-06-13T15:0{n}:00Z", "outlet": f"l{n}.example"} for n in range(2)
    ]
    assert draft_as({"first": first, "later": later}).height == 1


def test_what_the_words_drew_in_is_no_evidence_of_the_act():
    beside = {"title": "Anthropic opens office in Seoul and names partners", "at": "2026-06-13T02:00:00Z"}
    grouped = group(make_headlines(*RESTRICTION, beside))
    one_story = add_exclusions(grouped.with_columns(pl.lit(grouped["story_id"][0]).alias("story_id")), FRAMES)
    sources = detect_in(one_story).sources
    assert sources["title"].to_list() == [row["title"] for row in RESTRICTION]


def test_what_an_office_writes_on_its_own_account_is_its_act():
    title = "I am directing the Department of War to designate Anthropic a supply chain risk"
    post = {"title": title, "at": "2026-02-27T22:31:18Z", "outlet_kind": "forum"}
    assert detect({**post, "url": "https://twitter.com/secwar/status/1"}).events.height == 1
    assert detect({**post, "url": "https://twitter.com/somebody/status/1"}).events.is_empty()


def test_a_site_that_is_down_says_nothing_of_what_its_owner_did():
    suit = [
        {"title": "Judge rejects Anthropic's $1.5B settlement with authors", "at": f"2026-06-10T0{n}:10:00Z"}
        for n in range(2)
    ]
    down = {"title": "Anthropic services down", "at": "2026-06-10T04:00:00Z", "url": "https://status.anthropic.com/1"}
    assert draft_as({"s": [*suit, down]})["n_outlets"].to_list() == [2]


def test_a_first_report_that_names_the_party_and_lists_other_names_dates_the_act():
    filed = [
        {"title": f"Bitwise files for 11 crypto funds, NEAR among them {n}", "at": f"2025-12-31T08:2{n}:00Z"}
        for n in range(3)
    ]
    early = {
        "title": "Bitwise proposes 11 crypto funds tracking AAVE, ZEC, TRX, UNI, SUI",
        "at": "2025-12-31T05:05:00Z",
    }
    assert draft_as({"s": [early, *filed]})["best_at_utc"].to_list() == [instant(early["at"])]
    other = early | {"title": early["title"].replace("Bitwise", "Somebody")}
    assert draft_as({"s": [other, *filed]})["best_at_utc"].to_list() == [instant(filed[0]["at"])]
