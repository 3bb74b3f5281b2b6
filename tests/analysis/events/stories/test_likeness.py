"""What headlines are compared by is the same however it is found."""

import polars as pl
import pytest

from analysis.events.stories.frames import Wording, says
from analysis.events.stories.headlines import canonical_names, headlines_of, page_key, url_key
from analysis.events.stories.likeness import take_names_apart
from tests.analysis.events.headline_frames import FRAMES, VOCABULARY, make_headlines, prepare

MORE = (
    "Rain in Lagos",
    "美国政府下令Anthropic暂停Fable 5和Mythos 5的访问",
    "Café owner sues OpenAI, and Google after it",
    "openai's models",
    "NVIDIA and nvidia",
)


def test_names_are_taken_out_of_titles_of_any_letters_as_one_pattern_finds_them():
    titles = [*MORE, *(title for category in VOCABULARY.categories for title in category.examples)]
    rows = make_headlines(*({"title": title, "at": "2026-06-13T01:00:00Z"} for title in titles))
    headlines = headlines_of(prepare(rows), canonical_names(VOCABULARY))
    any_name = f"(?i:{'|'.join(entity.pattern for entity in VOCABULARY.entities)})"
    plain = pl.col("plain")
    wanted = headlines.select(
        plain.str.replace_all(any_name, " ").alias("masked"),
        plain.str.extract(f"({any_name})", 1).fill_null("").alias("first"),
    )
    found = take_names_apart(headlines, VOCABULARY)
    assert found.rows() == wanted.rows()
    assert {"Anthropic", "OpenAI", "openai", "NVIDIA", ""} <= set(found["first"])


@pytest.mark.parametrize("wording", [*FRAMES.happenings, *FRAMES.manners], ids=lambda wording: wording.id)
def test_a_wording_is_said_where_its_pattern_is_found(wording: Wording):
    titles = [*MORE, *(title for category in VOCABULARY.categories for title in category.examples)]
    titles += ["Bitcoin's price falls again", "OpenAI sues as its shares rise 3%", "5% up, and what a rally"]
    table = pl.DataFrame({"plain": titles})
    plain = pl.col("plain")
    wanted = plain.str.contains(f"(?i){wording.pattern}")
    if wording.unless is not None:
        wanted &= ~plain.str.contains(f"(?i){wording.unless}")
    found = table.select(says(plain, wording).alias("said")).to_series()
    assert found.to_list() == table.select(wanted.alias("said")).to_series().to_list()


@pytest.mark.parametrize(
    ("address", "key", "page"),
    [
        ("https://www.One.example/a/b/?utm_source=x&id=1#top", "one.example/a/b", "one.example/a/b/?id=1"),
        ("http://one.example/news#b#c?d", "one.example/news", "one.example/news"),
        ("https://www.youtube.com/watch?v=1", "youtube.com/watch?v=1", "youtube.com/watch?v=1"),
        ("https://one.example/go?to=http://two.example/a", "one.example/go", "one.example/go?to=http://two.example/a"),
        ("one.example/news", "one.example/news", "one.example/news"),
        ("https://one.example/", None, None),
        ("one.example", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_an_address_is_kept_without_scheme_place_and_what_names_no_page(address, key, page):
    table = pl.DataFrame({"url": [address]}, schema={"url": pl.String})
    assert table.select(url_key(pl.col("url")), page_key(pl.col("url")).alias("page")).row(0) == (key, page)
