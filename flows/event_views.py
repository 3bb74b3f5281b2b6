"""What people ask about events, read from the published file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from analysis.events.explanations import explain_stories
from analysis.events.labels.gold import score_gold_events
from analysis.events.relevance import add_relevance
from analysis.events.stories.frames import load_frames
from analysis.events.wording.exclusions import add_exclusions
from flows.errors import CommandError
from flows.jobs.labelled_files import load_user_vocabulary, read_headlines_file, read_with_columns
from flows.steps.events import gather_events
from flows.steps.stories import prepare, read_grouped, recall_facts
from warehouse.store.connection import open_reader
from warehouse.store.errors import StoreError
from warehouse.tables.contract import Table
from warehouse.tables.news import CONFOUNDER, EVENT, EVENT_SOURCE, NEWS_EPISODE, STORY_ENTRY
from warehouse.tables.terms import LOW

GOLD_COLUMNS = (
    "title",
    "best_utc",
    "earliest_utc",
    "latest_utc",
    "category",
    "entities",
    "importance",
    "in_scope",
    "n_outlets",
    "evidence_title",
)
LIST_COLUMNS = (
    "event_id",
    "best_at_utc",
    "category",
    "severity",
    "direction",
    "jurisdiction",
    "relevance",
    "n_outlets",
    "origin",
    "status",
    "title",
)


@dataclass(frozen=True, slots=True)
class EventChoice:
    """Which events are asked for; None is any, rejected ones only when asked for by status."""

    category: str | None = None
    since: datetime | None = None
    status: str | None = None
    is_ai_only: bool = False


def list_events(published: Path, config_path: Path, choice: EventChoice) -> pl.DataFrame:
    """Events in order of time, each with how much it matters to decentralised-AI tokens; AI only leaves the low out."""
    events = add_relevance(_read(published, EVENT, ""), load_user_vocabulary(config_path))
    category, since, status = choice.category, choice.since, choice.status
    chosen = events.filter(pl.col("status") == status) if status else events.filter(pl.col("status") != "rejected")
    if category:
        chosen = chosen.filter(pl.col("category") == category)
    if since:
        chosen = chosen.filter(pl.col("best_at_utc") >= since)
    if choice.is_ai_only:
        chosen = chosen.filter(pl.col("relevance") != LOW)
    return chosen.sort("best_at_utc", "event_id").select(LIST_COLUMNS)


def sample_events(published: Path, size: int, seed: int) -> pl.DataFrame:
    """`size` detected events drawn at random with their headlines, for a person to read: one row per headline.

    The same seed draws the same events of the same file. Rejected events are not drawn; fewer when there are fewer.
    """
    is_drawn = "origin = 'detected' and status <> 'rejected'"
    event_ids = sorted(_read(published, EVENT, is_drawn)["event_id"])
    drawn = np.random.default_rng(seed).choice(event_ids, min(size, len(event_ids)), replace=False)
    numbered = pl.DataFrame({"event_id": sorted(drawn.tolist())}, schema={"event_id": pl.String}).with_row_index(
        "event_number", offset=1
    )
    told = numbered.join(_read(published, EVENT_SOURCE, ""), on="event_id", how="inner", validate="1:m")
    at = pl.coalesce("published_at_utc", "first_seen_at_utc").alias("at_utc")
    return told.sort("event_number", "source_number").select(
        "event_number", "event_id", at, "role", "outlet", "title", "url"
    )


def score_event_files(
    path: Path, nonevents: Path, published: Path, config_path: Path, *, has_ledger: bool
) -> pl.DataFrame:
    """How events agree with happenings and non-events read by hand: the published ones, or those without the ledger.

    Without it, stored headlines and incidents are gathered anew, as in months of which the ledger holds nothing.
    """
    gold, none = read_with_columns(path, GOLD_COLUMNS), read_headlines_file(nonevents)
    try:
        with open_reader(published) as reader:
            if has_ledger:
                events, sources = reader.frame(EVENT), reader.frame(EVENT_SOURCE)
            else:
                empty = (EVENT.empty(), EVENT_SOURCE.empty())
                vocabulary, frames = load_user_vocabulary(config_path), load_frames()
                recalled = recall_facts(reader, vocabulary, frames)
                events, sources = gather_events(reader, empty, {}, recalled, vocabulary)
            return score_gold_events(gold, events, sources, none)
    except StoreError as exc:
        raise CommandError(str(exc)) from exc


def show_event(published: Path, config_path: Path, event_id: str) -> pl.DataFrame:
    """One event as field and value: its time interval, why it is one, and how much it matters to the tokens."""
    found = _read(published, EVENT, "event_id = $event_id", event_id=event_id)
    if not found.height:
        raise CommandError(f"no event {event_id!r}; see: aftershock events list")
    row = add_relevance(found, load_user_vocabulary(config_path)).row(0, named=True)
    fields = [(name, _text(value)) for name, value in row.items()]
    return pl.DataFrame(fields, schema=["field", "value"], orient="row")


def event_sources(published: Path, event_id: str, is_explained: bool) -> pl.DataFrame:
    """The evidence of one event with both clocks; explained, also why each headline met the others."""
    sources = _read(published, EVENT_SOURCE, "event_id = $event_id", event_id=event_id).sort("source_number")
    shown = sources.select(
        "source_number", "role", "published_at_utc", "first_seen_at_utc", "time_basis", "outlet", "title"
    )
    if not is_explained:
        return shown
    links = _read(published, STORY_ENTRY, "").select("entry_id", "story_id", "reason", "similarity", "matched_entry_id")
    joined = sources.join(links, on="entry_id", how="left", suffix="_link", validate="m:1", maintain_order="left")
    met = sources.select(pl.col("entry_id").alias("matched_entry_id"), pl.col("title").alias("met")).drop_nulls()
    explained = joined.join(
        met.unique("matched_entry_id"), on="matched_entry_id", how="left", validate="m:1", maintain_order="left"
    )
    return explained.select("source_number", "entry_id", "story_id", "reason", "similarity", "title", "met")


def event_confounders(published: Path, event_id: str) -> pl.DataFrame:
    """What else happened in the event's window, nearest first."""
    rows = _read(published, CONFOUNDER, "event_id = $event_id", event_id=event_id).sort("confounder_number")
    return rows.select("kind", "at_utc", "offset_hours", "detail")


