"""The same news across outlets: headlines grouped into stories, incrementally."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

import polars as pl
from rapidfuzz import fuzz

from analysis.events.stories.frames import FrameSet
from analysis.events.stories.headlines import Headline, canonical_names, contradicts, headlines_of, news_overlap
from analysis.events.vocabulary import Vocabulary
from warehouse.tables.bars import SECONDS_PER_HOUR
from warehouse.tables.news import STORY_ENTRY

# Ratio of the sorted words from which two titles are the same headline (precision 0.955, recall 0.999 on variants).
NEAR_RATIO = 88.0
# Identical or nearly identical titles further apart are a repost or a recurring headline, not one story.
NEAR_WINDOW_HOURS = 72.0
# "X is down" recurs: an outage headline repeats only within one outage.
OUTAGE_WINDOW_HOURS = 8.0
# Longest span of any frame; nothing older than this can receive a headline.
MEMORY_HOURS = 120.0
RARE_WORDS = 4
# More headlines than this under one word make it too common to propose candidates.
POSTING_LIMIT = 40
# Overlap of names and words from which differently worded headlines with the same frame are one story.
SAME_NEWS_SCORE = 0.62


@dataclass(frozen=True, slots=True)
class _Meeting:
    story_id: str
    matched_entry_id: str | None
    similarity: float | None
    reason: str


@dataclass(slots=True)
class _Memory:
    """Recent headlines by key, address, rare word and name; forgets what is too old to matter."""

    frequency: Counter[str]
    story_of: dict[str, str] = field(default_factory=dict)
    first_at: dict[str, float] = field(default_factory=dict)
    by_key: dict[str, deque[Headline]] = field(default_factory=lambda: defaultdict(deque))
    by_url: dict[str, Headline] = field(default_factory=dict)
    by_word: dict[str, deque[Headline]] = field(default_factory=lambda: defaultdict(deque))
    by_name: dict[tuple[str, str], deque[Headline]] = field(default_factory=lambda: defaultdict(deque))

    def rare_words(self, headline: Headline) -> list[str]:
        return [word for _, word in sorted((self.frequency[word], word) for word in headline.words)[:RARE_WORDS]]

    def remember(self, headline: Headline, story_id: str, rare: list[str]) -> None:
        self.story_of[headline.entry_id] = story_id
        first = self.first_at.get(story_id)
        self.first_at[story_id] = headline.at if first is None else min(first, headline.at)
        self.by_key[headline.key].append(headline)
        if headline.url_key is not None:
            self.by_url[headline.url_key] = headline
        for word in rare:
            _push(self.by_word[word], headline, NEAR_WINDOW_HOURS)
        if headline.frame:
            for entity in headline.entities:
                _push(self.by_name[(headline.frame, entity)], headline, MEMORY_HOURS)


def _push(posting: deque[Headline], headline: Headline, hours: float) -> None:
    """Append to a posting in order of time, forgetting what no later headline can meet."""
    posting.append(headline)
    limit = headline.at - hours * SECONDS_PER_HOUR
    while posting[0].at < limit:
        posting.popleft()


def group_stories(entries: pl.DataFrame, known: pl.DataFrame, frames: FrameSet, vocabulary: Vocabulary) -> pl.DataFrame:
    """`core.story_entry` rows for `entries`, each in a known story of `known` or in a new one.

    Both frames come from `story_input`; `known` also has story_id and needs to reach only MEMORY_HOURS around the new
    headlines, which is why a run costs what its new headlines cost. Known stories are never merged or renamed.
    """
    canonical = canonical_names(vocabulary)
    headlines = headlines_of(entries, canonical)
    remembered = headlines_of(known, canonical)
    memory = _Memory(Counter(word for headline in headlines + remembered for word in headline.words))
    stories = dict(zip(known["entry_id"], known["story_id"], strict=True)) if known.height else {}
    owners = {e.entity_id for e in vocabulary.entities if e.kind in ("lab", "chipmaker", "token", "company")}
    rows = []
    begun: dict[str, str] = {}
    for headline in sorted(headlines + remembered, key=lambda h: (h.at, h.entry_id)):
        rare = memory.rare_words(headline)
        meeting = _meet(headline, rare, memory, frames, owners) if headlines else _Meeting("", None, None, "first")
        if headline.entry_id in stories:
            # An older headline that arrived late began a story which turns out to be this known one.
            if meeting.story_id in begun:
                begun[meeting.story_id] = stories[headline.entry_id]
            memory.remember(headline, stories[headline.entry_id], rare)
            continue
        if meeting.reason == "first":
            begun[meeting.story_id] = meeting.story_id
        memory.remember(headline, meeting.story_id, rare)
        rows.append(
            (
                headline.entry_id,
                meeting.story_id,
                meeting.matched_entry_id,
                meeting.similarity,
                meeting.reason,
                frames.version,
            )
        )
    links = pl.DataFrame(rows, schema=STORY_ENTRY.schema, orient="row")
    return STORY_ENTRY.conform(links.with_columns(pl.col("story_id").replace(begun)))


def _meet(headline: Headline, rare: list[str], memory: _Memory, frames: FrameSet, owners: set[str]) -> _Meeting:
    return (
        _same_key(headline, memory)
        or _same_url(headline, memory)
        or _near(headline, rare, memory)
        or _same_news(headline, memory, frames, owners)
        or _Meeting(headline.entry_id[:16], None, None, "first")
    )


def _window_hours(headline: Headline) -> float:
    return OUTAGE_WINDOW_HOURS if headline.category == "outage" else NEAR_WINDOW_HOURS


def _is_within(one: Headline, other: Headline, hours: float) -> bool:
    return abs(one.at - other.at) <= hours * SECONDS_PER_HOUR


def _same_key(headline: Headline, memory: _Memory) -> _Meeting | None:
    for other in reversed(memory.by_key.get(headline.key, ())):
        if headline.words and _is_within(headline, other, _window_hours(headline)):
            return _Meeting(memory.story_of[other.entry_id], other.entry_id, 100.0, "exact")
    return None


def _same_url(headline: Headline, memory: _Memory) -> _Meeting | None:
    other = memory.by_url.get(headline.url_key) if headline.url_key is not None else None
    if other is None or not _is_within(headline, other, _window_hours(headline)):
        return None
    return _Meeting(memory.story_of[other.entry_id], other.entry_id, fuzz.ratio(headline.key, other.key), "same_url")


def _near(headline: Headline, rare: list[str], memory: _Memory) -> _Meeting | None:
    if len(headline.words) < 3:
        return None
    best: tuple[float, Headline] | None = None
    seen: set[str] = set()
    oldest = headline.at - _window_hours(headline) * SECONDS_PER_HOUR
    for word in rare:
        posting = memory.by_word.get(word, ())
        if len(posting) > POSTING_LIMIT:
            continue
        for other in reversed(posting):
            if other.at < oldest:
                break
            if other.entry_id in seen:
                continue
            seen.add(other.entry_id)
            score = fuzz.ratio(headline.key, other.key, score_cutoff=NEAR_RATIO)
            if score and (best is None or score > best[0]) and not contradicts(headline, other):
                best = (score, other)
    if best is None:
        return None
    return _Meeting(memory.story_of[best[1].entry_id], best[1].entry_id, best[0], "near")


def _same_news(headline: Headline, memory: _Memory, frames: FrameSet, owners: set[str]) -> _Meeting | None:
    if not headline.frame or not headline.entities:
        return None
    span = frames.span_hours(headline.frame) * SECONDS_PER_HOUR
    best: tuple[float, Headline] | None = None
    seen: set[str] = set()
    for entity in headline.entities:
        for other in memory.by_name.get((headline.frame, entity), ()):
            if other.entry_id in seen or abs(headline.at - memory.first_at[memory.story_of[other.entry_id]]) > span:
                continue
            seen.add(other.entry_id)
            score = news_overlap(headline, other, owners)
            if score >= SAME_NEWS_SCORE and (best is None or score > best[0]):
                best = (score, other)
    if best is None:
        return None
    return _Meeting(memory.story_of[best[1].entry_id], best[1].entry_id, round(100 * best[0], 1), "same_news")
