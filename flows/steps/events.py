"""Turn headlines and incidents into dated, tagged events, under a person's word."""

from __future__ import annotations

import polars as pl

from analysis.events.confounders import find_confounders
from analysis.events.decisions import apply_decisions
from analysis.events.detection import build_events
from analysis.events.drafts import draft_events
from analysis.events.episodes import link_episodes
from analysis.events.outages import merge_incidents
from analysis.events.recalling import Recalled
from analysis.events.recorded.corrections import attach_corrections
from analysis.events.recorded.merging import merge_records, outage_events, outage_sources
from analysis.events.recorded.redating import find_revisions
from analysis.events.relevance import add_relevance
from analysis.events.stories.frames import load_frames
from analysis.events.vocabulary import Vocabulary
from analysis.tape.choice import BENCHMARK_ASSET
from flows.context import RunContext, StepReport
from flows.jobs.labelled_files import load_user_vocabulary
from flows.jobs.ledger import load_decisions
from flows.market_choices import choose_record_markets
from flows.steps.stories import keep_facts, read_evidence, recall_facts, update_stories
from ingest.bundle.loader import load_ledger
from warehouse.processes import without_collections
from warehouse.store.connection import Reader
from warehouse.tables.news import (
    CONFOUNDER,
    EVENT,
    EVENT_REVISION,
    EVENT_SOURCE,
    INCIDENT,
    NEWS_EPISODE,
    REGISTER_DOCUMENT,
)


def update_events(context: RunContext) -> StepReport:
    """Group and tag what is new, detect events, merge them with the ledger, apply the user's decisions."""
    with without_collections():
        return _update_events(context)


def _update_events(context: RunContext) -> StepReport:
    warehouse = context.warehouse
    vocabulary, frames = load_user_vocabulary(context.settings.config_path), load_frames()
    decisions = load_decisions(context.settings.config_path)
    n_grouped, detail = update_stories(warehouse, vocabulary, frames)
    recalled = recall_facts(warehouse, vocabulary, frames)
    n_grouped += keep_facts(warehouse, recalled)

    known_ids = dict(warehouse.query("events_story_ids").iter_rows())
    events, sources = gather_events(warehouse, _recorded(context), known_ids, recalled, vocabulary)
    events, sources = attach_corrections(events, sources, warehouse.frame(REGISTER_DOCUMENT))
    decided, sources, problems = apply_decisions(events, sources, decisions)
    events = add_relevance(decided, vocabulary)

    revisions = find_revisions(warehouse.frame(EVENT), events, context.now, context.run_id)
    n_revised = warehouse.merge(EVENT_REVISION, revisions).n_changed
    n_events = warehouse.replace(EVENT, events.sort("event_id"))
    n_sources = warehouse.replace(EVENT_SOURCE, sources.sort("event_id", "source_number"))
    n_sources += warehouse.replace(NEWS_EPISODE, link_episodes(events, sources, vocabulary, frames))
    confounders = find_confounders(events, _read_market(warehouse))
    n_confounders = warehouse.replace(CONFOUNDER, confounders)
    counts = events.filter(pl.col("status") != "rejected")["origin"].value_counts().sort("origin")
    said = ", ".join(f"{count} {origin}" for origin, count in counts.iter_rows())
    report = f"{detail}; {said} events, {n_events} changed"
    return StepReport(n_grouped + n_revised + n_events + n_sources + n_confounders, report, tuple(problems))


def gather_events(
    reader: Reader,
    recorded: tuple[pl.DataFrame, pl.DataFrame],
    known_ids: dict[str, str],
    recalled: Recalled,
    vocabulary: Vocabulary,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`core.event` and `core.event_source` rows of stories and stored incidents, merged with what is `recorded`.

    A story keeps the id of its event (`known_ids`); no correction and no decision of a person is in them yet.
    """
    outages = merge_incidents(reader.frame(INCIDENT))
    drafts = draft_events(recalled.facts)
    story_ids = [story.story_id for draft in drafts for story in (*draft.stories, *draft.comments)]
    detected = build_events(
        drafts, read_evidence(reader, story_ids, vocabulary), known_ids, vocabulary, recorded[0]["event_id"]
    )
    return merge_records(
        recorded,
        (outage_events(outages, vocabulary), outage_sources(outages, vocabulary)),
        (detected.events, detected.sources),
        vocabulary,
    )


def _read_market(reader: Reader) -> pl.DataFrame:
    """Hourly closes of Bitcoin on the market that stands for it over the record.

    Asked of the rule, not of out.market_choice: later steps add to that table, and this one would never be at rest.
    """
    choices = choose_record_markets(reader, BENCHMARK_ASSET)
    chosen = choices.filter(pl.col("timeframe") == "1h")["market_id"]
    return reader.query("events_market_closes", market_id=next(iter(chosen), None))


def _recorded(context: RunContext) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The ledger's events that are in the warehouse, and their evidence, both as shipped."""
    stored = context.warehouse.frame(EVENT)["event_id"].to_list()
    events, evidence = load_ledger(context.now)
    is_stored = pl.col("event_id").is_in(stored)
    return events.filter(is_stored), evidence.filter(is_stored)
