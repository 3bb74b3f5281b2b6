"""Which pages the site has, what each depends on, and how each is rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

import polars as pl

from dashboards.findings.readings import Reaction, read_reactions
from dashboards.numbers import signed_rows
from dashboards.pages.categories import compose_categories
from dashboards.pages.claim import CLAIM_TABLES, compose_claim, events_against
from dashboards.pages.claims import compose_claims
from dashboards.pages.compare import compose_compare, write_paths
from dashboards.pages.correlations import compose_correlations
from dashboards.pages.event import EVENT_TABLES, compose_event
from dashboards.pages.events import compose_events, compose_year, event_years, year_path
from dashboards.pages.health import compose_health
from dashboards.pages.methods import compose_methods
from dashboards.pages.now import compose_now
from dashboards.pages.overview import compose_overview
from dashboards.pages.own_study import compose_own_study, own_study_path
from dashboards.pages.press import MISSES, compose_press
from dashboards.pages.providers import (
    compose_provider,
    compose_providers,
    outages_by_provider,
    provider_ids,
    provider_path,
)
from dashboards.pages.resilience import compose_resilience
from dashboards.pages.search import compose_search
from dashboards.pages.token import compose_token
from dashboards.pages.tokens import compose_tokens, token_ids
from dashboards.shell.exports import write_event, write_exports
from dashboards.shell.feed import write_feeds
from dashboards.shell.frames import Frames, Read
from dashboards.shell.page import Page, claim_path, event_path, render_page, token_path
from warehouse.tables import (
    attention,
    choice,
    claims,
    correlation,
    moves,
    news,
    ops,
    own,
    press,
    prices,
    resilience,
    single,
    size,
    studies,
)
from warehouse.tables.contract import Table

_EVENTS = (news.EVENT,)
_STUDIES = (studies.STUDY_RESULT, studies.STUDY_PATH, studies.PLACEBO, choice.MARKET_CHOICE)
_LEAD = (news.EVENT_SOURCE, news.CONFOUNDER, claims.CLAIM, claims.CLAIM_VERDICT, correlation.CORRELATION_EPISODE)
_RECORD = (prices.ASSET, prices.MARKET, prices.COVERAGE, moves.LATEST_MOVE)
_MOVES = (moves.SHARED_MOVE, moves.EARLIER_DAY, moves.REACTION_TOTAL)
_FEEDS = (news.FEED, ops.CHECK_RESULT)
_HEALTH = (prices.COVERAGE, prices.GAP, prices.QUARANTINE, news.FEED, news.FETCH, ops.CHECK_RESULT)
_TOGETHER = (
    correlation.CORRELATION_PAIR,
    correlation.CORRELATION_ROLLING,
    correlation.CORRELATION_EPISODE,
    correlation.CORRELATION_NETWORK,
    correlation.LEAD_LAG,
    attention.ATTENTION_RESPONSE,
)
_EXPORTS = (
    *_EVENTS,
    *_STUDIES,
    prices.MARKET,
    prices.COVERAGE,
    moves.LATEST_MOVE,
    claims.CLAIM_VERDICT,
    claims.CLAIM_READING,
    correlation.CORRELATION_PAIR,
    correlation.CORRELATION_EPISODE,
)
_PROVIDERS = (news.INCIDENT, news.FEED, news.FETCH, resilience.DOSE_RESPONSE)
_RESILIENCE = (resilience.DOSE_RESPONSE, resilience.HEDGE)
_PRESS = (press.PRESS_SUMMARY, press.PRESS_VERDICT)
_CLAIMS = (claims.CLAIM, claims.CLAIM_VERDICT)

# Everything the site reads; a table that an older published file lacks counts as empty.
PAGE_TABLES: tuple[Table, ...] = tuple(
    dict.fromkeys(
        (
            *_EVENTS,
            *_STUDIES,
            *_LEAD,
            *_RECORD,
            *_MOVES,
            *_HEALTH,
            *_TOGETHER,
            *CLAIM_TABLES,
            *_RESILIENCE,
            *_PROVIDERS,
            *_PRESS,
            *EVENT_TABLES,
            moves.UNEXPLAINED_MOVE,
            single.REACTION_TIME,
            size.TEST_SIZE,
            size.SINGLE_SIZE,
            ops.NOTIFICATION,
            own.STUDY_EVENT,
        )
    )
)


@dataclass(frozen=True, slots=True)
class Job:
    """One page or file: its path, what it depends on, and the function that gives its files by path."""

    path: str
    reads: tuple[Read, ...]
    render: Callable[[], dict[str, str]]


def _job(frames: Frames, path: str, compose: Callable[[Frames], Page], tables: Iterable[Table], *queries: str) -> Job:
    reads = _whole(tables, queries)
    return Job(path, reads, partial(_render, compose, frames.only(reads)))


Reactions = Callable[[], Mapping[str, list[Reaction]]]


def plan_pages(frames: Frames, now: datetime, reactions: Reactions | None = None) -> list[Job]:
    """Every page of the site: `now` dates nothing here, pages follow the data alone.

    A page can read nothing but its inputs; reactions are read once, when the first page that has to be drawn asks.
    """
    reactions = reactions or cache(lambda: read_reactions(frames))
    closes, runs = "daily_closes", "recent_runs"

    job = partial(_job, frames)
    return [
        job(
            "index.html",
            lambda view: compose_overview(view, reactions()),
            (*_EVENTS, *_STUDIES, *_LEAD, *_RECORD, *_MOVES, *_FEEDS),
        ),
        job(
            "events.html",
            lambda view: compose_events(view, reactions()),
            (*_EVENTS, *_STUDIES, *_MOVES, prices.MARKET),
            "own_studies",
        ),
        *_year_jobs(frames, reactions),
        job("providers.html", compose_providers, (*_EVENTS, *_PROVIDERS)),
        *_provider_jobs(frames, reactions),
        job("tokens.html", compose_tokens, (*_RECORD, moves.REACTION_TOTAL)),
        job(
            "categories.html",
            lambda view: compose_categories(view, reactions()),
            (*_EVENTS, *_STUDIES, prices.MARKET, moves.REACTION_TOTAL, studies.INCLUSION),
        ),
        job(
            "correlations.html",
            lambda view: compose_correlations(view, reactions()),
            (*_TOGETHER, *_EVENTS, *_STUDIES, claims.CLAIM),
        ),
        job("claims.html", compose_claims, _CLAIMS),
        *_claim_jobs(frames),
        job("press.html", compose_press, _PRESS, MISSES),
        job("resilience.html", compose_resilience, _RESILIENCE),
        job("health.html", compose_health, (*_HEALTH, moves.REACTION_TOTAL), runs),
        job("methods.html", compose_methods, (studies.STUDY_RESULT, prices.MARKET, size.TEST_SIZE, size.SINGLE_SIZE)),
        *_reader_jobs(frames, reactions),
        _file_job("data/index.json", frames, _EXPORTS, lambda view: write_exports(view, reactions())),
        _file_job(
            "feed.xml",
            frames,
            (*_EVENTS, *_STUDIES, *_CLAIMS, ops.NOTIFICATION),
            lambda view: write_feeds(view, reactions()),
        ),
        *_own_study_jobs(frames),
        *_token_jobs(frames, reactions, closes),
        *_event_jobs(frames, reactions),
    ]


def _reader_jobs(frames: Frames, reactions: Reactions) -> list[Job]:
    """What a reader asks with words and choices of their own, and what moves now."""
    job = partial(_job, frames)
    return [
        job(
            "search.html",
            lambda view: compose_search(view, reactions()),
            (*_EVENTS, *_STUDIES, claims.CLAIM_VERDICT, prices.ASSET, news.INCIDENT, news.FEED),
            "search_headlines",
        ),
        job(
            "now.html",
            lambda view: compose_now(view, reactions()),
            (*_EVENTS, *_STUDIES, *_RECORD, *_FEEDS, claims.CLAIM, claims.CLAIM_VERDICT, moves.UNEXPLAINED_MOVE),
        ),
        job(
            "compare.html",
            lambda view: compose_compare(view, reactions()),
            (*_EVENTS, *_STUDIES, prices.MARKET),
        ),
    ]


def _whole(tables: Iterable[Table], queries: Iterable[str] = ()) -> tuple[Read, ...]:
    return (*(Read(table.name) for table in tables), *(Read(name) for name in queries))


def _render(compose: Callable[[Frames], Page], view: Frames) -> dict[str, str]:
    page = compose(view)
    return {page.path: render_page(page), **page.files}


def _file_job(path: str, frames: Frames, tables: Iterable[Table], write: Callable[[Frames], dict[str, str]]) -> Job:
    reads = _whole(tables)
    return Job(path, reads, partial(write, frames.only(reads)))


def _year_jobs(frames: Frames, reactions: Reactions) -> Iterable[Job]:
    reads = _whole((*_EVENTS, *_STUDIES, prices.MARKET))
    view = frames.only(reads)
    for year in event_years(frames.get(news.EVENT)):
        yield Job(year_path(year), reads, partial(_render_year, view, year, reactions))


def _render_year(view: Frames, year: int, reactions: Reactions) -> dict[str, str]:
    return _render(lambda frames: compose_year(frames, year, reactions()), view)


def _provider_jobs(frames: Frames, reactions: Reactions) -> Iterable[Job]:
    outages = outages_by_provider(frames.get(news.EVENT))
    of_event = (news.EVENT, studies.STUDY_RESULT, choice.MARKET_CHOICE)
    for provider in provider_ids(frames):
        event_ids = outages.get(provider, [])
        reads = (
            *_whole((prices.MARKET, news.FEED, news.FETCH)),
            *(Read(table.name, "provider", provider) for table in (news.INCIDENT, resilience.DOSE_RESPONSE)),
            *(Read(table.name, "event_id", event_id) for table in of_event for event_id in event_ids),
        )
        render = partial(_render_provider, frames.only(reads), provider, event_ids, reactions)
        yield Job(provider_path(provider), reads, render)


def _render_provider(view: Frames, provider: str, event_ids: Sequence[str], reactions: Reactions) -> dict[str, str]:
    return _render(lambda frames: compose_provider(frames, provider, event_ids, reactions()), view)


def _claim_jobs(frames: Frames) -> Iterable[Job]:
    for claim_id in frames.get(claims.CLAIM_VERDICT)["claim_id"]:
        rows = frames.part(claims.CLAIM, "claim_id", claim_id).iter_rows(named=True)
        against = (event_id for row in rows for event_id in events_against(row))
        reads = (
            *(Read(table.name, "claim_id", claim_id) for table in CLAIM_TABLES),
            *(Read(news.EVENT.name, "event_id", event_id) for event_id in against),
        )
        compose = partial(compose_claim, claim_id=claim_id)
        yield Job(claim_path(claim_id), reads, partial(_render, compose, frames.only(reads)))


def _own_study_jobs(frames: Frames) -> Iterable[Job]:
    studied = frames.named("own_studies")
    for study_id in studied["study_id"] if studied.height else ():
        reads = (
            *(Read(table.name, "study_id", study_id) for table in (studies.STUDY_RESULT, own.STUDY_EVENT)),
            Read(news.EVENT.name),
        )
        compose = partial(compose_own_study, study_id=study_id)
        yield Job(own_study_path(study_id), reads, partial(_render, compose, frames.only(reads)))


def _event_jobs(frames: Frames, reactions: Reactions) -> Iterable[Job]:
    for event in signed_rows(frames.get(news.EVENT).filter(pl.col("status") != "rejected"), news.EVENT):
        event_id = event["event_id"]
        reads = (
            *(Read(table.name, "event_id", event_id) for table in (news.EVENT, *EVENT_TABLES, *_STUDIES)),
            *_claim_reads(frames, "event_id", event_id),
            *_move_reads(frames, event_id),
            *_episode_reads(frames, event_id),
        )
        yield Job(event_path(event_id), reads, partial(_render_event, frames.only(reads), event, reactions))


def _claim_reads(frames: Frames, column: str, value: str) -> Iterable[Read]:
    """The claims about an event or a token, and their verdicts."""
    yield Read(claims.CLAIM.name, column, value)
    about = frames.part(claims.CLAIM, column, value)["claim_id"]
    yield from (Read(claims.CLAIM_VERDICT.name, "claim_id", claim_id) for claim_id in about)


def _episode_reads(frames: Frames, event_id: str) -> Iterable[Read]:
    """What an event's page says of its episode: the rows of all its steps, and their titles."""
    for episode_id in frames.part(news.NEWS_EPISODE, "event_id", event_id)["episode_id"]:
        yield Read(news.NEWS_EPISODE.name, "episode_id", episode_id)
        steps = frames.part(news.NEWS_EPISODE, "episode_id", episode_id)["event_id"]
        yield from (Read(news.EVENT.name, "event_id", step) for step in steps)


