"""Which pages the site has, what each depends on, and how each is rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import polars as pl

from dashboards.frames import Frames
from dashboards.page import Page, event_path, render_page
from dashboards.pages.event import EVENT_TABLES, compose_event
from dashboards.pages.overview import compose_overview
from dashboards.readings import Reaction, read_reactions
from warehouse.tables import attention, claims, correlation, news, ops, prices, single, studies
from warehouse.tables.contract import Table

TABLES: tuple[Table, ...] = (
    news.EVENT,
    news.EVENT_SOURCE,
    news.CONFOUNDER,
    news.FEED,
    news.FETCH,
    ops.CHECK_RESULT,
    prices.ASSET,
    prices.MARKET,
    prices.COVERAGE,
    prices.GAP,
    prices.QUARANTINE,
    studies.STUDY_RESULT,
    studies.STUDY_PATH,
    studies.PLACEBO,
    studies.EXCLUSION,
    claims.CLAIM,
    claims.CLAIM_VERDICT,
    claims.CLAIM_READING,
    single.REACTION_TIME,
    single.TIMING_BAND,
    single.SPECIFICATION,
    single.SPECIFICATION_SUMMARY,
    correlation.CORRELATION_PAIR,
    correlation.CORRELATION_ROLLING,
    correlation.CORRELATION_EPISODE,
    correlation.CORRELATION_NETWORK,
    correlation.LEAD_LAG,
    attention.ATTENTION,
    attention.ATTENTION_RESPONSE,
)


@dataclass(frozen=True, slots=True)
class Job:
    """One page or file: its path, the frames it depends on, and the function that gives its files by path."""

    path: str
    inputs: Sequence[pl.DataFrame]
    render: Callable[[], dict[str, str]]
    key: str = ""


def plan_pages(frames: Frames, now: datetime) -> list[Job]:
    """Every page and data file of the site."""
    reactions = read_reactions(frames)
    return [
        *_event_jobs(frames, reactions),
        _page_job("index.html", _all(frames, OVERVIEW_TABLES, ("latest_moves",)), lambda: compose_overview(frames, reactions)),
    ]


STUDY_TABLES = (studies.STUDY_RESULT, studies.STUDY_PATH, studies.PLACEBO)
OVERVIEW_TABLES = (
    news.EVENT, news.EVENT_SOURCE, news.CONFOUNDER, news.FEED, ops.CHECK_RESULT, prices.COVERAGE, prices.MARKET,
    studies.STUDY_RESULT, studies.STUDY_PATH, studies.PLACEBO, claims.CLAIM, claims.CLAIM_VERDICT,
    correlation.CORRELATION_EPISODE,
)  # fmt: skip


def _event_jobs(frames: Frames, reactions: dict[str, list[Reaction]]) -> Iterable[Job]:
    verdicts = frames.get(claims.CLAIM_VERDICT)
    rows = frames.get(news.EVENT).filter(pl.col("status") != "rejected")
    for index, event in enumerate(rows.iter_rows(named=True)):
        event_id = event["event_id"]
        known = reactions.get(event_id, [])
        parts = [frames.part(table, "event_id", event_id) for table in (*EVENT_TABLES, *STUDY_TABLES)]
        about = verdicts.filter(pl.col("claim_id").is_in(frames.part(claims.CLAIM, "event_id", event_id)["claim_id"].implode()))
        yield _page_job(event_path(event_id), [rows.slice(index, 1), about, *parts], partial(compose_event, frames, event, known))


def _all(frames: Frames, tables: Iterable[Table], queries: Iterable[str] = ()) -> list[pl.DataFrame]:
    return [*(frames.get(table) for table in tables), *(frames.extra(name) for name in queries)]


def _page_job(path: str, inputs: Sequence[pl.DataFrame], compose: Callable[[], Page]) -> Job:
    def render() -> dict[str, str]:
        page = compose()
        return {page.path: render_page(page), **page.files}

    return Job(path, inputs, render)
