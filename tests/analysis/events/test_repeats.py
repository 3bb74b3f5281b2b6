"""What says again what was an event is none, however late and in whatever words."""

from __future__ import annotations

import pytest

from tests.analysis.events.headline_frames import RESTRICTION, detect, draft_as, instant, sources_as


def test_what_was_an_event_last_week_is_a_repeat():
    again = {**RESTRICTION[1], "at": "2026-06-20T01:00:00Z"}
    repeats = [{**again, "outlet": f"late{n}.example"} for n in range(2)]
    assert detect(*RESTRICTION, *repeats).events.height == 1


def test_what_few_houses_go_on_about_after_an_act_that_many_told_is_no_second_act():
    told = [{**RESTRICTION[2], "outlet": f"m{n}.example"} for n in range(6)]
    later = [
        {
            "title": "US restrictions on Anthropic models trigger talk of an arms race",
            "at": "2026-06-14T20:00:00Z",
            "outlet": f"l{n}.example",
        }
        for n in range(2)
    ]
    assert detect(*told, *later).events.height == 1
    assert detect(*told[:3], *later).events.height == 2


def test_an_aftermath_in_four_houses_is_none_beside_an_act_that_three_times_as_many_told():
    told = [{**RESTRICTION[2], "outlet": f"m{n}.example"} for n in range(12)]
    again = {
        "title": "US restrictions on Anthropic models trigger talk of an arms race",
        "at": "2026-06-14T20:00:00Z",
    }
    later = [{**again, "outlet": f"l{n}.example"} for n in range(4)]
    assert detect(*told, *later).events.height == 1
    assert detect(*told[:11], *later).events.height == 2


def test_a_government_takes_access_from_one_party_once_whatever_words_tell_it():
    first = [
        {
            "title": "Anthropic suspends access to Fable 5, Mythos 5, citing US directive",
            "at": f"2026-06-13T0{h}:10:00Z",
        }
        for h in (0, 1)
    ]
    later = [
        {
            "title": "US Government Orders Anthropic to Pull Claude Fable, Mythos AI Models",
            "at": f"2026-06-13T1{h}:10:00Z",
        }
        for h in (6, 7)
    ]
    assert draft_as({"first": first, "later": later})["best_at_utc"].to_list() == [instant("2026-06-13T00:10:00Z")]
    others = [
        row | {"title": row["title"].replace("Anthropic", "OpenAI").replace("Claude Fable, Mythos", "GPT")}
        for row in later
    ]
    assert draft_as({"first": first, "later": others}).height == 2


def houses(n: int, title: str, at: str) -> list[dict]:
    return [{"title": title, "at": at, "outlet": f"{at}-{k}.example"} for k in range(n)]


def n_events(*stories: list[dict]) -> int:
    return draft_as({str(number): rows for number, rows in enumerate(stories)}).height


def test_a_bill_that_many_saw_pass_does_not_pass_again_in_fewer_houses():
    passed = houses(6, "Senate Banking Committee passes CLARITY Act in 15-9 vote", "2026-05-14T16:00:00Z")
    again = "CLARITY Act passes Senate Banking Committee, money laundering question hovers"
    assert n_events(passed, houses(5, again, "2026-05-16T17:00:00Z")) == 1
    assert n_events(passed, houses(7, again, "2026-05-16T17:00:00Z")) == 2  # more than saw it: something passed
    assert n_events(passed, houses(5, again, "2026-05-18T17:00:00Z")) == 2


def test_one_office_signs_one_order_in_a_day_and_a_half_whatever_words_tell_it():
    signed = houses(2, "Trump signs a national security memorandum on AI across intelligence", "2026-06-05T18:00:00Z")
    again = "Trump signs executive memo putting most advanced AI into military hands"
    assert n_events(signed, houses(2, again, "2026-06-06T18:00:00Z")) == 1
    assert n_events(signed, houses(2, again, "2026-06-08T18:00:00Z")) == 2
    assert n_events(signed, houses(4, again, "2026-06-06T18:00:00Z")) == 2  # told as widely as news is


def test_what_both_parties_are_named_for_is_a_repeat_in_a_third_of_the_words():
    accused = houses(4, "Anthropic accuses Alibaba of largest distillation attack on Claude", "2026-06-24T20:00:00Z")
    late = "Anthropic says Alibaba used 25k accounts to mine Claude with questions"
    assert n_events(accused, houses(2, late, "2026-06-27T16:00:00Z")) == 1
    assert n_events(accused, houses(2, late.replace("Alibaba", "DeepSeek"), "2026-06-27T16:00:00Z")) == 2


