"""Headlines as the grouping compares them: words, numbers, names and what is said to happen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from analysis.events.stories.frames import FrameSet, frame_of
from analysis.events.titles import plain_title
from analysis.events.vocabulary import Vocabulary

_WORD = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TAIL = re.compile(r"\s+\((?:[^()]{2,60})\)$|\s+[-|]\s+[\w.][\w. ]{2,30}$")
_NEGATIONS = frozenset(
    {"not", "no", "never", "denies", "denied", "without", "won't", "isn't", "doesn't", "can't", "false"}
)
STOP_WORDS = frozenset(
    re.findall(
        r"\S+",
        "a an the of to in on for and or as at by with from after over amid its it is are was be will has have that "
        "this new says said us u.s more than into up out about via how why what who your you we our i his her their "
        "he she they but ai report reports sources source",
    )
)


@dataclass(frozen=True, slots=True)
class Headline:
    entry_id: str
    at: float  # seconds since 1970
    plain: str
    key: str
    words: frozenset[str]
    numbers: frozenset[str]
    negations: frozenset[str]
    entities: frozenset[str]
    frame: str
    category: str
    url_key: str | None
    is_relevant: bool


def story_input(entries: pl.DataFrame, frames: FrameSet) -> pl.DataFrame:
    """`entries` (entry_id, title, url, at_utc, category, is_relevant, entity_ids) with plain title and frame added."""
    plain = entries.with_columns(plain_title(pl.col("title")).alias("plain"))
    # Frames cost a regular expression each: only headlines that name somebody can meet on one.
    needs_frame = (pl.col("entity_ids").list.len() > 0) | pl.col("is_relevant")
    framed = plain.filter(needs_frame).select(
        "entry_id", frame_of(pl.col("plain"), pl.col("category"), frames).alias("frame")
    )
    return plain.join(framed, on="entry_id", how="left", validate="1:1", maintain_order="left").with_columns(
        pl.col("frame").fill_null("")
    )


def canonical_names(vocabulary: Vocabulary) -> dict[str, str]:
    """Names that stand for one actor in a headline: offices and people of one executive, a maker and its lab."""
    executive = {
        e.entity_id: "us-executive" for e in vocabulary.entities if e.kind == "government" and e.entity_id != "pentagon"
    }
    people = dict.fromkeys(("donald-trump", "howard-lutnick", "joe-biden"), "us-executive")
    return {**executive, **people, "google-deepmind": "google", "meta-ai": "meta"}


def headlines_of(frame: pl.DataFrame, canonical: dict[str, str]) -> list[Headline]:
    columns = ("entry_id", "plain", "url", "at_utc", "category", "is_relevant", "entity_ids", "frame")
    if not frame.height:
        return []
    named = frame.select(columns).with_columns(pl.col("entity_ids").list.eval(pl.element().replace(canonical)))
    return [_headline(*row) for row in named.iter_rows()]


def _headline(
    entry_id: str,
    plain: str,
    url: str | None,
    at: datetime,
    category: str,
    is_relevant: bool,
    entity_ids: list[str],
    frame: str,
) -> Headline:
    words = [word.lower().removesuffix("'s") for word in _WORD.findall(_TAIL.sub("", plain))]
    return Headline(
        entry_id,
        at.timestamp(),
        plain,
        " ".join(sorted(words)),
        frozenset(word for word in words if word not in STOP_WORDS),
        frozenset(_NUMBER.findall(plain)),
        frozenset(word for word in words if word in _NEGATIONS),
        frozenset(entity_ids),
        frame,
        category,
        _url_key(url),
        is_relevant,
    )


def _url_key(url: str | None) -> str | None:
    """The address without scheme and query; None for an empty one or a bare host, which many headlines share."""
    if not url:
        return None
    bare = url.split("://", 1)[-1].split("#", 1)[0].removeprefix("www.")
    if "ycombinator.com" not in bare and "youtube.com" not in bare:
        bare = bare.split("?", 1)[0]
    host, _, path = bare.rstrip("/").partition("/")
    return f"{host.lower()}/{path}" if len(path) > 1 else None


def contradicts(one: Headline, other: Headline) -> bool:
    """Whether two similar titles differ in what makes news different: a number, a negation, or a name on each side."""
    if one.numbers != other.numbers or one.negations != other.negations:
        return True
    return bool(one.entities - other.entities) and bool(other.entities - one.entities)
