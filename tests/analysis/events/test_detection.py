"""Stories become events when enough outlets or a primary source carry them."""

import polars as pl
import pytest

from analysis.events.detection import MOST_SOURCES
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
    sources_as,
    told_by,
)

CHATTER = {"title": "My week with Claude Fable 5 and a home-made robot", "at": "2026-06-12T10:50:00Z"}


def test_reports_of_one_act_are_one_event_dated_by_the_first():
    event = detect(*RESTRICTION).events.row(0, named=True)
    assert event["event_id"] == "2026-06-12-anthropic-takes-fable-5-offline-after-us"
    assert event["best_at_utc"] == instant("2026-06-12T23:56:41Z")
    assert (event["direction"], event["jurisdiction"], event["n_outlets"]) == ("restricts", "US", 3)
    assert "3 independent outlets" in event["reason"]


def test_the_first_report_leads_the_evidence_and_the_rest_confirm():
    sources = detect(*RESTRICTION).sources
    assert sources["role"].to_list() == ["first_report", "confirmation", "confirmation"]
    assert sources["source_number"].to_list() == [1, 2, 3]


def test_one_outlet_alone_is_no_event():
    assert detect({**RESTRICTION[1], "outlet": "only.example"}).events.is_empty()


def test_reposts_of_one_article_are_one_outlet():
    link = {"url": "https://only.example/a", "outlet_kind": "forum"}
    assert detect({**RESTRICTION[1], **link}, {**RESTRICTION[1], **link, "outlet": "other list"}).events.is_empty()


def test_a_primary_source_alone_is_enough():
    statement = {"title": "Statement on the US directive to suspend access to Fable 5", "at": "2026-06-13T01:00:00Z"}
    events = detect({**statement, "url": "https://www.anthropic.com/news/x"}).events
    assert events.height == 1
    assert "primary source anthropic.com" in events["reason"][0]


def test_chatter_that_the_words_drew_in_neither_dates_an_act_nor_counts_as_a_house():
    grouped = group(make_headlines(*RESTRICTION, CHATTER))
    one_story = add_exclusions(grouped.with_columns(pl.lit(grouped["story_id"][0]).alias("story_id")), FRAMES)
    event = detect_in(one_story).events.row(0, named=True)
    assert event["best_at_utc"] == instant(RESTRICTION[0]["at"])
    assert event["n_outlets"] == len(RESTRICTION)


def test_a_rule_on_tokens_at_large_needs_four_houses_and_one_on_our_networks_two():
    assert told_by(3, "SEC approves spot Solana ETF").is_empty()
    assert told_by(4, "SEC approves spot Solana ETF").height == 1
    assert told_by(2, "SEC sues Bittensor foundation over unregistered token sale").height == 1


def test_talk_and_plans_about_token_rules_are_no_event_however_many_repeat_them():
    assert told_by(6, "JPMorgan CFO warns stablecoins risk becoming regulatory arbitrage").is_empty()
    assert told_by(6, "FDIC plans stablecoin rules under GENIUS Act").is_empty()


def test_a_reaction_is_evidence_of_the_act_and_no_event_of_its_own():
    reactions = (
        {
            "title": "Tech world reacts to US ban on Anthropic's Fable 5",
            "at": "2026-06-13T08:00:00Z",
            "outlet": "c.example",
        },
        {
            "title": "Tech world reacts to US ban on Anthropic's Fable 5",
            "at": "2026-06-13T09:00:00Z",
            "outlet": "d.example",
        },
    )
    found = detect(*RESTRICTION, *reactions)
    assert found.events.height == 1
    assert found.sources["role"].to_list().count("reaction") == 2


def test_comment_on_another_matter_of_the_party_is_no_evidence_and_no_event():
    suit = [
        {"title": "OpenAI sued by widow over shooting in Florida", "at": f"2026-05-11T11:1{n}:00Z"} for n in range(2)
    ]
    about = "OpenAI shooting trial: widow takes the stand in Florida"
    other = "Altman takes stand in OpenAI trial over nonprofit"

    def reactions(title: str) -> int:
        comment = [{"title": title, "at": f"2026-05-11T14:1{n}:00Z", "outlet": f"c{n}.example"} for n in range(4)]
        sources = sources_as({"suit": suit, "comment": comment})
        assert sources["event_id"].n_unique() == 1
        return sources["role"].to_list().count("reaction")

    assert (reactions(about), reactions(other)) == (4, 0)


