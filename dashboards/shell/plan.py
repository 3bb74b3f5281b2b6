"""Which pages the site has, what each depends on, and how each is rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl

from dashboards.findings.readings import Reaction, read_reactions
from dashboards.pages.categories import compose_categories
from dashboards.pages.claims import compose_claims
from dashboards.pages.correlations import compose_correlations
from dashboards.pages.event import EVENT_TABLES, compose_event
from dashboards.pages.events import compose_events
from dashboards.pages.health import compose_health
from dashboards.pages.methods import compose_methods
from dashboards.pages.overview import compose_overview
from dashboards.pages.resilience import compose_resilience
from dashboards.pages.search import compose_search
from dashboards.pages.token import compose_token, compose_tokens, token_ids
from dashboards.shell.exports import write_event, write_exports
from dashboards.shell.feed import write_atom
from dashboards.shell.frames import Frames
from dashboards.shell.page import Page, event_path, render_page, token_path
from warehouse.tables import (
    attention,
    choice,
    claims,
    correlation,
    moves,
    news,
    ops,
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
_RESILIENCE = (resilience.DOSE_RESPONSE, resilience.HEDGE)
_CLAIMS = (claims.CLAIM, claims.CLAIM_VERDICT, claims.CLAIM_READING)

# Everything the site reads; a table that an older published file lacks counts as empty.
TABLES: tuple[Table, ...] = tuple(
    dict.fromkeys(
        (
            *_EVENTS,
            *_STUDIES,
            *_LEAD,
            *_RECORD,
            *_HEALTH,
            *_TOGETHER,
            *_CLAIMS,
            *_RESILIENCE,
            *EVENT_TABLES,
            single.REACTION_TIME,
            size.TEST_SIZE,
        )
    )
)


@dataclass(frozen=True, slots=True)
class Job:
    """One page or file: its path, the frames it depends on, and the function that gives its files by path."""

    path: str
    inputs: Sequence[pl.DataFrame]
    render: Callable[[], dict[str, str]]
    key: str = ""


def plan_pages(frames: Frames, now: datetime) -> list[Job]:
    """Every page of the site: `now` dates nothing here, pages follow the data alone."""
    reactions = read_reactions(frames)
    closes, headlines, runs = "daily_closes", "search_headlines", "recent_runs"
    feeds = (news.FEED, ops.CHECK_RESULT)

    def job(path: str, compose: Callable[[], Page], tables: Iterable[Table], *queries: str) -> Job:
        return _page_job(path, _inputs(frames, tables, queries), compose)

    return [
        job(
            "index.html", partial(compose_overview, frames, reactions), (*_EVENTS, *_STUDIES, *_LEAD, *_RECORD, *feeds)
        ),
        job("events.html", partial(compose_events, frames, reactions), (*_EVENTS, *_STUDIES, prices.MARKET)),
        job("tokens.html", partial(compose_tokens, frames), _RECORD),
        job("categories.html", partial(compose_categories, frames, reactions), (*_EVENTS, *_STUDIES, prices.MARKET)),
        job(
            "correlations.html",
            partial(compose_correlations, frames, reactions),
            (*_TOGETHER, *_EVENTS, *_STUDIES, claims.CLAIM),
        ),
        job("claims.html", partial(compose_claims, frames), _CLAIMS),
        job("resilience.html", partial(compose_resilience, frames), _RESILIENCE),
        job("health.html", partial(compose_health, frames), _HEALTH, runs),
        job("methods.html", partial(compose_methods, frames), (studies.STUDY_RESULT, prices.MARKET, size.TEST_SIZE)),
        job(
            "search.html",
            partial(compose_search, frames, reactions),
            (*_EVENTS, *_STUDIES, claims.CLAIM_VERDICT),
            headlines,
        ),
        Job("data/index.json", _inputs(frames, _EXPORTS), partial(write_exports, frames, reactions)),
        Job(
            "feed.xml",
            _inputs(frames, (*_EVENTS, *_STUDIES, *_CLAIMS)),
            lambda: {"feed.xml": write_atom(frames, reactions)},
        ),
        *_token_jobs(frames, reactions, closes),
        *_event_jobs(frames, reactions),
    ]


def _inputs(frames: Frames, tables: Iterable[Table], queries: Iterable[str] = ()) -> list[pl.DataFrame]:
    return [*(frames.get(table) for table in tables), *(frames.named(name) for name in queries)]


def _event_jobs(frames: Frames, reactions: Mapping[str, list[Reaction]]) -> Iterable[Job]:
    verdicts = frames.get(claims.CLAIM_VERDICT)
    rows = frames.get(news.EVENT).filter(pl.col("status") != "rejected")
    for index, event in enumerate(rows.iter_rows(named=True)):
        event_id = event["event_id"]
        known = reactions.get(event_id, [])
        parts = [frames.part(table, "event_id", event_id) for table in (*EVENT_TABLES, *_STUDIES)]
        about = verdicts.filter(
            pl.col("claim_id").is_in(frames.part(claims.CLAIM, "event_id", event_id)["claim_id"].implode())
        )
        inputs = [rows.slice(index, 1), about, *parts]
        page = _page_job(event_path(event_id), inputs, partial(compose_event, frames, event, known))
        yield Job(page.path, inputs, partial(_with_event_file, page, event, known))


def _with_event_file(page: Job, event: Mapping[str, Any], known: list[Reaction]) -> dict[str, str]:
    return {**page.render(), **write_event(event, known)}


def _token_jobs(frames: Frames, reactions: Mapping[str, list[Reaction]], closes: str) -> Iterable[Job]:
    events, daily, market = frames.get(news.EVENT), frames.named(closes), frames.get(prices.MARKET)
    references = frames.named("latest_reference")
    results = frames.get(studies.STUDY_RESULT)
    for asset_id in token_ids(frames):
        own = market.filter(pl.col("asset_id") == asset_id)
        ids = own["market_id"].implode()
        inputs = [
            events,
            own,
            frames.get(prices.ASSET).filter(pl.col("asset_id") == asset_id),
            frames.get(prices.COVERAGE).filter(pl.col("asset_id") == asset_id),
            *(part.filter(pl.col("asset_id") == asset_id) if part.height else part for part in (daily, references)),
            results.filter(pl.col("market_id").is_in(ids)),
            frames.part(choice.MARKET_CHOICE, "asset_id", asset_id),
            frames.part(correlation.CORRELATION_ROLLING, "asset_id", asset_id),
        ]
        yield _page_job(token_path(asset_id), inputs, partial(compose_token, frames, asset_id, reactions))


def _page_job(path: str, inputs: Sequence[pl.DataFrame], compose: Callable[[], Page]) -> Job:
    def render() -> dict[str, str]:
        page = compose()
        return {page.path: render_page(page), **page.files}

    return Job(path, inputs, render)
