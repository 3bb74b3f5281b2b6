"""Stories gathered into one draft per thing that happened, and which drafts are events."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from analysis.events.stories.headlines import STOP_WORDS
from analysis.events.stories.verdicts import judge_stories
from analysis.events.timing import EvidenceTime, date_event
from analysis.events.vocabulary import PARTY_KINDS, Vocabulary

# Publishing houses that make a happening an event without a primary source.
ENOUGH_OUTLETS = 2
# Commentary without a new fact of its own needs more to stand alone.
ENOUGH_FOR_COMMENT = 3
# A rule on tokens at large, that names no network of ours, is news of its own when it is told as widely as this.
ENOUGH_FOR_TOKENS_AT_LARGE = 4
TOKENS_AT_LARGE = "crypto_token_regulation"
# A story is told again, or commented on, within this of any of an event's stories.
SAME_EVENT = timedelta(hours=36)
# A draft that says the same as an event this long before, in fewer houses than make news of its own, repeats it.
REPEAT_WITHIN = timedelta(days=21)
NEWS_OF_ITS_OWN = 4
# Share of the fewer words from which two stories with a name in common tell the same, and with the same frame.
SAME_WORDS, SAME_FRAME_WORDS, REPEATED_WORDS = 0.6, 0.5, 0.5
COMMENT_FRAMES = ("reaction", "market", "talks", "prospect", "testimony")
# What a court did is a ruling, whichever way one outlet words it.
SAME_FRAMES = {"dismiss": "ruling"}
OPPOSITE_FRAMES = ({"restrict", "designate", "threat", "stagger"}, {"lift"})
# Tags between which outlets differ on one and the same act of a government.
NEIGHBOURS = frozenset({"export_control_access", "ai_policy_other", "government_action"})
OUTCOME = "token_price_commentary"
_STEM_LETTERS = 6
_WORD = re.compile(r"[a-z0-9$%']{3,}")


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """One story as an event sees it; `carriers` are those whose headlines are evidence of an act."""

    story_id: str
    category: str
    frame: str
    entity_ids: tuple[str, ...]
    parties: frozenset[str]
    tokens: frozenset[str]
    carriers: frozenset[str]
    primary_carriers: frozenset[str]
    words: frozenset[str]
    time: EvidenceTime
    entries: pl.DataFrame

    @property
    def is_comment(self) -> bool:
        """Whether it says what others make of an act, rather than that one happened."""
        return self.frame in COMMENT_FRAMES


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
        """Publishing houses that report it."""
        return frozenset().union(*(story.carriers for story in self.stories))

    @property
    def primary_carriers(self) -> frozenset[str]:
        """Primary sources whose own act it is."""
        return frozenset().union(*(story.primary_carriers for story in self.stories))

    @property
    def parties(self) -> frozenset[str]:
        """Labs, makers, networks and companies in it."""
        return frozenset().union(*(story.parties for story in self.stories))

    @property
    def is_event(self) -> bool:
        """Whether enough houses report it, or the one whose act it is says so."""
        return len(self.carriers) >= self._least_houses or bool(self.primary_carriers)

    @property
    def _least_houses(self) -> int:
        if all(story.category == TOKENS_AT_LARGE and not story.tokens for story in self.stories):
            return ENOUGH_FOR_TOKENS_AT_LARGE
        return ENOUGH_FOR_COMMENT if all(story.is_comment for story in self.stories) else ENOUGH_OUTLETS


def draft_events(headlines: pl.DataFrame, vocabulary: Vocabulary) -> list[Draft]:
    """One draft per new thing that happened, from the headlines of relevant stories.

    `headlines` has entry_id, story_id, title, plain, url, outlet, category, frame, entity_ids, `excluded` and the
    columns of `add_clocks` and `add_carriers`. Stories are joined before houses are counted: a happening told in seven
    wordings by seven houses is one. Headlines with a reason in `excluded` count for nothing; talk about prices is never
    an event, because it is an outcome; and what says again what was an event within three weeks is none.
    """
    drafts: list[Draft] = []
    for story in sorted(read_stories(headlines, vocabulary), key=lambda s: (s.time.best, s.story_id)):
        home = _home_of(story, drafts)
        if home is None:
            drafts.append(Draft([story]))
        elif story.is_comment and home.lead.frame != story.frame:
            home.comments.append(story)
        else:
            home.stories.append(story)
    return _without_repeats([draft for draft in drafts if draft.is_event])


def read_stories(headlines: pl.DataFrame, vocabulary: Vocabulary) -> list[StoryFacts]:
    """The facts of every relevant story that is no talk about prices."""
    verdicts = judge_stories(headlines, vocabulary)
    chosen = verdicts.filter(pl.col("is_relevant") & (pl.col("category") != OUTCOME)).select(
        "story_id", pl.col("category").alias("story_category")
    )
    kinds = {entity.entity_id: entity.kind for entity in vocabulary.entities}
    owners = {host: entity.entity_id for entity in vocabulary.entities for host in entity.hosts}
    joined = headlines.join(chosen, on="story_id", how="inner", validate="m:1")
    acting = frozenset(c.category_id for c in vocabulary.categories if c.is_relevant and not c.is_outcome)
    parts = joined.partition_by("story_id", maintain_order=True)
    return [_facts(entries, acting, kinds, owners) for entries in parts]


def _facts(entries: pl.DataFrame, acting: frozenset[str], kinds: dict[str, str], owners: dict[str, str]) -> StoryFacts:
    rows = entries.select("entity_ids", "frame", "plain").rows()
    named = Counter(entity_id for entity_ids, *_ in rows for entity_id in entity_ids)
    # A name in fewer than a quarter of the headlines is an aside.
    entity_ids = tuple(sorted((name for name in named if named[name] * 4 >= len(rows)), key=lambda n: (-named[n], n)))
    frames = Counter(frame for _, frame, _ in rows if frame)
    said = Counter(word for _, _, plain in rows for word in _stems(plain))
    # A headline of another kind that the words drew in says neither when this happened nor that it did.
    acts = entries.filter(pl.col("excluded").is_null() & pl.col("category").is_in(sorted(acting)))
    told = acts if acts.height else entries
    evidence = acts.select("entity_ids", "carrier", "is_primary").rows()
    return StoryFacts(
        entries["story_id"][0],
        entries["story_category"][0],
        min(frames, key=lambda frame: (-frames[frame], frame)) if frames else "",
        entity_ids,
        frozenset(name for name in entity_ids if kinds.get(name) in PARTY_KINDS),
        frozenset(name for name in entity_ids if kinds.get(name) == "token"),
        frozenset(carrier for _, carrier, _ in evidence),
        frozenset(carrier for ids, carrier, is_own in evidence if is_own and _is_own_act(carrier, ids, owners)),
        frozenset(word for word in said if said[word] * 3 >= len(rows)),
        date_event(told),
        entries,
    )


def _is_own_act(carrier: str, entity_ids: list[str], owners: dict[str, str]) -> bool:
    """Whether a source writes of itself; offices without a site of ours speak of their acts alone."""
    owner = owners.get(carrier)
    return owner is None or owner in entity_ids or not entity_ids


def _stems(plain: str) -> set[str]:
    return {word[:_STEM_LETTERS] for word in _WORD.findall(plain.lower()) if word not in STOP_WORDS}


def _home_of(story: StoryFacts, drafts: list[Draft]) -> Draft | None:
    """The latest earlier draft that this story tells again or comments on."""
    for draft in reversed(drafts):
        if all(story.time.best - other.time.best > SAME_EVENT for other in draft.stories):
            if story.time.best - draft.lead.time.best > 2 * SAME_EVENT:
                return None
            continue
        if _is_told_again(story, draft) or (story.is_comment and _is_about(story, draft)):
            return draft
    return None


def _is_about(story: StoryFacts, draft: Draft) -> bool:
    return _is_neighbour(draft.lead.category, story.category) and _share_parties(draft, story)


def _is_told_again(story: StoryFacts, draft: Draft) -> bool:
    if not (_is_about(story, draft) or set(story.entity_ids) & set(draft.lead.entity_ids)):
        return False
    return any(_is_same(story, other, _is_about(story, draft)) for other in draft.stories)


def _is_same(one: StoryFacts, other: StoryFacts, is_about: bool) -> bool:
    if abs(one.time.best - other.time.best) > SAME_EVENT or _are_opposite(one.frame, other.frame):
        return False
    if one.is_comment != other.is_comment:
        return False
    overlap = word_overlap(one, other)
    return overlap >= SAME_WORDS or (is_about and _have_same_frame(one, other) and overlap >= SAME_FRAME_WORDS)


def word_overlap(one: StoryFacts, other: StoryFacts) -> float:
    """The share (0 to 1) of the fewer words that both stories use."""
    return len(one.words & other.words) / max(1, min(len(one.words), len(other.words)))


def _have_same_frame(one: StoryFacts, other: StoryFacts) -> bool:
    return one.frame != "" and SAME_FRAMES.get(one.frame, one.frame) == SAME_FRAMES.get(other.frame, other.frame)


def _are_opposite(one: str, other: str) -> bool:
    imposed, taken_back = OPPOSITE_FRAMES
    return (one in imposed and other in taken_back) or (one in taken_back and other in imposed)


def _is_neighbour(one: str, other: str) -> bool:
    return one == other or (one in NEIGHBOURS and other in NEIGHBOURS)


def _share_parties(draft: Draft, story: StoryFacts) -> bool:
    if story.parties and draft.parties:
        return bool(story.parties & draft.parties)
    # Without a lab or network on one side, the officials or bodies named must be the same.
    return bool(set(story.entity_ids) & set(draft.lead.entity_ids)) and not (story.parties or draft.parties)


def _without_repeats(drafts: list[Draft]) -> list[Draft]:
    """`drafts` (in order of time) without those that say again, in few houses, what an earlier one said."""
    kept: list[Draft] = []
    for draft in drafts:
        if (
            len(draft.carriers) >= NEWS_OF_ITS_OWN
            or draft.lead.category == "outage"
            or not any(_repeats(draft, earlier) for earlier in reversed(kept))
        ):
            kept.append(draft)
    return kept


def _repeats(draft: Draft, earlier: Draft) -> bool:
    lag = draft.lead.time.best - earlier.lead.time.best
    return (
        lag <= REPEAT_WITHIN
        and not _are_opposite(draft.lead.frame, earlier.lead.frame)
        and bool(set(draft.lead.entity_ids) & set(earlier.lead.entity_ids))
        and max(word_overlap(draft.lead, story) for story in earlier.stories) >= REPEATED_WORDS
    )
