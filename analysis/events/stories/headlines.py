"""Headlines as the grouping compares them: words, numbers, names and what is said to happen."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.events.stories.frames import FrameSet, frame_where_named
from analysis.events.titles import plain_title
from analysis.events.vocabulary import Vocabulary
from analysis.threads import share_rows
from warehouse.tables.bars import MICROSECONDS_PER_SECOND

# Letters and digits of any script, with what stands between them in "4.5", "u.s" and "don't".
_WORD = r"[\p{L}\p{N}]+(?:[.'’][\p{L}\p{N}]+)*"
_NUMBER = r"\d+(?:[.,]\d+)*"
_TAIL = r"\s+\((?:[^()]{2,60})\)$|\s+[-|]\s+[\p{L}\p{N}_.][\p{L}\p{N}_. ]{2,30}$"
_NEGATIONS = ("not", "no", "never", "denies", "denied", "without", "won't", "isn't", "doesn't", "can't", "false")
# Sites whose pages are told apart by the query of the address alone.
_BY_QUERY = r"ycombinator\.com|youtube\.com"
# What a query says of the way that led there, and pages that tell one thing after another.
_CAME_FROM = r"(?i)([?&])(?:(?:utm_\w+|fbclid|gclid|ref|cmpid|smid|taid)=[^&]*&?)+"
_GOES_ON = r"(?i)[/_.-](?:live|liveblog|updates)(?:[/_.?-]|$)"
STOP_WORDS = frozenset(
    re.findall(
        r"\S+",
        "a an the of to in on for and or as at by with from after over amid its it is are was be will has have that "
        "this new says said us u.s more than into up out about via how why what who your you we our i his her their "
        "he she they but ai report reports sources source",
    )
)


def story_input(entries: pl.DataFrame, frames: FrameSet) -> pl.DataFrame:
    """`entries` (entry_id, title, url, at_utc, category, is_relevant, entity_ids) with plain title and frame added."""
    return add_frames(add_plain(entries), frames)


def add_frames(entries: pl.DataFrame, frames: FrameSet) -> pl.DataFrame:
    """Tagged rows of `add_plain` with their frame."""
    return entries.with_columns(frame_where_named(pl.col("entity_ids"), frames).alias("frame"))


def add_plain(entries: pl.DataFrame) -> pl.DataFrame:
    """`entries` (title) with `plain`, the title in plain form: what they need to be grouped, beside their tags."""
    return entries.with_columns(plain_title(pl.col("title")).alias("plain"))


def canonical_names(vocabulary: Vocabulary) -> dict[str, str]:
    """Names that stand for one actor in a headline: offices and people of one executive, a maker and its lab."""
    executive = {
        e.entity_id: "us-executive" for e in vocabulary.entities if e.kind == "government" and e.entity_id != "pentagon"
    }
    people = dict.fromkeys(("donald-trump", "howard-lutnick", "joe-biden"), "us-executive")
    return {**executive, **people, "google-deepmind": "google", "meta-ai": "meta"}


def headlines_of(frame: pl.DataFrame, canonical: dict[str, str]) -> pl.DataFrame:
    """What the grouping compares of tagged rows of `add_plain`, a row each, in their order.

    Columns: entry_id, `at` (seconds since 1970), plain, `key` (all words in order of the alphabet), words, numbers,
    negations, entities (each a list of distinct members in order of the alphabet), category, url_key, is_relevant.
    """
    return share_rows(lambda part: _compared(part, canonical), frame)


def _compared(frame: pl.DataFrame, canonical: dict[str, str]) -> pl.DataFrame:
    bare = pl.col("plain").str.replace_all(_TAIL, "")
    word = pl.element().str.to_lowercase().str.strip_suffix("'s")
    told = frame.with_columns(bare.str.extract_all(_WORD).list.eval(word.sort()).alias("every_word"))
    return told.select(
        "entry_id",
        (pl.col("at_utc").dt.epoch("us") / MICROSECONDS_PER_SECOND).alias("at"),
        "plain",
        pl.col("every_word").list.join(" ").alias("key"),
        pl.col("every_word")
        .list.eval(pl.element().filter(~pl.element().is_in(STOP_WORDS)).unique().sort())
        .alias("words"),
        pl.col("plain").str.extract_all(_NUMBER).list.eval(pl.element().unique().sort()).alias("numbers"),
        pl.col("every_word")
        .list.eval(pl.element().filter(pl.element().is_in(_NEGATIONS)).unique().sort())
        .alias("negations"),
        pl.col("entity_ids").list.eval(pl.element().replace(canonical).unique().sort()).alias("entities"),
        "category",
        url_key(pl.col("url")).alias("url_key"),
        "is_relevant",
    )


def number_members(sets: pl.Series) -> tuple[Integers, Integers, int]:
    """Of lists: where each ends among all members, these as numbers in order of the alphabet, and how many differ.

    The ends begin with a 0.
    """
    ends = np.concatenate([[0], np.cumsum(sets.list.len().to_numpy().astype(np.int64))])
    members = sets.explode(empty_as_null=False)
    distinct = members.unique().sort()
    return ends, members.cast(pl.Enum(distinct)).to_physical().to_numpy().astype(np.int64), len(distinct)


def url_key(url: pl.Expr) -> pl.Expr:
    """Of addresses: each without scheme and query; null for an empty one or a bare host, which many headlines share."""
    bare = _without_scheme(url)
    return _below_host(pl.when(bare.str.contains(_BY_QUERY)).then(bare).otherwise(_parted(bare, "?")[0]))


def page_key(url: pl.Expr) -> pl.Expr:
    """As `url_key`, with what the query asks for but for where a reader came from; null too for a page that goes on."""
    address = _without_scheme(url).str.replace_all(_CAME_FROM, "$1").str.strip_chars_end("?&")
    return pl.when(~address.str.contains(_GOES_ON)).then(_below_host(address))


def _without_scheme(url: pl.Expr) -> pl.Expr:
    return _parted(pl.coalesce(_parted(url, "://")[1], url), "#")[0].str.strip_prefix("www.")


def _below_host(address: pl.Expr) -> pl.Expr:
    host, path = _parted(address.str.strip_chars_end("/"), "/")
    return pl.when(path.str.len_chars() > 1).then(pl.format("{}/{}", host.str.to_lowercase(), path))


def _parted(text: pl.Expr, mark: str) -> tuple[pl.Expr, pl.Expr]:
    """What stands before and after the first `mark`; without one all stands before it, and null after."""
    parts = text.str.splitn(mark, 2).struct
    return parts.field("field_0"), parts.field("field_1")
