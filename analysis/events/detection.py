"""Detected events and their evidence as rows of the contracts."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from analysis.events.drafts import SECURITY, TAKEN_BACK, Draft
from analysis.events.facts import (
    COMMENT_FRAMES,
    ENOUGH_OUTLETS,
    GIVEN_BACK,
    STANDSTILL,
    StoryFacts,
    are_opposite,
    is_act,
)
from analysis.events.relevance import ORDER
from analysis.events.titles import IN_LATIN
from analysis.events.vocabulary import Vocabulary
from analysis.events.wording.actors import Gazetteer
from analysis.events.wording.bearing import ENABLES, NEITHER, RESTRICTS, Bearings
from analysis.events.wording.stems import LEAST_SPOKEN, stems
from warehouse.tables.news import EVENT, EVENT_SOURCE
from warehouse.tables.units import iso_day, plural

# Evidence kept per event; the earliest come first and later repetition proves nothing more.
MOST_SOURCES = 60
MOST_ENTITIES = 6
# Independent outlets from which an event has severity 2, 3, 4 and 5.
SEVERITY_OUTLETS = (2, 4, 8, 15)
# Rules and news of tokens neither restrict nor enable the labs.
TOKEN_CATEGORIES = ("crypto_token_regulation", "network_token_news")
RESTRICTING_FRAMES = ("restrict", "probe", "designate", "stagger")
# What names an event was told within this of its first report; later titles tell what became of it.
FIRST_REPORTS = timedelta(hours=12)
# Words of a title that an id has, and those that it leaves out.
WORDS_OF_ID = 7
_FILLING = re.compile(
    "a|an|the|of|to|in|on|for|and|or|as|at|by|with|from|over|its|his|her|their|is|are|says|said|breaking"
)
# What speaks for a title: each word that other first reports have, against each that it has, and the frame of most.
FOR_COMMON, FOR_FRAME = 3, 2
# What a newsroom puts before and a relay after the words of a title.
_BESIDE = re.compile(
    r"^(?:breaking|just[- ]in|exclusive)\b:? |\s\([^()]+/[^()]+\)$|\s*[:-] here's (?:how|why|what).*$", re.IGNORECASE
)
# What happens to a service rather than is done to its owner.
_HARMS = (STANDSTILL, SECURITY)
# Of a headline what an event's row tells of it, and such headlines by their entry_id.
_TOLD = ("entry_id", "at_utc", "title", "plain", "url")
_Told = Mapping[str, tuple[str, datetime, str, str, str | None]]


@dataclass(frozen=True, slots=True)
class Detected:
    """Event rows, evidence rows without numbers, and which story belongs to which event."""

    events: pl.DataFrame
    sources: pl.DataFrame


def build_events(
    drafts: list[Draft],
    headlines: pl.DataFrame,
    known_ids: dict[str, str],
    vocabulary: Vocabulary,
    recorded: Collection[str] = (),
) -> Detected:
    """`core.event` rows and their evidence; a story that had an event id before (`known_ids`) keeps it.

    `headlines` are those of the drafts' stories, and may be more: title, plain and url, the columns of `add_clocks` and
    `add_carriers`, and those of the evidence. No event gets an id of `recorded` ones, which a person gave in the same
    form.
    """
    named: dict[str, Draft] = {}
    told = {row[0]: row for row in headlines.select(_TOLD).iter_rows()}
    reading = _Reading(told, vocabulary, Gazetteer(vocabulary), Bearings(vocabulary))
    rows, taken = [], set(recorded)
    for draft in drafts:
        title = _title_of(draft, reading)
        event_id = _event_id(draft, title, known_ids, taken)
        taken.add(event_id)
        named[event_id] = draft
        rows.append(_event_row(event_id, draft, title, reading))
    if not named:
        return Detected(EVENT.empty(), EVENT_SOURCE.empty())
    return Detected(EVENT.conform(pl.DataFrame(rows, schema=EVENT.schema)), _source_rows(named, headlines))


def _event_id(draft: Draft, title: str, known_ids: dict[str, str], taken: Container[str]) -> str:
    """The id that a story of the draft had, else its day and the first telling words of its title."""
    known = [known_ids[story.story_id] for story in draft.stories if story.story_id in known_ids]
    free = [event_id for event_id in known if event_id not in taken]
    if free:
        return free[0]
    lead = draft.lead
    letters = unicodedata.normalize("NFKD", re.sub(r"'s\b|'", "", title)).encode("ascii", "ignore").decode().lower()
    told = re.sub(r"(?<=\d)\.(?=\d)", "_", letters).replace(".", "")
    words = [word for word in re.findall(r"[a-z0-9]+(?:_[0-9]+)*", told) if not _FILLING.fullmatch(word)]
    if len(words) < LEAST_SPOKEN:
        words = [lead.category, *lead.entity_ids[:1], lead.frame]
    parts = (iso_day(draft.first.time.best), *words[:WORDS_OF_ID])
    event_id = "-".join(part.replace("_", "-") for part in parts if part)
    return event_id if event_id not in taken else f"{event_id}-{lead.story_id[:6]}"


@dataclass(frozen=True, slots=True)
class _Reading:
    """The headlines of drafts, and what they are read by."""

    told: _Told
    vocabulary: Vocabulary
    places: Gazetteer
    bearings: Bearings

    def titles(self, story: StoryFacts) -> list[str]:
        """The plain titles of a story that are evidence of its act."""
        return [self.told[entry_id][3] for entry_id in story.told_ids]


def _event_row(event_id: str, draft: Draft, title: str, reading: _Reading) -> dict[str, object]:
    lead, first = draft.lead, draft.first
    n_outlets, n_headlines = len(draft.carriers), sum(len(story.entry_ids) for story in draft.stories)
    *_, url = reading.told[first.time.best_entry_id]
    return {
        "event_id": event_id,
        "title": title,
        "summary": f"Carried by {plural(n_outlets, 'outlet')} in {plural(n_headlines, 'headline')}.",
        "category": lead.category,
        "earliest_at_utc": first.time.earliest,
        "best_at_utc": first.time.best,
        "latest_at_utc": first.time.latest,
        "time_precision": first.time.precision,
        "time_basis": first.time.time_basis,
        "ended_at_utc": None,
        "severity": severity_of(n_outlets),
        "direction": _direction(lead, reading),
        "jurisdiction": _jurisdiction(lead, reading),
        "entities": ",".join(lead.entity_ids[:MOST_ENTITIES]) or None,
        "origin": "detected",
        "status": "detected",
        "selected_from": "news",
        "n_outlets": n_outlets,
        "reason": _reason(draft, n_outlets),
        "source_url": url,
    }


def _jurisdiction(lead: StoryFacts, reading: _Reading) -> str:
    """Whose act it is; a service is down for everybody."""
    if lead.category == STANDSTILL:
        return "global"
    return reading.places.jurisdiction(reading.titles(lead), lead.entity_ids)


def severity_of(n_outlets: int) -> int:
    """1 to 5 by the number of independent outlets."""
    return 1 + sum(n_outlets >= threshold for threshold in SEVERITY_OUTLETS)


def _direction(story: StoryFacts, reading: _Reading) -> str:
    """Whether a story's act restricts or enables centralised AI, as its headlines say it; else neutral.

    An outage or a break-in has its category's direction, as has what no headline says a verb of that is known; of an
    order only one put off leads anywhere before it is read. Headlines in other letters alone say it by the kind of act
    that they name, a suit nothing: who sues whom is not read there.
    """
    if story.category in TOKEN_CATEGORIES or story.frame in COMMENT_FRAMES:
        return NEITHER
    of_kind = reading.vocabulary.category(story.category).direction
    if story.category in _HARMS:
        return of_kind
    if story.category == ORDER:
        return ENABLES if story.frame in ("delay", "veto") else NEITHER
    titles = [plain for plain in reading.titles(story) if IN_LATIN.fullmatch(plain)]
    if titles:
        return reading.bearings.of_titles(titles) or of_kind
    return ENABLES if story.frame == GIVEN_BACK else RESTRICTS if story.frame in RESTRICTING_FRAMES else NEITHER


def _title_of(draft: Draft, reading: _Reading) -> str:
    """The title, in Latin letters where there is one, that says most of what the first reports say and least else.

    First reports that name the act the way most of them lead come before others, and these before later ones: a
    translation, a report in passing or what became of the act never names the event. Of equals the earliest.
    """
    bearings = reading.bearings
    told = sorted(
        (at, entry_id, title, plain, frame)
        for story in draft.stories
        for told_id, frame in zip(story.told_ids, story.told_frames, strict=True)
        for entry_id, at, title, plain, _ in (reading.told[told_id],)
    )
    latin = [row for row in told if IN_LATIN.fullmatch(row[2])] or told
    best = draft.first.time.best
    near = [row for row in latin if abs(row[0] - best) <= FIRST_REPORTS] or latin
    of_act = [row for row in near if is_act(row[-1]) and not are_opposite(row[-1], draft.lead.frame)] or near
    of_act = of_act if is_act(draft.lead.frame) else near
    way = bearings.of_titles(plain for *_, plain, _ in of_act)
    named_so = [row for row in of_act if bearings.of_title(row[3]) == way] or of_act
    said = Counter(word for *_, plain, _ in near for word in stems(plain))
    common = {word for word in said if said[word] * 3 >= len(near) and said[word] >= min(ENOUGH_OUTLETS, len(near))}

    def tells(row: tuple[datetime, str, str, str, str]) -> int:
        words = stems(row[3])
        return FOR_COMMON * len(words & common) - len(words) + FOR_FRAME * (row[-1] == draft.lead.frame)

    title = str(max(named_so, key=tells)[3])
    return _BESIDE.sub("", title)


def _reason(draft: Draft, n_outlets: int) -> str:
    primary = sorted(draft.primary_carriers)
    parts = []
    if n_outlets > 1:
        shown = ", ".join(sorted(draft.carriers)[:3])
        parts.append(f"{n_outlets} independent outlets carry it ({shown}{', …' if n_outlets > 3 else ''})")
    if primary:
        parts.append(f"primary source {', '.join(primary[:3])}")
    if not parts:
        parts.append(
            f"one newsroom ({', '.join(draft.carriers)}) reports an act on a network, on access to AI or of its law"
        )
    return f"{'; '.join(parts)}; time: {draft.first.time.reason}"


def _takes_back(draft: Draft, other: Draft) -> bool:
    """Whether what it gives to a party an earlier event took from it, in words of that one beside the names."""
    one, imposed = draft.lead, other.lead
    return (
        are_opposite(one.frame, imposed.frame)
        and timedelta(0) < draft.first.time.best - other.first.time.best <= TAKEN_BACK
        and bool(one.parties & imposed.parties)
        and bool(one.telling & imposed.telling)
    )


def _source_rows(named: dict[str, Draft], headlines: pl.DataFrame) -> pl.DataFrame:
    """`core.event_source` rows of drafts by their event's id: the earliest headlines of each, and the comment on it."""
    facts: list[tuple[str, str, str, str, bool]] = []
    for event_id, draft in named.items():
        first = draft.first.time
        is_back = draft.lead.frame == GIVEN_BACK and any(_takes_back(draft, other) for other in named.values())
        own = "restored" if is_back else "confirmation"
        of_comments = [("announced" if story.time.best < first.best else "reaction", story) for story in draft.comments]
        for role, story in (*((own, story) for story in draft.stories), *of_comments):
            facts += [(entry_id, event_id, role, first.best_entry_id, role == own) for entry_id in story.entry_ids]
    known = pl.DataFrame(facts, schema=["entry_id", "event_id", "role", "first_id", "is_own"], orient="row")
    told = known.join(headlines, on="entry_id", how="inner", validate="1:1").with_columns(
        pl.when(~pl.col("is_own"))
        .then("role")
        .when(pl.col("entry_id") == pl.col("first_id"))
        .then(pl.lit("first_report"))
        .when("is_primary")
        .then(pl.lit("statement"))
        .otherwise("role")
        .alias("role"),
        pl.col("event_id").cast(pl.Enum(list(named))).alias("order"),
    )
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("order")
    # Comment never takes the place of a headline that carries the event itself.
    kept = told.sort("order", ~pl.col("is_own"), "at_utc", "entry_id").filter(number <= MOST_SOURCES)
    rows = kept.sort("order", "at_utc", "entry_id").with_columns(number.alias("source_number"))
    return EVENT_SOURCE.conform(rows.select(EVENT_SOURCE.column_names))
