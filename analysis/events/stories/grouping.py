"""The same news across outlets: headlines grouped into stories, at the cost of the neighbourhood of what is new."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import fuzz
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from analysis.arrays import Flags
from analysis.events.stories.frames import FrameSet
from analysis.events.stories.headlines import Headline, canonical_names, contradicts, headlines_of
from analysis.events.stories.likeness import OUTAGE_HOURS, STORY_HOURS, profile
from analysis.events.stories.linkage import Links, link_headlines
from analysis.events.vocabulary import Vocabulary
from warehouse.tables.bars import SECONDS_PER_HOUR
from warehouse.tables.news import STORY_ENTRY

# Ratio of the sorted words from which two titles are the same headline (precision 0.955, recall 0.999 on variants).
NEAR_RATIO = 88.0
# Known headlines this far around the new ones are linked again with them: two stories' length.
MEMORY_HOURS = 2 * STORY_HOURS
RARE_WORDS = 4
# Titles of fewer words than this are near nothing.
LEAST_WORDS = 3
ID_LETTERS = 16
# More headlines than this under one word make it too common to propose candidates.
POSTING_LIMIT = 40
PERCENT = 100.0
# Headlines of these that name nobody meet only by title or address.
_QUIET = ("general", "tech_generic", "sports", "crypto_generic")


@dataclass(frozen=True, slots=True)
class _Meeting:
    """Two headlines that are one story whatever else is known: the later, the earlier, how alike, and why."""

    entry_id: str
    matched_entry_id: str
    similarity: float
    reason: str


@dataclass(slots=True)
class _Memory:
    """Recent headlines by key, address and rare word; forgets what is too old to matter."""

    frequency: Counter[str]
    by_key: dict[str, Headline] = field(default_factory=dict)
    by_url: dict[str, Headline] = field(default_factory=dict)
    by_word: dict[str, deque[Headline]] = field(default_factory=lambda: defaultdict(deque))

    def rare_words(self, headline: Headline) -> list[str]:
        return [word for _, word in sorted((self.frequency[word], word) for word in headline.words)[:RARE_WORDS]]

    def remember(self, headline: Headline, rare: list[str]) -> None:
        self.by_key[headline.key] = headline
        if headline.url_key is not None:
            self.by_url[headline.url_key] = headline
        for word in rare:
            posting = self.by_word[word]
            posting.append(headline)
            while posting[0].at < headline.at - STORY_HOURS * SECONDS_PER_HOUR:
                posting.popleft()


def group_stories(entries: pl.DataFrame, known: pl.DataFrame, frames: FrameSet, vocabulary: Vocabulary) -> pl.DataFrame:
    """`core.story_entry` rows for `entries`, and for those of `known` whose story is another one now.

    Both frames come from `story_input`; `known`, and `entries` grouped again, have story_id too. `known` needs
    to reach only MEMORY_HOURS around the new headlines, which is why a run costs what its new headlines cost. A story
    keeps the id of its earliest known headline: when news joins two stories, the later one's headlines take the earlier
    one's id.
    """
    canonical = canonical_names(vocabulary)
    new = headlines_of(entries, canonical)
    if not new:
        return STORY_ENTRY.empty()
    headlines = sorted(new + headlines_of(known, canonical), key=lambda h: (h.at, h.entry_id))
    meetings = _meetings(headlines)
    asked = {headline.entry_id for headline in new}
    links = _link(headlines, meetings, asked, frames, vocabulary)
    stories = {
        entry_id: story_id
        for frame in (entries, known)
        if "story_id" in frame.columns
        for entry_id, story_id in frame.select("entry_id", "story_id").iter_rows()
    }
    rows = [
        (*row, frames.version)
        for row in _rows(headlines, links, meetings, stories)
        if row[0] in asked or stories.get(row[0]) != row[1]
    ]
    return STORY_ENTRY.conform(pl.DataFrame(rows, schema=STORY_ENTRY.schema, orient="row"))


def _meetings(headlines: list[Headline]) -> dict[str, _Meeting]:
    """For each headline the earlier one with the same title or address, or nearly the same title, if there is one."""
    memory = _Memory(Counter(word for headline in headlines for word in headline.words))
    found = {}
    for headline in headlines:
        rare = memory.rare_words(headline)
        meeting = _same_key(headline, memory) or _same_url(headline, memory) or _near(headline, rare, memory)
        if meeting is not None:
            found[headline.entry_id] = meeting
        memory.remember(headline, rare)
    return found


def _link(
    headlines: list[Headline], meetings: dict[str, _Meeting], new: set[str], frames: FrameSet, vocabulary: Vocabulary
) -> Links:
    """Links among the headlines that can meet by what they say; the others have only their meetings."""
    n = len(headlines)
    at = {headline.entry_id: number for number, headline in enumerate(headlines)}
    met = np.array([(at[m.entry_id], at[m.matched_entry_id]) for m in meetings.values()], dtype=np.int64).reshape(-1, 2)
    _, owner = connected_components(
        csr_matrix((np.ones(len(met)), (met[:, 0], met[:, 1])), shape=(n, n)), directed=False
    )
    is_new = np.array([headline.entry_id in new for headline in headlines])
    speaks = np.array([bool(h.entities) or h.is_relevant or h.category not in _QUIET for h in headlines])
    takes_part = _any_by(owner, speaks)[owner]
    chosen = np.flatnonzero(takes_part)
    table = profile([headlines[number] for number in chosen], frames, vocabulary)
    inside = np.searchsorted(chosen, met[takes_part[met].all(axis=1)])
    found = link_headlines(table, inside, is_new[chosen])

    links = Links(np.where(_any_by(owner, is_new)[owner], owner, -1), np.full(n, -1), np.zeros(n))
    links.met[met[:, 0]] = met[:, 1]
    links.labels[chosen] = np.where(found.labels >= 0, found.labels + n, -1)
    links.met[chosen] = np.where(found.met >= 0, chosen[found.met], -1)
    links.chance[chosen] = found.chance
    return links


def _any_by(owner: npt.NDArray[np.int32], flags: Flags) -> Flags:
    """For each owner whether any of its members is flagged."""
    return np.bincount(owner, weights=flags.astype(float)) > 0


def _rows(
    headlines: list[Headline], links: Links, meetings: dict[str, _Meeting], stories: dict[str, str]
) -> list[tuple[str, str, str | None, float | None, str]]:
    """Every headline that was linked, with its story and why it is in it."""
    members: dict[int, list[int]] = defaultdict(list)
    for number, label in enumerate(links.labels.tolist()):
        if label >= 0:
            members[label].append(number)
    linked = {headlines[number].entry_id for numbers in members.values() for number in numbers}
    taken = {story_id for entry_id, story_id in stories.items() if entry_id not in linked}
    rows = []
    for numbers in _known_first(members, headlines, stories):
        story_id = _name(numbers, headlines, stories, taken)
        taken.add(story_id)
        own = {headlines[number].entry_id for number in numbers}
        for number in numbers:
            rows.append((headlines[number].entry_id, story_id, *_why(number, headlines, links, meetings, own)))
    return rows


def _known_first(members: dict[int, list[int]], headlines: list[Headline], stories: dict[str, str]) -> list[list[int]]:
    """Stories in order of their first known headline, then those of new headlines alone."""

    def first_known(numbers: list[int]) -> int:
        return next((n for n in numbers if headlines[n].entry_id in stories), len(headlines) + numbers[0])

    return sorted(members.values(), key=first_known)


def _name(numbers: list[int], headlines: list[Headline], stories: dict[str, str], taken: set[str]) -> str:
    """The id of the earliest known headline's story, else the earliest headline's own; never one that is taken."""
    entry_ids = [headlines[number].entry_id for number in numbers]
    known = [stories[entry_id] for entry_id in entry_ids if entry_id in stories]
    candidates = [*known, *(entry_id[:ID_LETTERS] for entry_id in entry_ids), *entry_ids]
    return next(candidate for candidate in candidates if candidate not in taken)


def _why(
    number: int, headlines: list[Headline], links: Links, meetings: dict[str, _Meeting], own: set[str]
) -> tuple[str | None, float | None, str]:
    """The headline it met, how alike they are (0 to 100), and by what."""
    meeting = meetings.get(headlines[number].entry_id)
    if meeting is not None and meeting.matched_entry_id in own:
        return meeting.matched_entry_id, meeting.similarity, meeting.reason
    if links.met[number] < 0:
        return None, None, "first"
    return headlines[links.met[number]].entry_id, PERCENT * float(links.chance[number]), "same_news"


def _is_within(one: Headline, other: Headline) -> bool:
    hours = OUTAGE_HOURS if one.category == "outage" else STORY_HOURS
    return abs(one.at - other.at) <= hours * SECONDS_PER_HOUR


def _same_key(headline: Headline, memory: _Memory) -> _Meeting | None:
    other = memory.by_key.get(headline.key)
    if other is None or not headline.words or not _is_within(headline, other):
        return None
    return _Meeting(headline.entry_id, other.entry_id, PERCENT, "exact")


def _same_url(headline: Headline, memory: _Memory) -> _Meeting | None:
    other = memory.by_url.get(headline.url_key) if headline.url_key is not None else None
    if other is None or not _is_within(headline, other):
        return None
    return _Meeting(headline.entry_id, other.entry_id, fuzz.ratio(headline.key, other.key), "same_url")


def _near(headline: Headline, rare: list[str], memory: _Memory) -> _Meeting | None:
    if len(headline.words) < LEAST_WORDS:
        return None
    best: tuple[float, Headline] | None = None
    seen: set[str] = set()
    for word in rare:
        posting = memory.by_word.get(word, ())
        if len(posting) > POSTING_LIMIT:
            continue
        for other in reversed(posting):
            if not _is_within(headline, other):
                break
            if other.entry_id in seen:
                continue
            seen.add(other.entry_id)
            score = fuzz.ratio(headline.key, other.key, score_cutoff=NEAR_RATIO)
            if score and (best is None or score > best[0]) and not contradicts(headline, other):
                best = (score, other)
    return None if best is None else _Meeting(headline.entry_id, best[1].entry_id, best[0], "near")