def test_only_what_was_taken_from_the_same_party_in_words_of_the_same_is_restored():
    def roles(first: str, then: str) -> set[str]:
        told = {
            "a": [{"title": first, "at": f"2026-06-02T01:1{n}:00Z", "outlet": f"a{n}.example"} for n in range(3)],
            "b": [{"title": then, "at": f"2026-06-12T01:1{n}:00Z", "outlet": f"b{n}.example"} for n in range(3)],
        }
        sources = sources_as(told)
        return set(sources.filter(pl.col("title") == then)["role"])

    ban, back = (
        "US government bans exports of Anthropic's Fable 5",
        "US government lifts ban on Anthropic's Fable 5 exports",
    )
    assert roles(ban, back) == {"first_report", "restored"}
    assert roles(ban.replace("Anthropic's Fable", "OpenAI's GPT"), back) == {"first_report", "confirmation"}
    assert roles(back, ban) == {"first_report", "confirmation"}
    assert roles("US government bans Anthropic from buildings", "US government clears Anthropic for chips") == {
        "first_report",
        "confirmation",
    }


def test_a_first_report_names_the_event_and_no_later_headline_or_one_that_says_less():
    first = [
        {"title": "Hackers insert malware into Mistral software download", "at": f"2026-05-12T22:2{n}:00Z"}
        for n in range(2)
    ]
    late = [
        {"title": "Hackers threaten to leak files of Mistral, software giant says", "at": f"2026-05-15T16:2{n}:00Z"}
        for n in range(3)
    ]
    event = draft_as({"story": [*first, *late]}).row(0, named=True)
    assert (event["title"], event["event_id"]) == (
        first[0]["title"],
        "2026-05-12-hackers-insert-malware-into-mistral-software-download",
    )
    relayed = told_by(4, "Breaking: SEC approves spot Solana ETF - Here's why (Jane Doe/Example Paper)")
    assert relayed["title"].to_list() == ["SEC approves spot Solana ETF"]
    weak = {"title": "MP's lawsuit could decide what xAI answers for", "at": "2026-06-04T07:39:00Z"}
    strong = {"title": "MP sues xAI over deepfake image that its chatbot Grok made", "at": "2026-06-04T14:50:00Z"}
    assert draft_as({"story": [weak, strong]})["title"].to_list() == [strong["title"]]


def test_release_that_nothing_is_given_back_by_is_no_lifting():
    ban = {
        "title": "US government bars foreign staff and visitors from trying OpenAI models abroad",
        "at": "2026-05-01T02:08:00Z",
    }
    vetted = {"title": "US government vets OpenAI models before public release", "at": "2026-05-05T02:08:00Z"}
    story = {name: [row | {"outlet": f"o{n}.example"} for n in range(3)] for name, row in (("a", ban), ("b", vetted))}
    sources = sources_as(story)
    assert set(sources.filter(pl.col("title") == vetted["title"])["role"]) == {"first_report", "confirmation"}


def test_what_was_announced_takes_no_place_of_a_headline_that_tells_the_act():
    act = {"title": "US government orders Anthropic to shut down Fable 5"}
    before = {"title": "US government set to order Anthropic to shut down Fable 5", "at": "2026-06-12T22:00:00Z"}
    announced = [before | {"outlet": f"b{n}.example"} for n in range(5)]
    told = [
        act | {"at": f"2026-06-13T0{1 + n // 60}:{n % 60:02}:00Z", "outlet": f"o{n}.example"}
        for n in range(MOST_SOURCES + 2)
    ]
    few = sources_as({"act": told[:10], "plan": announced})
    assert few["role"].to_list() == ["announced"] * 5 + ["first_report"] + ["confirmation"] * 9
    most = sources_as({"act": told, "plan": announced})
    assert most["role"].to_list() == ["first_report"] + ["confirmation"] * (MOST_SOURCES - 1)
    assert most["source_number"].to_list() == list(range(1, MOST_SOURCES + 1))