def _move_reads(frames: Frames, event_id: str) -> Iterable[Read]:
    """What an event's page says of its move: its own rows, those of the move, and the titles of who shares it."""
    own = frames.part(moves.SHARED_MOVE, "event_id", event_id)
    yield Read(moves.EARLIER_DAY.name, "event_id", event_id)
    yield Read(moves.SHARED_MOVE.name, "event_id", event_id)
    for move_id in dict.fromkeys(own["move_id"].to_list()):
        yield Read(moves.SHARED_MOVE.name, "move_id", move_id)
        others = frames.part(moves.SHARED_MOVE, "move_id", move_id)["event_id"].to_list()
        yield from (Read(news.EVENT.name, "event_id", other) for other in dict.fromkeys(others))


def _render_event(view: Frames, event: Mapping[str, Any], reactions: Reactions) -> dict[str, str]:
    known = reactions().get(event["event_id"], [])
    page = _render(lambda frames: compose_event(frames, event, known), view)
    return {**page, **write_event(event, known), **write_paths(view, event, known)}


def _token_jobs(frames: Frames, reactions: Reactions, closes: str) -> Iterable[Job]:
    tables = (prices.MARKET, prices.ASSET, prices.COVERAGE, choice.MARKET_CHOICE, correlation.CORRELATION_ROLLING)
    by_asset = tuple(table.name for table in tables)
    reacted = _events_by_market(frames)
    for asset_id in token_ids(frames):
        own = frames.part(prices.MARKET, "asset_id", asset_id)["market_id"]
        event_ids = sorted({event_id for market_id in own for event_id in reacted.get(market_id, ())})
        reads = (
            *(Read(news.EVENT.name, "event_id", event_id) for event_id in event_ids),
            *_claim_reads(frames, "asset_id", asset_id),
            Read(moves.REACTION_TOTAL.name, "subject_id", asset_id),
            Read(moves.SHARED_MOVE.name, "asset_id", asset_id),
            *(Read(name, "asset_id", asset_id) for name in (*by_asset, closes, "latest_reference")),
            *(Read(studies.STUDY_RESULT.name, "market_id", market_id) for market_id in own),
        )
        yield Job(token_path(asset_id), reads, partial(_render_token, frames.only(reads), asset_id, reactions))


def _events_by_market(frames: Frames) -> dict[str, list[str]]:
    """The events that have results on each market."""
    found: dict[str, list[str]] = {}
    for market_id, event_id in frames.named("measured_pairs").iter_rows():
        found.setdefault(market_id, []).append(event_id)
    return found


def _render_token(view: Frames, asset_id: str, reactions: Reactions) -> dict[str, str]:
    return _render(lambda frames: compose_token(frames, asset_id, reactions()), view)
