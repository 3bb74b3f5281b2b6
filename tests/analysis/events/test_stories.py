"""Headlines become one story when they are the same news, and stay apart when they are not."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import random_array

from analysis.events.stories import linkage
from analysis.events.stories.grouping import group_stories
from analysis.events.stories.headlines import canonical_names, headlines_of
from analysis.events.stories.likeness import Pairs, Profile, chances, measures, pairs_that_share, profile
from tests.analysis.events.headline_frames import FRAMES, VOCABULARY, group, make_headlines, prepare


def stories_of(*rows: dict) -> list[str]:
    return group(make_headlines(*rows))["story_id"].to_list()


def are_together(one: str, other: str, at: str = "2026-06-13T02:00:00Z") -> bool:
    first, second = stories_of({"title": one, "at": "2026-06-13T01:00:00Z"}, {"title": other, "at": at})
    return first == second


def test_the_same_title_in_two_outlets_is_one_story():
    assert are_together("Bank opens branch in Lagos", "Bank Opens Branch in Lagos!")


def test_a_reordered_title_is_one_story():
    assert are_together("New bank branch opens in Lagos this Friday", "New bank branch in Lagos opens this Friday")


def test_different_numbers_are_different_stories():
    assert not are_together("Fund buys 500 coins for its treasury plan", "Fund buys 900 coins for its treasury plan")


def test_a_negation_is_a_different_story():
    assert not are_together("Regulator approves the bridge loan plan", "Regulator never approves the bridge loan plan")


def test_different_names_are_different_stories():
    assert not are_together("Investors sue OpenAI over chat records", "Investors sue Midjourney over chat records")


def test_differently_worded_reports_of_one_act_are_one_story():
    assert are_together(
        "Anthropic takes Fable 5 offline after US directive", "US government orders Anthropic to shut down Fable 5"
    )


def test_the_reaction_is_not_the_act():
    assert not are_together(
        "Anthropic takes Fable 5 offline after US directive", "Tech world reacts to US ban on Anthropic's Fable 5"
    )


@pytest.mark.parametrize(
    "other",
    [
        "Anthropic and US hold talks over limits on access to Fable 5",
        "US limits access to Anthropic's Fable 5",
    ],
)
def test_a_suit_is_neither_the_act_nor_talks_about_it(other):
    assert not are_together("Legal firm sues over US limits on access to Anthropic's Fable 5", other)


@pytest.mark.parametrize(
    ("one", "same", "another"),
    [
        (
            "Kenya passes bill to regulate crypto exchanges",
            "Kenyan lawmakers pass bill to regulate crypto exchanges",
            "Australia passes bill to regulate crypto exchanges",
        ),
        (
            "Illinois lawmakers approve crypto tax bill",
            "Lawmakers approve crypto tax bill",
            "Michigan lawmakers approve crypto tax bill",
        ),
        (
            "AMINA secures MiCA license in Austria",
            "Swiss Crypto Bank AMINA Wins MiCA License in Austria",
            "Zerohash secures MiCA license in Austria",
        ),
        (
            "US Congress passes bill on state rules for AI",
            "Congress passes the bill on AI rules of the states",
            "US Congress passes bill on state rules for crypto tokens",
        ),
        (
            "Arizona lawmaker proposes bill to exempt bitcoin from taxes",
            "Arizona lawmaker proposes bill that exempts bitcoin from taxes",
            "Oklahoma lawmaker proposes bill to exempt bitcoin from taxes",
        ),
    ],
)
def test_rules_of_two_places_or_on_two_things_and_licences_of_two_firms_are_two_stories_in_the_same_words(
    one, same, another
):
    assert are_together(one, same)
    assert not are_together(one, another)


def test_a_piece_too_large_is_parted_by_its_surest_pairs_and_else_in_order_of_time(monkeypatch):
    monkeypatch.setattr(linkage, "LARGEST_PIECE", 2)
    pairs = np.array([[3, 0], [2, 1], [3, 2]])

    def parts(*chance: float) -> list[list[int]]:
        found = linkage._pieces(pairs, np.array(chance), 4, np.ones(4, dtype=bool))
        return sorted(part.tolist() for part in found)

    assert parts(0.9, 0.8, 0.5) == [[0, 3], [1, 2]]
    assert parts(0.5, 0.5, 0.9) == [[0], [1], [2, 3]]
    assert parts(1.0, 1.0, 1.0) == [[0, 1], [2, 3]]


def table_of(*titles: str) -> Profile:
    headlines = prepare(make_headlines(*({"title": title, "at": "2026-06-13T01:00:00Z"} for title in titles)))
    return profile(headlines_of(headlines, canonical_names(VOCABULARY)), FRAMES, VOCABULARY)


def test_of_the_same_words_those_that_begin_with_the_same_actor_are_likelier_one_story():
    titles = (
        "Anthropic asks OpenAI for a truce",
        "OpenAI asks Anthropic for a truce",
        "Anthropic asks OpenAI a truce for",
    )
    chance = chances(table_of(*titles), Pairs(np.zeros(3, dtype=np.int64), np.arange(3)))
    assert chance[1] < chance[2] == chance[0]


def test_pairs_of_a_later_and_an_earlier_headline_share_a_word_or_a_name():
    table = table_of(
        "OpenAI sues Google over a patent", "Google is sued by OpenAI", "Rain in Lagos", "Google opens an office"
    )
    every = np.arange(len(table))
    shared = pairs_that_share(table, every, every)
    assert list(zip(shared.left, shared.right, strict=True)) == [(1, 0), (3, 0), (3, 1)]


@pytest.mark.parametrize("least", [0.5, 0.9, 0.99])
def test_chances_from_a_least_one_on_are_those_of_every_pair_and_the_others_0(least):
    table = table_of(
        "OpenAI sues Google over a patent",
        "Google is sued by OpenAI",
        "OpenAI sues Google over a patent on chips",
        "Google opens an office",
        "OpenAI sues Google",
    )
    pairs = Pairs(*np.tril_indices(len(table), -1))
    every = chances(table, pairs)
    np.testing.assert_array_equal(chances(table, pairs, least), np.where(every >= least, every, 0.0))
    assert 0 < np.count_nonzero(every >= least) < np.count_nonzero(every)


def test_products_of_chosen_rows_are_to_the_bit_those_of_the_table():
    matrix = random_array((40, 300), density=0.2, format="csr", dtype=np.float32, rng=np.random.default_rng(3))
    left, right = np.tril_indices(40)
    chosen = Pairs(left, right).dot(matrix)
    np.testing.assert_array_equal(chosen, (matrix @ matrix.T).toarray()[left, right])
    assert np.count_nonzero(chosen) > len(chosen) / 2


def test_a_name_that_comes_first_counts_for_its_actor_and_only_at_the_start_leads():
    titles = ("White House stops it", "US government stops it", "OpenAI stops it", "Something new: why OpenAI stops it")
    left, right = (side.ravel() for side in np.indices((4, 4)))
    found = measures(table_of(*titles), Pairs(left, right))
    assert found["other_first"][left == 0].tolist() == [0, 0, 1, 1]
    assert found["led"][left == 3].tolist() == [1, 1, 1, 0]


def test_lifting_is_not_imposing():
    assert not are_together(
        "US restricts access to Fable 5 of Anthropic", "US lifts restrictions on Anthropic's Fable 5"
    )


def test_a_recurring_headline_months_later_is_a_new_story():
    assert not are_together("ChatGPT is down", "ChatGPT is down", at="2026-09-13T02:00:00Z")


def test_two_outages_of_one_day_stay_two():
    assert not are_together("ChatGPT is down", "ChatGPT is down", at="2026-06-13T22:00:00Z")


def test_one_address_is_one_story_whatever_the_language():
    url = "https://lab.example/news/statement"
    first, second = stories_of(
        {"title": "Statement on the directive", "at": "2026-06-13T01:00:00Z", "url": url},
        {"title": "关于指令的声明", "at": "2026-06-13T03:00:00Z", "url": url + "?utm_source=x"},
    )
    assert first == second


def test_a_bare_host_says_nothing():
    first, second = stories_of(
        {"title": "Status of the service today", "at": "2026-06-13T01:00:00Z", "url": "https://status.example/"},
        {"title": "Something else entirely", "at": "2026-06-13T03:00:00Z", "url": "https://status.example/"},
    )
    assert first != second


def test_why_two_headlines_met_is_on_record():
    grouped = group(
        make_headlines(
            {"title": "Bank opens branch in Lagos", "at": "2026-06-13T01:00:00Z"},
            {"title": "Bank opens branch in Lagos", "at": "2026-06-13T02:00:00Z"},
        )
    )
    assert grouped["reason"].to_list() == ["first", "exact"]
    assert grouped["matched_entry_id"].to_list() == [None, "entry-0000-padding"]
    assert grouped["algorithm_version"].unique().to_list() == [FRAMES.version]


def test_a_later_run_joins_known_stories_and_renames_none():
    rows = [
        {"title": "Bank opens branch in Lagos", "at": "2026-06-13T01:00:00Z", "entry_id": "aaaaaaaaaaaaaaaaaaaa"},
        {"title": "Bank opens branch in Lagos", "at": "2026-06-13T02:00:00Z", "entry_id": "bbbbbbbbbbbbbbbbbbbb"},
    ]
    first = group(make_headlines(rows[0]))
    second = group(make_headlines(rows[1]), known=first.select(*prepare(make_headlines(rows[0])).columns, "story_id"))
    assert second["story_id"].to_list() == first["story_id"].to_list() == ["a" * 16]


def test_a_late_arrival_joins_the_story_that_was_known_first():
    known = group(
        make_headlines({"title": "Bank opens branch in Lagos", "at": "2026-06-13T05:00:00Z", "entry_id": "k" * 20})
    )
    late = group(
        make_headlines({"title": "Bank opens branch in Lagos", "at": "2026-06-13T01:00:00Z", "entry_id": "z" * 20}),
        known=known.select(*prepare(make_headlines({"title": "x", "at": "2026-06-13T05:00:00Z"})).columns, "story_id"),
    )
    assert late["story_id"].to_list() == known["story_id"].to_list()


WORDS = st.lists(
    st.sampled_from(["bank", "court", "OpenAI", "sues", "Lagos", "opens", "2026", "no", "tokens"]), min_size=1
)


@settings(max_examples=6, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=8))
def test_every_headline_gets_exactly_one_story_in_any_input(titles):
    headlines = make_headlines(*({"title": " ".join(words), "at": "2026-06-13T01:00:00Z"} for words in titles))
    prepared = prepare(headlines)
    known = prepared.clear().with_columns(pl.lit("").alias("story_id"))
    links = group_stories(prepared, known, FRAMES, VOCABULARY)
    again = group_stories(prepared.reverse(), known, FRAMES, VOCABULARY)
    assert sorted(links["entry_id"]) == sorted(headlines["entry_id"])
    assert dict(links.select("entry_id", "story_id").rows()) == dict(again.select("entry_id", "story_id").rows())


STREAM = (
    ("Anthropic takes Fable 5 offline after US directive", "2026-06-13T01:00:00Z"),
    ("Senate panel passes stablecoin bill in 15-9 vote", "2026-06-13T02:00:00Z"),
    ("US government orders Anthropic to shut down Fable 5", "2026-06-13T03:00:00Z"),
    ("Nvidia wins licence to sell H20 chips to China", "2026-06-13T04:00:00Z"),
    ("Senate committee advances stablecoin bill, 15-9", "2026-06-13T05:00:00Z"),
    ("OpenAI sued by publishers over training data", "2026-06-13T06:00:00Z"),
    ("Anthropic disables Fable 5 after government directive", "2026-06-13T07:00:00Z"),
    ("Publishers sue OpenAI over training data", "2026-06-13T08:00:00Z"),
    ("Nvidia gets licence for H20 chips to China", "2026-06-13T09:00:00Z"),
)


def partition(links: pl.DataFrame) -> set[frozenset[str]]:
    groups = links.group_by("story_id").agg("entry_id")["entry_id"].to_list()
    return {frozenset(group) for group in groups}


@settings(max_examples=5, deadline=None)
@given(st.permutations(range(len(STREAM))), st.integers(1, len(STREAM) - 1))
def test_stories_are_the_same_whether_headlines_come_at_once_or_in_any_two_runs(order, cut):
    rows = make_headlines(
        *({"title": title, "at": at, "entry_id": f"entry-{n:04d}-padding"} for n, (title, at) in enumerate(STREAM))
    )
    prepared = prepare(rows)
    nothing = prepared.clear().with_columns(pl.lit("").alias("story_id"))
    at_once = group_stories(prepared, nothing, FRAMES, VOCABULARY)
    first, second = prepared[order[:cut]], prepared[order[cut:]]
    early = group_stories(first, nothing, FRAMES, VOCABULARY)
    known = first.join(early.select("entry_id", "story_id"), on="entry_id", how="inner", validate="1:1")
    late = group_stories(second, known, FRAMES, VOCABULARY)
    stored = {**dict(early.select("entry_id", "story_id").rows()), **dict(late.select("entry_id", "story_id").rows())}
    merged = pl.DataFrame(list(stored.items()), schema=["entry_id", "story_id"], orient="row")
    assert partition(merged) == partition(at_once)
    assert len(partition(at_once)) < len(STREAM), "some of them are one story"


def test_news_that_joins_two_stories_gives_the_later_one_the_earlier_ones_id():
    titles = [
        ("Anthropic takes Fable 5 offline", "2026-06-13T01:00:00Z"),
        ("US government orders halt of Anthropic model", "2026-06-13T02:00:00Z"),
    ]
    rows = make_headlines(*({"title": t, "at": at, "entry_id": f"{n}" * 20} for n, (t, at) in enumerate(titles)))
    known = prepare(rows).with_columns(pl.Series("story_id", ["0" * 16, "1" * 16]))
    bridge = make_headlines(
        {"title": "US government orders Anthropic to take Fable 5 offline", "at": "2026-06-13T03:00:00Z"}
    )
    links = group(bridge, known)
    assert links["story_id"].to_list() == ["0" * 16]


def test_one_order_told_in_two_languages_is_one_story():
    told = [
        {"title": "US government orders Anthropic to suspend Fable 5 and Mythos 5", "at": "2026-06-13T01:00:00Z"},
        {"title": "美国政府下令Anthropic暂停Fable 5和Mythos 5的访问", "at": "2026-06-13T01:30:00Z"},
        {"title": "加拿大母亲起诉OpenAI，指控ChatGPT诱导女儿自杀", "at": "2026-06-13T01:40:00Z"},
    ]
    first, second, other = group(make_headlines(*told))["story_id"].to_list()
    assert first == second
    assert other != first