def test_one_newsroom_that_tells_of_a_name_on_a_list_months_later_tells_no_news():
    named = houses(3, "Pentagon designates Anthropic a supply chain risk", "2026-02-27T22:00:00Z")
    late = "Pentagon labels Anthropic a supply chain risk amid policy shift"
    assert n_events(named, houses(1, late, "2026-05-05T13:00:00Z")) == 1
    assert n_events(named, houses(1, late.replace("Anthropic", "OpenAI"), "2026-05-05T13:00:00Z")) == 2
    assert n_events(named, houses(2, late, "2026-05-05T13:00:00Z")) == 2


def test_a_firm_is_sued_once_within_hours_and_may_be_again_the_next_day():
    first = houses(3, "Anthropic faces lawsuit over usage limits of its Claude Max plan", "2026-06-15T13:00:00Z")
    other = "Anthropic hit with lawsuit by customers who question promises"
    assert n_events(first, houses(4, other, "2026-06-15T16:00:00Z")) == 1
    assert n_events(first, houses(4, other, "2026-06-16T16:00:00Z")) == 2


def test_an_agreement_that_is_agreed_to_and_signed_is_one():
    agreed = houses(3, "Trump administration presses Meta to agree to AI model reviews", "2026-06-23T22:00:00Z")
    signed = "White House hopes to sign agreement with Meta on AI model reviews"
    assert n_events(agreed, houses(2, signed, "2026-06-24T12:00:00Z")) == 1
    assert n_events(agreed, houses(2, signed.replace("Meta", "Google"), "2026-06-24T12:00:00Z")) == 2


def test_an_agreement_told_in_more_than_a_quarter_of_the_words_is_one():
    hoped = houses(3, "White House hopes to sign agreement with Meta on AI model reviews", "2026-06-23T22:00:00Z")
    signed = "Pentagon signs contract with Meta for frontier model tests"  # two words of seven
    assert n_events(hoped, houses(2, signed, "2026-06-24T12:00:00Z")) == 1
    assert n_events(hoped, houses(2, signed.replace("Meta", "Google"), "2026-06-24T12:00:00Z")) == 2


def test_an_act_that_ten_times_as_many_told_has_an_aftermath_of_a_week():
    told = houses(20, "US government orders Anthropic to shut down Fable 5", "2026-06-12T23:00:00Z")
    again = "US restrictions on Anthropic models trigger talk of an arms race"
    assert n_events(told, houses(2, again, "2026-06-16T20:00:00Z")) == 1
    assert n_events(told, houses(2, again, "2026-06-20T20:00:00Z")) == 2
    assert n_events(told[:19], houses(2, again, "2026-06-16T20:00:00Z")) == 2


def test_a_word_of_leave_is_no_restriction_and_dates_none():
    banned = [row | {"title": f"{row['title']} {n}"} for n, row in enumerate(RESTRICTION)]
    leave = {"title": "White House grants access to Anthropic's Mythos model; Fable still shut down"}
    late = leave | {"at": "2026-06-27T19:00:00Z", "outlet": "only.example"}
    found = draft_as({"ban": banned, "leave": [late]})
    assert found["best_at_utc"].to_list() == [instant(RESTRICTION[0]["at"]), instant(late["at"])]
    assert found["direction"].to_list() == ["restricts", "enables"]


def test_a_firm_whose_name_has_no_stem_parts_no_story_of_its_licence():
    titles = ("M2 wins UK regulatory approval for crypto exchange", "Crypto exchange wins UK regulatory approval")
    told = {
        f"story-{n}": [{"title": title, "at": f"2026-06-13T0{n}:30:00Z", "outlet": f"h{n}{k}.example"} for k in "ab"]
        for n, title in enumerate(titles)
    }
    assert draft_as(told).height == 1


@pytest.mark.parametrize(
    ("at", "n_told"),
    [
        ("2026-06-14T18:57:05Z", 4),
        ("2026-06-14T18:57:06Z", 3),
        ("2026-06-11T18:57:05Z", 4),
        # Alone it is the first of an act so rare, which the others then repeat.
        ("2026-06-11T18:57:04Z", 1),
    ],
)
def test_a_story_is_told_again_within_36_hours_of_the_first_to_the_second(at: str, n_told: int):
    told = [{**RESTRICTION[2], "outlet": f"m{n}.example"} for n in range(3)]
    again = [{**RESTRICTION[2], "at": at, "seen": at, "outlet": "l.example"}]
    assert sources_as({"told": told, "again": again}).height == n_told
