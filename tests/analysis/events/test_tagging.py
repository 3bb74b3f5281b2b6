"""Tags carry the category, the names and the words that fired."""

import re

import polars as pl
import pytest

from analysis.events.tagging import find_tagged, tag_titles
from analysis.events.vocabulary import load_vocabulary
from analysis.events.wording.alternatives import MOST_TOGETHER, find_patterns
from analysis.threads import WORTH_THREADS
from tests.analysis.events.headline_frames import VOCABULARY
from warehouse.config import ConfigError, ConfigText


def test_examples_get_their_tag_and_counter_examples_do_not():
    expected = [(c, title, True) for c in VOCABULARY.categories for title in c.examples]
    expected += [(c, title, False) for c in VOCABULARY.categories for title in c.counter_examples]
    tagged = tag_titles(pl.Series([title for _, title, _ in expected]), VOCABULARY)
    wrong = []
    for (category, title, wanted), main, fired in zip(expected, tagged["category"], tagged["categories"], strict=True):
        is_tagged = main == category.category_id if category.is_main else category.category_id in fired
        if is_tagged != wanted:
            wrong.append((category.category_id, title, main))
    assert wrong == []


def test_one_category_is_found_where_it_is_tagged():
    titles = pl.Series([title for c in VOCABULARY.categories for title in (*c.examples, *c.counter_examples)])
    main = tag_titles(titles, VOCABULARY)["category"]
    for category in ("export_control_access", "executive_order", "outage", "token_price_commentary"):
        assert find_tagged(titles, category, VOCABULARY).to_list() == (main == category).to_list(), category
        assert (main == category).any()
    assert not find_tagged(pl.Series(["Rain in Lagos"]), "no_category", VOCABULARY).any()


WORDINGS = VOCABULARY.wordings


@pytest.mark.parametrize("wording", WORDINGS, ids=lambda wording: f"{wording.language}-{wording.category}")
def test_wording_of_a_language_tags_its_examples_and_no_counter_example(wording):
    titles = [*wording.examples, *wording.counter_examples]
    tagged = tag_titles(pl.Series(titles), VOCABULARY)["category"].to_list()
    expected = [True] * len(wording.examples) + [False] * len(wording.counter_examples)
    assert [category == wording.category for category in tagged] == expected, list(zip(titles, tagged, strict=True))


def test_every_language_words_the_same_happenings():
    worded = {}
    for wording in WORDINGS:
        worded.setdefault(wording.language, set()).add(wording.category)
    common = {"export_control_access", "executive_order", "enforcement_lawsuit", "regulation_legislation", "outage"}
    assert set(worded) == {"zh", "ja", "ko", "de", "fr", "es", "ru"}
    assert all(common <= categories for categories in worded.values())


def test_name_inside_a_text_without_spaces_is_found():
    titles = ["突发：Anthropic因美国政府指令停用Fable 5", "앤트로픽이 백악관과 협의", "В Белом доме обсудили Claude"]
    tagged = tag_titles(pl.Series(titles), VOCABULARY)
    assert [set(names) for names in tagged["entity_ids"].to_list()] == [
        {"anthropic", "us-government"},
        {"anthropic", "white-house"},
        {"anthropic", "white-house"},
    ]


def test_own_wording_of_a_language_is_read_and_a_wrong_reference_is_named():
    own = """
[[wording]]
language = "de"
category = "outage"
examples = ["Claude streikt"]
counter_examples = ["Claude schreibt"]

[[wording.rule]]
id = "de_strike"
score = 0.9
all = ['{lab}|{model}', 'streikt']
"""
    titles = pl.Series(["Claude streikt und die Nutzer warten"])
    assert tag_titles(titles, VOCABULARY)["category"][0] != "outage"
    mine = load_vocabulary(None, None, ConfigText("languages.toml", own))
    assert tag_titles(titles, mine)["category"][0] == "outage"
    with pytest.raises(ConfigError, match=r"languages.toml line 4.*no category 'outag'; did you mean 'outage'"):
        load_vocabulary(None, None, ConfigText("languages.toml", own.replace('"outage"', '"outag"')))


def test_every_category_says_what_it_is_and_shows_it():
    for category in VOCABULARY.categories:
        assert category.definition.endswith("."), category.category_id
        assert category.examples, category.category_id
        assert category.counter_examples, category.category_id


def test_evidence_is_the_words_of_the_title():
    tagged = tag_titles(pl.Series(["Judge dismisses claims against OpenAI"]), VOCABULARY)
    assert tagged["evidence"][0] == "OpenAI + Judge"
    assert tagged["rule_id"][0] == "enforcement_lawsuit.lab_in_court"
    assert 0 < tagged["score"][0] < 1


def test_a_model_counts_for_its_maker():
    assert tag_titles(pl.Series(["ChatGPT is down"]), VOCABULARY)["entity_ids"][0].to_list() == ["openai"]


def test_a_ticker_needs_its_own_case():
    tagged = tag_titles(pl.Series(["NEAR gains 9% in a day", "The end is near for this server"]), VOCABULARY)
    assert tagged["category"].to_list() == ["token_price_commentary", "tech_generic"]


def test_typographic_and_escaped_quotes_are_read_as_plain():
    tagged = tag_titles(pl.Series(["Italy&#8217;s watchdog bans OpenAI’s chatbot"]), VOCABULARY)
    assert tagged["category"][0] == "regulation_legislation"


