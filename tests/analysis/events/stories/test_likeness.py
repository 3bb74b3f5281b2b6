"""What headlines are compared by is the same however it is found."""

import polars as pl

from analysis.events.stories.headlines import canonical_names, headlines_of
from analysis.events.stories.likeness import take_names_apart
from tests.analysis.events.headline_frames import VOCABULARY, make_headlines, prepare

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
