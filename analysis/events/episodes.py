"""Which events are steps of one episode: announced, done, talked about, taken back."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from analysis.events.drafts import ANNOUNCED_WITHIN, NEIGHBOURS, TAKEN_BACK, share_parties
from analysis.events.facts import COMMENT_FRAMES, PROSPECT
from analysis.events.relevance import ACCESS
from analysis.events.stories.frames import FrameSet, frame_of, has_manner
from analysis.events.titles import plain_title
from analysis.events.vocabulary import PARTY_KINDS, Vocabulary
from analysis.events.wording.bearing import ENABLES, RESTRICTS
from analysis.events.wording.stems import name_stems, stems
from warehouse.tables.bars import DAY, SECONDS_PER_HOUR
from warehouse.tables.news import NEWS_EPISODE
from warehouse.tables.terms import entity_name
from warehouse.tables.units import plural

# A step follows the one before it within this.
NEXT_STEP = timedelta(days=45)
# What speaks for two events being steps of one episode: each telling word in common that is no name, up to so many,
# each party, and one kind of act; against it the logarithm of one and the days between. A logistic fit to pairs of
# stories read by hand, rounded: 97 in 100 pairs that it joins belong together and it finds 24 in 100 that do, where
# sharing a third of the words found 8. Fitted on two thirds of the episodes, 88 in 100 of the last third do.
FOR_WORD, MOST_WORDS, FOR_PARTY, FOR_KIND, ENOUGH = 1.2, 6, 1.9, 1.0, 3.4
ANNOUNCED, DONE, REACTION, LIFTED = "announced", "done", "reaction", "lifted"
_STEPS = {
    **dict.fromkeys(COMMENT_FRAMES, REACTION),
    **dict.fromkeys((PROSPECT, "talks", "propose", "threat"), ANNOUNCED),
    **dict.fromkeys(("lift", "veto", "delay", "dismiss", "settle"), LIFTED),
}
# The number of an order, a rule or a bill; a year is none.
_NUMBERED = re.compile(r"(?!(?:19|20)\d\d$)\d{4,6}")
# Evidence that an act happened, and when.
_TELLING = ("first_report", "statement", "confirmation", "restored", "announced")
_UNTIMED = "date_only"
_OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class _Step:
    event_id: str
    category: str
    direction: str
    severity: int
    at: datetime
    names: frozenset[str]
    parties: frozenset[str]
    words: frozenset[str]
    telling: frozenset[str]
    kind: str
    announced: datetime | None
    done: datetime | None


def link_episodes(
    events: pl.DataFrame, sources: pl.DataFrame, vocabulary: Vocabulary, frames: FrameSet
) -> pl.DataFrame:
    """`core.news_episode` rows: for each event of `events` that is not rejected and no outage, its episode and step.

    An event continues the earlier one for which most speaks (words, parties and kind in common, few days), or takes
    back the gravest measure on its party; without either it is new and begins an episode. `sources` are
    `core.event_source`: their words tell what happened, and their times when it was announced and when done.
    """
    told = events.filter((pl.col("status") != "rejected") & (pl.col("category") != _OUTAGE))
    steps = _read_steps(told.sort("best_at_utc", "event_id"), sources, vocabulary, frames)
    episodes: dict[str, list[_Step]] = {}
    rows = []
    for number, step in enumerate(steps):
        before, reason = _continued(step, steps[:number])
        if step.kind == LIFTED and not _takes_back(step, before):
            step = steps[number] = replace(step, kind=DONE)
        own = episodes[before.event_id] if before is not None else []
        own.append(step)
        episodes[step.event_id] = own
        hours = (step.at - before.at).total_seconds() / SECONDS_PER_HOUR if before is not None else None
        rows.append(
            (
                step.event_id,
                own[0].event_id,
                len(own),
                step.kind,
                before.event_id if before is not None else None,
                hours,
                step.announced,
                step.done,
                reason,
            )
        )
    return NEWS_EPISODE.conform(pl.DataFrame(rows, schema=NEWS_EPISODE.schema, orient="row"))


def _continued(step: _Step, earlier: list[_Step]) -> tuple[_Step | None, str]:
    """The step that this one follows, and why; None with a reason when it is new."""
    near = [other for other in earlier if step.at - other.at <= TAKEN_BACK]
    weighed = [(_weigh(step, other), other.at, other) for other in near if step.at - other.at <= NEXT_STEP]
    weight, _, before = max(weighed, key=lambda found: found[:2], default=(0.0, step.at, step))
    if weight >= ENOUGH:
        return before, _say_why(step, before)
    if step.kind == LIFTED and step.category == ACCESS:
        measures = [
            other
            for other in near
            if other.category == ACCESS
            and other.direction == RESTRICTS
            and other.kind == DONE
            and share_parties((step.parties, step.names), (other.parties, other.names))
        ]
        if measures:
            measure = max(measures, key=lambda other: (other.severity, other.at))
            return measure, "takes back what was imposed on the same party"
    return None, "new: no earlier event of these parties and this kind in its words"


def _takes_back(step: _Step, before: _Step | None) -> bool:
    """Whether it frees a party of what the step before it laid on that party."""
    return before is not None and (before.direction, step.direction) == (RESTRICTS, ENABLES)


def _weigh(step: _Step, other: _Step) -> float:
    """How much speaks for the step going on from the other one; nothing where no name or no word is in both.

    Nor where both name parties and none is in both, or both name numbered things (orders, dockets) and none is in both.
    """
    parties, words = step.parties & other.parties, step.telling & other.telling
    if not words or not step.names & other.names or (step.parties and other.parties and not parties):
        return 0.0
    mine, theirs = (frozenset(filter(_NUMBERED.fullmatch, one.words)) for one in (step, other))
    if mine and theirs and not mine & theirs:
        return 0.0
    n_words = min(len(words), MOST_WORDS)
    days = (step.at - other.at) / DAY
    kind = FOR_KIND if _is_one_kind(step, other) else 0.0
    return FOR_WORD * n_words + FOR_PARTY * len(parties) + kind - math.log1p(days)


def _say_why(step: _Step, other: _Step) -> str:
    words = step.telling & other.telling
    parties = ", ".join(map(entity_name, sorted(step.parties & other.parties))) or "no party named"
    kind = "the same kind of act" if _is_one_kind(step, other) else "another kind of act"
    return f"goes on from that one: {plural(len(words), 'telling word')} in common, {parties}, {kind}"


def _is_one_kind(one: _Step, other: _Step) -> bool:
    return one.category == other.category or {one.category, other.category} <= NEIGHBOURS


def _read_steps(events: pl.DataFrame, sources: pl.DataFrame, vocabulary: Vocabulary, frames: FrameSet) -> list[_Step]:
    party_ids = {entity.entity_id for entity in vocabulary.entities if entity.kind in PARTY_KINDS}
    names_told = name_stems(vocabulary)
    evidence = _evidence(events, sources, frames)
    steps = []
    for row in events.iter_rows(named=True):
        told = evidence.get(row["event_id"], [])
        names = frozenset((row["entities"] or "").split(",")) - {""}
        spoken = [stems(plain) for plain, *_ in told]
        said = Counter(word for words in spoken for word in words)
        framed = Counter(frame for _, frame, *_ in told if frame)
        kind = _STEPS.get(min(framed, key=lambda frame: (-framed[frame], frame)), DONE) if framed else DONE
        words = frozenset(word for word in said if said[word] * 3 >= len(spoken))
        announced, done = _two_times(row["best_at_utc"], kind, told)
        steps.append(
            _Step(
                row["event_id"],
                row["category"],
                row["direction"] or "",
                row["severity"] or 0,
                row["best_at_utc"],
                names,
                names & party_ids,
                words,
                words - names_told,
                kind,
                announced,
                done,
            )
        )
    return steps


_Telling = tuple[str, str, bool, datetime | None]


def _evidence(events: pl.DataFrame, sources: pl.DataFrame, frames: FrameSet) -> dict[str, list[_Telling]]:
    """Per event its own title, which has no time, and those that tell of it: plain, frame, whether a plan, when."""
    untimed = pl.lit(None, dtype=events.schema["best_at_utc"])
    at = pl.coalesce("published_at_utc", "first_seen_at_utc")
    own = events.select("event_id", "category", "title", untimed.alias("at"))
    told = (
        sources.filter(pl.col("role").is_in(_TELLING))
        .join(events.select("event_id", "category"), on="event_id", how="inner", validate="m:1")
        .select(
            "event_id",
            "category",
            "title",
            pl.when(pl.col("time_basis") == _UNTIMED).then(untimed).otherwise(at).alias("at"),
        )
        .sort("event_id", "at", "title")
    )
    rows = pl.concat([own, told]).with_columns(plain_title(pl.col("title")).alias("plain"))
    read = rows.select(
        "event_id",
        "plain",
        frame_of(pl.col("plain"), pl.col("category"), frames),
        has_manner(pl.col("plain"), "plan", frames).alias("is_plan"),
        "at",
    )
    found: dict[str, list[_Telling]] = defaultdict(list)
    for event_id, *telling in read.iter_rows():
        found[event_id].append((telling[0], telling[1], telling[2], telling[3]))
    return found


def _two_times(best: datetime, kind: str, told: list[_Telling]) -> tuple[datetime | None, datetime | None]:
    """When it was announced and when it was done; None for what did not happen, or not within the same hours."""
    timed = [(at, is_plan) for _, _, is_plan, at in told if at is not None and best - ANNOUNCED_WITHIN <= at]
    plans = [at for at, is_plan in timed if is_plan and at <= best]
    done = next((at for at, is_plan in timed if not is_plan and at >= best), None)
    if plans and done is not None and plans[0] < done <= plans[0] + ANNOUNCED_WITHIN:
        return plans[0], done
    return (best, None) if kind == ANNOUNCED else (None, best)