def test_price_talk_is_relevant_but_an_outcome():
    category = VOCABULARY.category("token_price_commentary")
    assert category.is_relevant
    assert category.is_outcome


def test_empty_and_missing_titles_are_general():
    tagged = tag_titles(pl.Series(["", None], dtype=pl.String), VOCABULARY)
    assert tagged["category"].to_list() == ["general", "general"]
    assert tagged["is_relevant"].to_list() == [False, False]


def test_a_user_can_add_a_name_and_replace_a_category():
    tags = '[[category]]\nid = "sports"\nname = "Games"\n'
    names = '[[entity]]\nid = "acme"\nname = "Acme"\nkind = "lab"\naliases = ["Acme Labs"]\n'
    vocabulary = load_vocabulary(ConfigText("tags.toml", tags), ConfigText("entities.toml", names))
    assert vocabulary.category("sports").name == "Games"
    tagged = tag_titles(pl.Series(["Publishers sue Acme Labs"]), vocabulary)
    assert tagged["category"][0] == "enforcement_lawsuit"
    assert re.fullmatch(r"tags-\d+\+user-[0-9a-f]{8}/entities-\d+\+user-[0-9a-f]{8}/languages-\d+", vocabulary.version)
    assert vocabulary.category("sports").examples == VOCABULARY.category("sports").examples


def test_an_unknown_key_is_named():
    text = '[[entity]]\nid = "acme"\nname = "A"\nkind = "lab"\nalias = ["x"]\n'
    with pytest.raises(ConfigError, match=r"entities\.toml line 5: entity 'acme': alias: .*did you mean 'aliases'"):
        load_vocabulary(None, ConfigText("entities.toml", text))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{nothing}", r"tags\.toml line 4: category 'x': rule: \{nothing\} is no group"),
        ("(open", r"tags\.toml line 4: category 'x': rule: x\.y has a pattern that cannot be read: .*unclosed group"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_an_error_with_its_place(pattern: str, message: str):
    tags = f'[[category]]\nid = "x"\nname = "X"\n[[category.rule]]\nid = "y"\nscore = 0.5\nall = ["{pattern}"]\n'
    with pytest.raises(ConfigError, match=message):
        load_vocabulary(ConfigText("tags.toml", tags))


def test_own_rules_of_a_category_take_the_place_of_the_packaged_ones():
    tags = '[[category]]\nid = "sports"\n[[category.rule]]\nid = "mine"\nscore = 0.5\nall = ["xyz"]\n'
    vocabulary = load_vocabulary(ConfigText("tags.toml", tags))
    assert [rule.rule_id for rule in vocabulary.rules if rule.category_id == "sports"] == ["sports.mine"]
    own, packaged = vocabulary.category("sports"), VOCABULARY.category("sports")
    assert own.model_copy(update={"rule": packaged.rule}) == packaged
    assert len(vocabulary.rules) > 1


def test_an_owner_that_is_nobody_is_named_with_the_nearest_entity():
    names = '[[entity]]\nid = "claude"\nowner = "antropic"\n'
    with pytest.raises(ConfigError, match=r"line 3: entity 'claude': owner: .*did you mean 'anthropic'"):
        load_vocabulary(None, ConfigText("entities.toml", names))


def test_patterns_that_share_alternatives_find_what_each_finds_alone():
    text = pl.Series(["the bank", "a river|bank", "Rivers", "(sea)", "lake or pond", "a pond in B", "b ponder", ""])
    patterns = [
        r"(?i)\bbank\b|\brivers?\b",
        r"(?i)(?:(?:\bbank\b|[(|]sea)|(?-i:B))",
        r"(?i)\brivers?\b|lake\b.{0,9}\b(?:pond|bank)\b",
        r"(?i)(?:a|lake) (?:pond|river)|\|bank",
        r"pond\b|Rivers",
    ]
    found = find_patterns(text, patterns)
    assert {one: found[one].tolist() for one in patterns} == {one: text.str.contains(one).to_list() for one in patterns}
    assert 0 < sum(flags.sum() for flags in found.values()) < len(patterns) * len(text) / 2


def test_the_rules_find_in_parts_what_each_pattern_finds_alone():
    text = pl.Series([title for category in VOCABULARY.categories for title in category.examples])
    patterns = {pattern for rule in VOCABULARY.rules for pattern in (*rule.required, rule.marker) if pattern}
    found = find_patterns(text, patterns)
    differing = [one for one in patterns if found[one].tolist() != text.str.contains(one).to_list()]
    assert differing == []


def test_many_titles_are_tagged_as_few():
    few = [title for c in VOCABULARY.categories for title in (*c.examples, *c.counter_examples)]
    n_times = WORTH_THREADS // len(few) + 1
    many = tag_titles(pl.Series(few * n_times), VOCABULARY)
    assert many.equals(pl.concat([tag_titles(pl.Series(few), VOCABULARY)] * n_times))


def test_more_alternatives_than_one_search_takes_find_the_same():
    words = [f"word{number}s?" for number in range(2 * MOST_TOGETHER + 1)]
    pattern = f"(?i){'|'.join(words)}"
    text = pl.Series(["Word0 here", "no such thing", f"and WORD{len(words) - 1}s", "word77", "words"])
    assert find_patterns(text, [pattern])[pattern].tolist() == text.str.contains(pattern).to_list()