def test_comment_that_three_houses_make_is_not_lost_with_an_act_that_one_told():
    act = {"title": "Anthropic takes Fable 5 offline after US directive", "at": "2026-06-13T01:00:00Z"}
    comment = "Tech world reacts to US ban on Anthropic's Fable 5"
    rows = [{"title": comment, "at": f"2026-06-13T08:0{n}:00Z"} for n in range(3)]
    assert draft_as({"act": [act], "comment": rows})["n_outlets"].to_list() == [3]
    told = [act, act | {"outlet": "second.example"}]
    assert draft_as({"act": told, "comment": rows})["n_outlets"].to_list() == [2], "beside an event it is its echo"


def test_price_talk_is_never_an_event():
    rows = [
        {"title": "TAO price jumps 20% in a day", "at": "2026-06-13T08:00:00Z", "outlet": f"{n}.example"} for n in "abc"
    ]
    assert detect(*rows).events.is_empty()


def test_lifting_is_an_event_of_its_own_that_enables():
    lifts = (
        {"title": "US lifts restrictions on Anthropic's Fable 5", "at": "2026-06-14T08:00:00Z", "outlet": "c.example"},
        {
            "title": "Anthropic restores Fable 5 after US lifts controls",
            "at": "2026-06-14T09:00:00Z",
            "outlet": "d.example",
        },
    )
    events = detect(*RESTRICTION, *lifts).events.sort("best_at_utc")
    assert events["direction"].to_list() == ["restricts", "enables"]


def test_an_event_keeps_its_id_when_an_earlier_report_turns_up():
    grouped = add_exclusions(group(make_headlines(*RESTRICTION[1:])), FRAMES)
    known = dict.fromkeys(grouped["story_id"], "2026-06-13-as-first-named")
    again = detect_in(grouped, known).events
    assert again["event_id"].to_list() == ["2026-06-13-as-first-named"]


def test_no_event_takes_the_id_of_a_recorded_one_whether_new_or_known():
    grouped = add_exclusions(group(make_headlines(*RESTRICTION)), FRAMES)
    own = detect_in(grouped).events["event_id"][0]
    other = detect_in(grouped, recorded=[own]).events["event_id"][0]
    assert other.startswith(f"{own}-")
    known = dict.fromkeys(grouped["story_id"], own)
    assert detect_in(grouped, known, recorded=[own]).events["event_id"].to_list() == [other]


def test_houses_are_counted_after_wordings_that_met_nobody_are_joined():
    rows = (
        {"title": "Colorado governor signs AI hiring law", "at": "2026-06-13T01:00:00Z", "outlet": "a.example"},
        {"title": "AI hiring law: Colorado governor signs it", "at": "2026-06-14T10:00:00Z", "outlet": "b.example"},
    )
    events = detect(*rows).events
    assert events.height == 1
    assert events["n_outlets"][0] == 2


def test_odds_in_two_houses_are_no_event():
    rows = [
        {
            "title": "Polymarket odds of US ban on Fable 5 hit 68%",
            "at": "2026-06-13T01:00:00Z",
            "outlet": f"{n}.example",
        }
        for n in "ab"
    ]
    assert detect(*rows).events.is_empty()


def test_names_of_one_publishing_house_are_one_outlet():
    rows = [
        {**RESTRICTION[1], "outlet": "The Verge"},
        {**RESTRICTION[0], "outlet": "The Verge · AI", "at": "2026-06-13T02:00:00Z"},
    ]
    assert detect(*rows).events.is_empty()


def test_a_lab_speaks_only_for_itself():
    statement = {"title": "Pentagon designates OpenAI a supply chain risk", "at": "2026-06-13T01:00:00Z"}
    assert detect({**statement, "url": "https://www.anthropic.com/news/x"}).events.is_empty()
    assert detect({**statement, "url": "https://openai.com/x"}).events.height == 1


def test_an_event_restricts_or_enables_only_where_its_headlines_say_so():
    def direction(title: str) -> str:
        return told_by(4, title)["direction"][0]

    assert direction("US government restricts access to Fable 5") == "restricts"
    assert direction("US government lifts restrictions on Anthropic's Fable 5") == "enables"
    assert direction("US government holds off on blacklisting DeepSeek") == "neutral"
    assert direction("Pentagon signs Anthropic for classified AI programs") == "neutral"
    assert direction("US government in talks with Anthropic over access to Fable 5") == "neutral"
    assert direction("SEC lifts restrictions on Bittensor trust") == "neutral", "rules on tokens bear on no lab"
    assert direction("美国政府命令Anthropic停用Fable 5") == "restricts", "other letters: by the kind of act"
    assert direction("美国放宽对英伟达芯片出口限制") == "enables"
    assert direction("作家起诉OpenAI侵犯版权") == "neutral", "who sues whom is not read there"


