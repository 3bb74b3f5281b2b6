"""Which pages the site has, what each depends on, and how each is rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from dashboards.frames import Frames
from dashboards.page import Page, render_page
from dashboards.pages.overview import compose_overview
from dashboards.readings import read_reactions
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
        _page_job("index.html", _all(frames, OVERVIEW_TABLES, ("latest_moves",)), lambda: compose_overview(frames, reactions)),
    ]


OVERVIEW_TABLES = (
    news.EVENT, news.EVENT_SOURCE, news.CONFOUNDER, news.FEED, ops.CHECK_RESULT, prices.COVERAGE, prices.MARKET,
    studies.STUDY_RESULT, studies.STUDY_PATH, studies.PLACEBO, claims.CLAIM, claims.CLAIM_VERDICT,
    correlation.CORRELATION_EPISODE,
)  # fmt: skip


def _all(frames: Frames, tables: Iterable[Table], queries: Iterable[str] = ()) -> list[pl.DataFrame]:
    return [*(frames.get(table) for table in tables), *(frames.extra(name) for name in queries)]


def _page_job(path: str, inputs: Sequence[pl.DataFrame], compose: Callable[[], Page]) -> Job:
    def render() -> dict[str, str]:
        page = compose()
        return {page.path: render_page(page), **page.files}

    return Job(path, inputs, render)
