"""Detected events and their evidence as rows of the contracts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import polars as pl

from analysis.events.drafts import Draft
from analysis.events.facts import COMMENT_FRAMES, OFFICE_KINDS, StoryFacts
from analysis.events.vocabulary import Vocabulary
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
_ACCESS = "export_control_access"
ENABLING_FRAMES = ("lift", "settle", "dismiss", "veto", "delay")
RESTRICTING_FRAMES = ("restrict", "sue", "probe", "designate", "threat", "distil", "stagger", "outage")


@dataclass(frozen=True, slots=True)
class Detected:
    """Event rows, evidence rows without numbers, and which story belongs to which event."""

    events: pl.DataFrame
    sources: pl.DataFrame


def build_events(drafts: list[Draft], known_ids: dict[str, str], vocabulary: Vocabulary) -> Detected:
    """`core.event` rows and their evidence; a story that had an event id before (`known_ids`) keeps it."""
    rows: list[dict[str, object]] = []
    sources: list[pl.DataFrame] = []
    taken: set[str] = set()
    for draft in drafts:
        event_id = _event_id(draft, known_ids, taken)
        taken.add(event_id)
        rows.append(_event_row(event_id, draft, vocabulary))
        sources.append(_source_rows(event_id, draft))
    events = pl.DataFrame(rows, schema=EVENT.schema) if rows else EVENT.empty()
    empty = EVENT_SOURCE.empty()
    return Detected(EVENT.conform(events), pl.concat([empty, *sources]) if sources else empty)


def _event_id(draft: Draft, known_ids: dict[str, str], taken: set[str]) -> str:
    known = [known_ids[story.story_id] for story in draft.stories if story.story_id in known_ids]
    free = [event_id for event_id in known if event_id not in taken]
    if free:
        return free[0]
    lead = draft.lead
    subject = next((e for e in lead.entity_ids if e in lead.parties), next(iter(lead.entity_ids), "ai"))
    parts = [iso_day(draft.first.time.best), lead.category.replace("_", "-"), subject, lead.frame.replace("_", "-")]
    event_id = "-".join(part for part in parts if part)
    return event_id if event_id not in taken else f"{event_id}-{lead.story_id[:6]}"


def _event_row(event_id: str, draft: Draft, vocabulary: Vocabulary) -> dict[str, object]:
    lead, first, entries = draft.lead, draft.first, draft.entries
    n_outlets = len(draft.carriers)
    first_row = first.told.filter(pl.col("entry_id") == first.time.best_entry_id).row(0, named=True)
    return {
        "event_id": event_id,
        "title": _neutral_title(lead),
        "summary": f"Carried by {plural(n_outlets, 'outlet')} in {plural(entries.height, 'headline')}.",
        "category": lead.category,
        "earliest_at_utc": first.time.earliest,
        "best_at_utc": first.time.best,
        "latest_at_utc": first.time.latest,
        "time_precision": first.time.precision,
        "time_basis": first.time.time_basis,
        "ended_at_utc": None,
        "severity": severity_of(n_outlets),
        "direction": direction_of(lead.frame, lead.category, vocabulary),
        "jurisdiction": jurisdiction_of(lead.entity_ids, vocabulary),
        "entities": ",".join(lead.entity_ids[:MOST_ENTITIES]) or None,
        "origin": "detected",
        "status": "detected",
        "selected_from": "news",
        "n_outlets": n_outlets,
        "reason": _reason(draft, n_outlets),
        "source_url": first_row["url"],
    }


def severity_of(n_outlets: int) -> int:
    """1 to 5 by the number of independent outlets."""
    return 1 + sum(n_outlets >= threshold for threshold in SEVERITY_OUTLETS)


def direction_of(frame: str, category: str, vocabulary: Vocabulary) -> str:
    """Whether the event restricts or enables centralised AI: by what happened, else by the category's own direction.

    News about access that says neither that it was taken nor given back (who asked for it, what others say) is neutral.
    """
    if category in TOKEN_CATEGORIES or (category == _ACCESS and frame in ("", *COMMENT_FRAMES)):
        return "neutral"
    if frame in ENABLING_FRAMES:
        return "enables"
    return "restricts" if frame in RESTRICTING_FRAMES else vocabulary.category(category).direction


def jurisdiction_of(entity_ids: tuple[str, ...], vocabulary: Vocabulary) -> str:
    """The jurisdiction most of the named public bodies and officials belong to; `global` when none is named."""
    known = {entity.entity_id: entity for entity in vocabulary.entities}
    named = [known[entity_id] for entity_id in entity_ids if entity_id in known]
    votes = Counter(e.jurisdiction for e in named if e.kind in OFFICE_KINDS and e.jurisdiction is not None)
    return min(votes, key=lambda place: (-votes[place], place)) if votes else "global"


def _neutral_title(story: StoryFacts) -> str:
    """The title, in Latin letters where there is one, that says most of what its story's titles say and least else.

    Of equals the earliest; a first report in passing or a translation never names the event.
    """
    latin = story.told.filter(pl.col("title").str.contains(r"^[\x00-\x{24F}\x{2000}-\x{206F}\x{20AC}]+$"))
    titles = (latin if latin.height else story.told).sort("at_utc", "entry_id")["plain"].to_list()
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


def _source_rows(event_id: str, draft: Draft) -> pl.DataFrame:
    first = draft.first.time.best_entry_id
    role = (
        pl.when(pl.col("entry_id") == first)
        .then(pl.lit("first_report"))
        .when(pl.col("is_primary"))
        .then(pl.lit("statement"))
        .when(pl.lit(draft.lead.frame == "lift"))
        .then(pl.lit("restored"))
        .otherwise(pl.lit("confirmation"))
    )
    own = draft.entries.sort("at_utc", "entry_id").head(MOST_SOURCES).with_columns(role.alias("role"))
    comments = [
        story.entries.with_columns(
            pl.lit("announced" if story.time.best < draft.first.time.best else "reaction").alias("role")
        )
        for story in draft.comments
    ]
    rows = pl.concat([own, *comments]).sort("at_utc", "entry_id").head(MOST_SOURCES)
    return EVENT_SOURCE.conform(
        rows.select(
            pl.lit(event_id).alias("event_id"),
            pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("source_number"),
            "entry_id",
            "story_id",
            "outlet",
            "title",
            "url",
            "published_at_utc",
            "first_seen_at_utc",
            "time_basis",
            "role",
        )
    )
