"""Stories that qualify as events, gathered into one draft per thing that happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from analysis.events.timing import EvidenceTime, date_event
from analysis.events.vocabulary import Vocabulary

# Independent outlets that make a story an event without a primary source.
ENOUGH_OUTLETS = 2
# Commentary without a new fact of its own needs more to stand alone.
ENOUGH_FOR_COMMENT = 3
# Stories with the same frame and parties within this are one thing that happened.
SAME_EVENT = timedelta(hours=72)
COMMENT_FRAMES = ("reaction", "market", "talks", "prospect", "testimony")
# What a court did is a ruling, whichever way one outlet words it.
SAME_FRAMES = {"dismiss": "ruling"}
# Tags between which outlets differ on one and the same act of a government.
NEIGHBOURS = frozenset({"export_control_access", "ai_policy_other", "government_action"})
PARTY_KINDS = ("lab", "chipmaker", "token", "company", "provider")
OUTCOME = "token_price_commentary"


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """One story as an event sees it."""

    story_id: str
    category: str
    frame: str
    entity_ids: tuple[str, ...]
    parties: frozenset[str]
    carriers: frozenset[str]
    primary_carriers: frozenset[str]
    time: EvidenceTime
    entries: pl.DataFrame


@dataclass(slots=True)
class Draft:
    """One event in the making: its stories in order of time, and the comment that followed."""

    stories: list[StoryFacts] = field(default_factory=list)
    comments: list[StoryFacts] = field(default_factory=list)

    @property
    def lead(self) -> StoryFacts:
        """The story that was public first."""
        return min(self.stories, key=lambda story: (story.time.best, story.story_id))

    @property
    def entries(self) -> pl.DataFrame:
        """All headlines that carry the event itself."""
        return pl.concat([story.entries for story in self.stories])

    @property
    def carriers(self) -> frozenset[str]:
        """Independent outlets."""
        return frozenset().union(*(story.carriers for story in self.stories))

    @property
    def parties(self) -> frozenset[str]:
        """Labs, makers, networks and companies in it."""
        return frozenset().union(*(story.parties for story in self.stories))


def draft_events(headlines: pl.DataFrame, vocabulary: Vocabulary) -> list[Draft]:
    """One draft per thing that happened, from the headlines of relevant stories.

    `headlines` has entry_id, story_id, title, url, outlet, category, frame, entity_ids and the columns of `add_clocks`
    and `add_carriers`. A story qualifies with ENOUGH_OUTLETS independent outlets or one primary source; talk about
    prices never does, because it is an outcome.
    """
    drafts: list[Draft] = []
    for story in sorted(qualifying_stories(headlines, vocabulary), key=lambda s: (s.time.best, s.story_id)):
        home = _home_of(story, drafts)
        is_comment = story.frame in COMMENT_FRAMES
        if home is None:
            if not is_comment or len(story.carriers) >= ENOUGH_FOR_COMMENT or story.primary_carriers:
                drafts.append(Draft([story]))
        elif is_comment and home.lead.frame != story.frame:
            home.comments.append(story)
        else:
            home.stories.append(story)
    return drafts


def qualifying_stories(headlines: pl.DataFrame, vocabulary: Vocabulary) -> list[StoryFacts]:
    """The stories that enough outlets or one primary source carry, with their first public evidence."""
    relevant = {category.category_id for category in vocabulary.categories if category.is_relevant} - {OUTCOME}
    counted = headlines.group_by("story_id").agg(
        pl.col("carrier").n_unique().alias("n_carriers"),
        pl.col("is_primary").any().alias("has_primary"),
        pl.col("category").mode().sort().first().alias("story_category"),
    )
    enough = counted.filter(
        ((pl.col("n_carriers") >= ENOUGH_OUTLETS) | pl.col("has_primary"))
        & pl.col("story_category").is_in(list(relevant))
    )
    party_ids = {entity.entity_id for entity in vocabulary.entities if entity.kind in PARTY_KINDS}
    chosen = headlines.join(enough, on="story_id", how="inner", validate="m:1")
    return [_facts(entries, party_ids) for entries in chosen.partition_by("story_id", maintain_order=True)]


def _facts(entries: pl.DataFrame, party_ids: set[str]) -> StoryFacts:
    rows = entries.select("entity_ids", "frame", "carrier", "is_primary").rows()
    named = Counter(entity_id for entity_ids, *_ in rows for entity_id in entity_ids)
    # A name in fewer than a quarter of the headlines is an aside.
    entity_ids = tuple(sorted((name for name in named if named[name] * 4 >= len(rows)), key=lambda n: (-named[n], n)))
    frames = Counter(frame for _, frame, *_ in rows if frame)
    return StoryFacts(
        entries["story_id"][0],
        entries["story_category"][0],
        min(frames, key=lambda frame: (-frames[frame], frame)) if frames else "",
        entity_ids,
        frozenset(entity_ids) & party_ids,
        frozenset(carrier for *_, carrier, _ in rows),
        frozenset(carrier for *_, carrier, is_primary in rows if is_primary),
        date_event(entries),
        entries,
    )


def _home_of(story: StoryFacts, drafts: list[Draft]) -> Draft | None:
    """The latest earlier draft that this story tells again or comments on."""
    frame = SAME_FRAMES.get(story.frame, story.frame)
    for draft in reversed(drafts):
        lead = draft.lead
        if story.time.best - lead.time.best > SAME_EVENT:
            return None
        is_comment = story.frame in COMMENT_FRAMES
        is_same = frame == SAME_FRAMES.get(lead.frame, lead.frame) and frame != ""
        if (is_same or is_comment) and _is_neighbour(lead.category, story.category) and _share_parties(draft, story):
            return draft
    return None


def _is_neighbour(one: str, other: str) -> bool:
    return one == other or (one in NEIGHBOURS and other in NEIGHBOURS)


def _share_parties(draft: Draft, story: StoryFacts) -> bool:
    if story.parties and draft.parties:
        return bool(story.parties & draft.parties)
    # Without a lab or network on one side, the officials or bodies named must be the same.
    return bool(set(story.entity_ids) & set(draft.lead.entity_ids)) and not (story.parties or draft.parties)
