"""What each story says happened, who tells it, and when, as an event sees it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from analysis.events.stories.verdicts import judge_stories
from analysis.events.timing import EvidenceTime, date_event
from analysis.events.vocabulary import PARTY_KINDS, Vocabulary
from analysis.events.wording.stems import FEWEST_WORDS, LEAST_SPOKEN, stems

# Publishing houses that make a happening an event without a primary source.
ENOUGH_OUTLETS = 2
TOKENS_AT_LARGE = "crypto_token_regulation"
NEWS_OF_ITS_OWN = 4
MANY_MORE = 3
# Share of its words from which a headline of another kind tells what the rest of its story does.
TOLD_WORDS = 0.42
# Share of a story's headlines that says what happened, and that makes it comment.
FRAME_SHARE, COMMENT_SHARE = 0.25, 0.5
# What was public this long before a headline that names the act may be its first report in other words.
BEFORE_NAMED = timedelta(hours=2)
# What few houses wrote this long before many others did was of something else.
LONE_LEAD = timedelta(hours=12)
PROSPECT = "prospect"
# Of these much is said in the same words before they happen.
ACTS_ON_SCHEDULE = ("pass", "delay", "veto", "ruling", "dismiss", "propose")
COMMENT_FRAMES = ("reaction", "market", "talks", PROSPECT, "testimony")
OPPOSITE_FRAMES = ({"restrict", "designate", "threat", "stagger"}, {"lift"})
# On a lab's own page these are views, appointments and endorsements, not acts.
VIEWS_OF_LABS = ("ai_policy_other", "regulation_legislation", "executive_order")
OUTCOME = "token_price_commentary"
# Share of the fewer words from which two stories with a name in common tell the same.
SAME_WORDS = 0.6


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """One story as an event sees it; `told` are its headlines that are evidence of an act, `carriers` their houses."""

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
    told: pl.DataFrame
    entries: pl.DataFrame

    @property
    def is_comment(self) -> bool:
        """Whether it says what others make of an act, rather than that one happened."""
        return self.frame in COMMENT_FRAMES


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
    spoken = [stems(plain) for *_, plain in rows]
    named = Counter(entity_id for entity_ids, *_ in rows for entity_id in entity_ids)
    # A name in fewer than a quarter of the headlines is an aside.
    entity_ids = tuple(sorted((name for name in named if named[name] * 4 >= len(rows)), key=lambda n: (-named[n], n)))
    frame = _frame_of_story([frame for _, frame, _ in rows])
    said = Counter(word for words in spoken for word in words)
    # Wordings in other letters use few of these words, and are no reason to forget the others'.
    n_spoken = sum(len(words) >= LEAST_SPOKEN for words in spoken)
    words = frozenset(word for word in said if said[word] * 3 >= n_spoken)
    told = _without_forerunner(_from_the_act_on(_acts(entries, acting), frame))
    category: str = entries["story_category"][0]
    evidence = told.filter("is_counted").select("entity_ids", "carrier", "is_primary", "category").rows()
    return StoryFacts(
        entries["story_id"][0],
        category,
        frame,
        entity_ids,
        frozenset(name for name in entity_ids if kinds.get(name) in PARTY_KINDS),
        frozenset(name for name in entity_ids if kinds.get(name) == "token"),
        frozenset(carrier for _, carrier, *_ in evidence),
        frozenset(
            carrier for ids, carrier, is_own, kind in evidence if is_own and _is_own_act(carrier, ids, kind, owners)
        ),
        words,
        date_event(told if told.height else entries),
        told if told.height else entries,
        entries,
    )


def _frame_of_story(frames: list[str]) -> str:
    """What most of the headlines that say so say happened; empty when too few of all do."""
    said = Counter(frame for frame in frames if frame)
    least = {frame: COMMENT_SHARE if frame in COMMENT_FRAMES else FRAME_SHARE for frame in said}
    enough = {frame: n for frame, n in said.items() if n >= least[frame] * len(frames)}
    return min(enough, key=lambda frame: (-enough[frame], frame)) if enough else ""


def _acts(entries: pl.DataFrame, acting: frozenset[str]) -> pl.DataFrame:
    """Headlines of a story that say what happened, of `acting` kinds, and others in their words once two houses do.

    A headline of another kind that the words drew in says neither when this happened nor that it did. One that shares
    some words dates the story; its house counts (`is_counted`) too, but for tokens at large, of which much is said
    beside, only when it shares most.
    """
    is_said, is_act = pl.col("excluded").is_null(), pl.col("category").is_in(sorted(acting))
    acts = entries.filter(is_said & is_act)
    spoken = [stems(plain) for plain in acts["plain"]]
    said = Counter(word for words in spoken for word in words)
    common = {word for word in said if said[word] * 3 >= len(spoken)}
    shares = [len(own & common) / max(FEWEST_WORDS, len(own)) for own in (stems(plain) for plain in entries["plain"])]
    share = pl.Series(shares, dtype=pl.Float64)
    is_told = acts["carrier"].n_unique() >= ENOUGH_OUTLETS
    least = SAME_WORDS if entries["story_category"][0] == TOKENS_AT_LARGE else TOLD_WORDS
    told = entries.with_columns(share=share, is_counted=is_act | (share >= least))
    return told.filter(is_said & (is_act | ((share >= TOLD_WORDS) & is_told)))


def _from_the_act_on(acts: pl.DataFrame, frame: str) -> pl.DataFrame:
    """`acts` without what was public long before the first headline that names the act: it told of what was to come.

    What names another act told of the same in other words, unless it took back what this one imposed; what names none
    did where it shares most of the words of an act that nobody knew of before; and where one house alone is left, the
    others told the act without naming it.
    """
    first = acts.filter(pl.col("frame") == frame)["at_utc"].min()
    if not frame or not isinstance(first, datetime):
        return acts
    others = [name for name in acts["frame"].unique() if _is_act(name) and not are_opposite(name, frame)]
    is_same = pl.col("frame").is_in(others)
    if frame not in ACTS_ON_SCHEDULE:
        is_same |= (pl.col("frame") == "") & (pl.col("share") >= SAME_WORDS)
    left = acts.filter((pl.col("at_utc") >= first - BEFORE_NAMED) | is_same)
    return left if left["carrier"].n_unique() >= min(ENOUGH_OUTLETS, acts["carrier"].n_unique()) else acts


def _is_act(frame: str) -> bool:
    return frame != "" and frame not in COMMENT_FRAMES


def _without_forerunner(told: pl.DataFrame) -> pl.DataFrame:
    """`told` without what few houses wrote long before many others did: it told of what was to come."""
    ordered = told.sort("at_utc", "entry_id")
    pauses = (ordered["at_utc"].diff() > LONE_LEAD).fill_null(False)
    for start in reversed(pauses.arg_true().to_list()):
        n_before, n_after = (part["carrier"].n_unique() for part in (ordered.head(start), ordered.slice(start)))
        if n_after >= max(NEWS_OF_ITS_OWN, MANY_MORE * n_before):
            return ordered.slice(start)
    return told


def _is_own_act(carrier: str, entity_ids: list[str], category: str, owners: dict[str, str]) -> bool:
    """Whether a source writes of its own act; an office without a site of ours speaks of its acts alone.

    What a lab thinks of policy is opinion, whoever's site it stands on.
    """
    owner = owners.get(carrier)
    if owner is None:
        return True
    return category not in VIEWS_OF_LABS and (owner in entity_ids or not entity_ids)


def are_opposite(one: str, other: str) -> bool:
    """Whether one frame takes away what the other gives back."""
    imposed, taken_back = OPPOSITE_FRAMES
    return (one in imposed and other in taken_back) or (one in taken_back and other in imposed)
