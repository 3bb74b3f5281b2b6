"""Detected events and their evidence as rows of the contracts."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

import polars as pl

from analysis.events.drafts import Draft
from analysis.events.facts import COMMENT_FRAMES, STANDSTILL, StoryFacts
from analysis.events.relevance import ORDER
from analysis.events.vocabulary import Vocabulary
from analysis.events.wording.actors import Gazetteer
from analysis.events.wording.bearing import ENABLES, NEITHER, RESTRICTS, Bearings
from analysis.events.wording.stems import stems
from warehouse.tables.news import EVENT, EVENT_SOURCE
from warehouse.tables.units import iso_day, plural

# Evidence kept per event; the earliest come first and later repetition proves nothing more.
MOST_SOURCES = 60
MOST_ENTITIES = 6
# Independent outlets from which an event has severity 2, 3, 4 and 5.
SEVERITY_OUTLETS = (2, 4, 8, 15)
# Rules and news of tokens neither restrict nor enable the labs.
TOKEN_CATEGORIES = ("crypto_token_regulation", "network_token_news")
_LATIN = re.compile(r"[\x00-\u024f\u2000-\u206f\u20ac]+")
RESTRICTING_FRAMES = ("restrict", "sue", "probe", "designate", "stagger")
# What happens to a service rather than is done to its owner.
_HARMS = (STANDSTILL, "ai_security_incident")


@dataclass(frozen=True, slots=True)
class Detected:
    """Event rows, evidence rows without numbers, and which story belongs to which event."""

    events: pl.DataFrame
    sources: pl.DataFrame


def build_events(drafts: list[Draft], known_ids: dict[str, str], vocabulary: Vocabulary) -> Detected:
    """`core.event` rows and their evidence; a story that had an event id before (`known_ids`) keeps it."""
    named: dict[str, Draft] = {}
    for draft in drafts:
        named[_event_id(draft, known_ids, named)] = draft
    if not named:
        return Detected(EVENT.empty(), EVENT_SOURCE.empty())
    places, bearings = Gazetteer(vocabulary), Bearings(vocabulary)
    rows = [_event_row(event_id, draft, vocabulary, places, bearings) for event_id, draft in named.items()]
    return Detected(EVENT.conform(pl.DataFrame(rows, schema=EVENT.schema)), _source_rows(named))


def _event_id(draft: Draft, known_ids: dict[str, str], taken: Container[str]) -> str:
    known = [known_ids[story.story_id] for story in draft.stories if story.story_id in known_ids]
    free = [event_id for event_id in known if event_id not in taken]
    if free:
        return free[0]
    lead = draft.lead
    subject = next((e for e in lead.entity_ids if e in lead.parties), next(iter(lead.entity_ids), "ai"))
    parts = [iso_day(draft.first.time.best), lead.category.replace("_", "-"), subject, lead.frame.replace("_", "-")]
    event_id = "-".join(part for part in parts if part)
    return event_id if event_id not in taken else f"{event_id}-{lead.story_id[:6]}"


def _event_row(
    event_id: str, draft: Draft, vocabulary: Vocabulary, places: Gazetteer, bearings: Bearings
) -> dict[str, object]:
    lead, first = draft.lead, draft.first
    n_outlets, n_headlines = len(draft.carriers), sum(story.entries.height for story in draft.stories)
    url = dict(first.told.select("entry_id", "url").iter_rows())[first.time.best_entry_id]
    return {
        "event_id": event_id,
        "title": _neutral_title(lead),
        "summary": f"Carried by {plural(n_outlets, 'outlet')} in {plural(n_headlines, 'headline')}.",
        "category": lead.category,
        "earliest_at_utc": first.time.earliest,
        "best_at_utc": first.time.best,
        "latest_at_utc": first.time.latest,
        "time_precision": first.time.precision,
        "time_basis": first.time.time_basis,
        "ended_at_utc": None,
        "severity": severity_of(n_outlets),
        "direction": direction_of(lead, vocabulary, bearings),
        "jurisdiction": _jurisdiction(lead, places),
        "entities": ",".join(lead.entity_ids[:MOST_ENTITIES]) or None,
        "origin": "detected",
        "status": "detected",
        "selected_from": "news",
        "n_outlets": n_outlets,
        "reason": _reason(draft, n_outlets),
        "source_url": url,
    }


def _jurisdiction(lead: StoryFacts, places: Gazetteer) -> str:
    """Whose act it is; a service is down for everybody."""
    return (
        "global" if lead.category == STANDSTILL else places.jurisdiction(lead.told["plain"].to_list(), lead.entity_ids)
    )


def severity_of(n_outlets: int) -> int:
    """1 to 5 by the number of independent outlets."""
    return 1 + sum(n_outlets >= threshold for threshold in SEVERITY_OUTLETS)


def direction_of(story: StoryFacts, vocabulary: Vocabulary, bearings: Bearings) -> str:
    """Whether a story's act restricts or enables centralised AI, as its headlines say it; else neutral.

    An outage or a break-in has its category's direction; of an order only one put off leads anywhere before it is
    read. Headlines in other letters alone say it by the kind of act that they name.
    """
    if story.category in TOKEN_CATEGORIES or story.frame in COMMENT_FRAMES:
        return NEITHER
    if story.category in _HARMS:
        return vocabulary.category(story.category).direction
    if story.category == ORDER:
        return ENABLES if story.frame in ("delay", "veto") else NEITHER
    titles = [plain for plain in story.told["plain"] if _LATIN.fullmatch(plain)]
    if titles:
        return bearings.of_titles(titles) or NEITHER
    return ENABLES if story.frame == "lift" else RESTRICTS if story.frame in RESTRICTING_FRAMES else NEITHER


def _neutral_title(story: StoryFacts) -> str:
    """The title, in Latin letters where there is one, that says most of what its story's titles say and least else.

    Of equals the earliest; a first report in passing or a translation never names the event.
    """
    told = sorted(story.told.select("at_utc", "entry_id", "title", "plain").iter_rows())
    titles = [plain for *_, title, plain in told if _LATIN.fullmatch(title)] or [plain for *_, plain in told]
    return str(max(titles, key=lambda plain: 2 * len(stems(plain) & story.words) - len(stems(plain))))


def _reason(draft: Draft, n_outlets: int) -> str:
    primary = sorted(draft.primary_carriers)
    parts = []
    if n_outlets > 1:
        shown = ", ".join(sorted(draft.carriers)[:3])
        parts.append(f"{n_outlets} independent outlets carry it ({shown}{', …' if n_outlets > 3 else ''})")
    if primary:
        parts.append(f"primary source {', '.join(primary[:3])}")
    if not parts:
        parts.append(f"one newsroom ({', '.join(draft.carriers)}) reports an act on a network or on access to AI")
    return f"{'; '.join(parts)}; time: {draft.first.time.reason}"


def _source_rows(named: dict[str, Draft]) -> pl.DataFrame:
    """`core.event_source` rows of drafts by their event's id: the earliest headlines of each, and the comment on it."""
    parts: list[pl.DataFrame] = []
    facts: list[tuple[str, str, str, bool]] = []
    for event_id, draft in named.items():
        first = draft.first.time
        own = "restored" if draft.lead.frame == "lift" else "confirmation"
        of_comments = [("announced" if story.time.best < first.best else "reaction", story) for story in draft.comments]
        for role, story in (*((own, story) for story in draft.stories), *of_comments):
            parts.append(story.entries)
            facts += [(event_id, role, first.best_entry_id, role == own)] * story.entries.height
    known = pl.DataFrame(facts, schema=["event_id", "role", "first_id", "is_own"], orient="row")
    told = pl.concat([pl.concat(parts), known], how="horizontal").with_columns(
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