def test_an_id_keeps_the_digits_of_a_decimal_apart():
    assert "1-5-billion" in told_by(4, "US government restricts $1.5 billion of Anthropic AI access")["event_id"][0]


ORDERED = [
    {
        "title": "Trump calls off signing of AI security executive order",
        "at": f"2026-05-21T15:{n:02d}:00Z",
        "outlet": f"c{n}.example",
    }
    for n in range(3)
]


def test_a_plan_a_day_before_is_neither_the_act_nor_its_time():
    plans = [
        {
            "title": "Trump plans AI security executive order",
            "at": f"2026-05-20T19:{n:02d}:00Z",
            "outlet": f"p{n}.example",
        }
        for n in range(2)
    ]
    found = detect(*plans, *ORDERED).events
    assert found["best_at_utc"].to_list() == [instant("2026-05-21T15:00:00Z")]


def test_another_act_of_the_same_party_a_few_hours_later_is_an_event_of_its_own():
    suits = [
        {
            "title": "Canadian mother sues OpenAI over daughter's death",
            "at": f"2026-06-12T11:{n:02d}:00Z",
            "outlet": f"s{n}.example",
        }
        for n in range(2)
    ]
    probes = [
        {
            "title": "OpenAI investigated by state attorneys general over ChatGPT",
            "at": f"2026-06-12T23:{n:02d}:00Z",
            "outlet": f"q{n}.example",
        }
        for n in range(3)
    ]
    found = detect(*suits, *probes).events.sort("best_at_utc")
    assert found["best_at_utc"].to_list() == [instant("2026-06-12T11:00:00Z"), instant("2026-06-12T23:00:00Z")]


@pytest.mark.parametrize(
    ("act", "one", "other"),
    [
        ("{} passes bill to regulate crypto exchanges", "Kenya", "Australia"),
        ("{} secures MiCA license in Austria", "AMINA", "Zerohash"),
        ("US Congress passes bill on state rules for {}", "AI", "crypto tokens"),
    ],
)
def test_the_same_act_of_another_place_or_firm_or_on_another_thing_on_the_same_day_is_an_event_of_its_own(
    act, one, other
):
    def told_of(who: str, hour: int) -> list[dict]:
        return [
            {"title": act.format(who), "at": f"2025-11-03T{hour:02d}:0{n}:00Z", "outlet": f"s{n}.example"}
            for n in range(4)
        ]

    assert draft_as({"a": told_of(one, 9), "b": told_of(one, 11)}).height == 1
    assert draft_as({"a": told_of(one, 9), "b": told_of(other, 11)}).height == 2


def test_the_approval_of_a_firm_and_a_rule_that_does_not_name_it_are_two_events():
    def told_of(title: str, hour: int) -> list[dict]:
        return [{"title": title, "at": f"2026-01-09T{hour:02d}:0{n}:00Z", "outlet": f"s{n}.example"} for n in range(4)]

    firm = told_of("Ripple wins UK regulatory approval for crypto payments", 12)
    rule = told_of("UK regulators open gateway of approval for crypto payments", 9)
    same = told_of("UK regulators give Ripple approval for crypto payments", 9)
    assert draft_as({"firm": firm, "rule": rule}).height == 2
    assert draft_as({"firm": firm, "same": same}).height == 1


def test_what_a_lab_thinks_of_policy_on_its_own_page_is_no_event():
    view = {"title": "Anthropic on third-party testing as an ingredient of AI policy", "at": "2026-06-13T01:00:00Z"}
    assert detect({**view, "url": "https://www.anthropic.com/news/x"}).events.is_empty()


def test_an_event_is_named_by_its_most_typical_title():
    odd = {
        "title": "NSA tests aside: Fable 5 is shut down, and Anthropic has a bad night with the US government",
        "at": "2026-06-12T23:50:00Z",
        "outlet": "odd.example",
    }
    grouped = group(make_headlines(*RESTRICTION, odd))
    one_story = add_exclusions(grouped.with_columns(pl.lit(grouped["story_id"][0]).alias("story_id")), FRAMES)
    event = detect_in(one_story).events.row(0, named=True)
    assert event["title"] == RESTRICTION[2]["title"]