def event_episode(published: Path, event_id: str) -> pl.DataFrame:
    """The steps of the event's episode in order, this one among them; no rows for an outage."""
    own = _read(published, NEWS_EPISODE, "event_id = $event_id", event_id=event_id)
    if own.is_empty():
        return own
    steps = _read(published, NEWS_EPISODE, "episode_id = $episode_id", episode_id=own["episode_id"][0])
    titles = _read(published, EVENT, "").select("event_id", "best_at_utc", "title")
    return (
        steps.join(titles, on="event_id", how="inner", validate="1:1")
        .sort("step_number")
        .select("step_number", "step", "best_at_utc", "announced_at_utc", "done_at_utc", "event_id", "title", "reason")
    )


def explain_headline(published: Path, config_path: Path, headline: str) -> pl.DataFrame:
    """Each stored headline with this address or all of these words, its story, its event if it is one, and why."""
    if not headline.strip():
        raise CommandError("name a headline by its address or by words of its title")
    vocabulary, frames = load_user_vocabulary(config_path), load_frames()
    with open_reader(published) as reader:
        story_ids = reader.query("event_why_stories", headline=headline)["story_id"].to_list()
        if not story_ids:
            raise CommandError(f"no stored headline has the address or the words {headline!r}")
        members = read_grouped(reader, story_ids=story_ids)
        sources = reader.frame(EVENT_SOURCE)
    told = add_exclusions(prepare(members, vocabulary, frames), frames)
    return explain_stories(told, sources, vocabulary, headline)


def _read(published: Path, table: Table, where: str, **parameters: str) -> pl.DataFrame:
    with open_reader(published) as reader:
        return reader.frame(table, where=where, **parameters)


def _text(value: object) -> str | None:
    return None if value is None else str(value).removesuffix("+00:00")
