"""The list of tokens, in order of relevance, with their last day and their record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.fill import fill
from dashboards.findings.findings import as_of_words
from dashboards.findings.moves import total_of
from dashboards.findings.readings import SUBJECT_ASSET
from dashboards.numbers import counted, signed_rows
from dashboards.pages.sections import moves_table
from dashboards.shell.frames import Frames, last_close, newest, oldest
from dashboards.shell.page import Page, token_path
from dashboards.shell.tables import Cell, Head, Spanning, empty_table, fold_away, link, table, with_soft
from warehouse.tables.prices import ASSET, COVERAGE
from warehouse.tables.units import count, day, plural

# Tokens with as many measured events stand in this order.
_ROLE_ORDER = ("ai_token", "other", "benchmark", "basket")


def token_ids(frames: Frames) -> list[str]:
    """Assets that have a page: every registered one, and every one with bars; the subject first."""
    known = set(frames.get(ASSET).filter(pl.col("role") != "basket")["asset_id"].to_list()) | set(
        frames.get(COVERAGE)["asset_id"].to_list()
    )
    return sorted(known, key=lambda asset: (asset != SUBJECT_ASSET, asset))


def compose_tokens(frames: Frames) -> Page:
    """The list of tokens with their last day and their record."""
    ids = token_ids(frames)
    coverage = frames.get(COVERAGE)
    n_with = counted(coverage["asset_id"].n_unique(), COVERAGE, "count(distinct asset_id)")
    title = f"{plural(n_with, 'token')} with stored prices"
    none = empty_table("No token is registered yet.", "Run `aftershock run`.")
    tokens = _token_tables(frames, ids) if ids else none
    body = fill("tokens.html.jinja", title=title, moves=moves_table(frames, ""), tokens=tokens)
    return Page(
        "tokens.html",
        "Tokens",
        "Tokens",
        f"{title}: prices, reactions and correlations.",
        body,
        as_of=as_of_words(last_close(coverage)),
        is_live=True,
    )


def by_relevance(frames: Frames, ids: list[str]) -> tuple[list[str], list[str]]:
    """Registered tokens, the subject and those with most measured events first; and ids that nobody registered."""
    roles = dict(frames.get(ASSET).select("asset_id", "role").iter_rows())
    reactions = {asset_id: total_of(frames, "token", asset_id) for asset_id in ids}

    def relevance(asset_id: str) -> tuple[bool, int, int, str]:
        total = reactions[asset_id]
        place = _ROLE_ORDER.index(roles[asset_id]) if roles[asset_id] in _ROLE_ORDER else len(_ROLE_ORDER)
        return asset_id != SUBJECT_ASSET, -(total["n_measured"] if total else 0), place, asset_id

    return sorted((name for name in ids if name in roles), key=relevance), [name for name in ids if name not in roles]


def _token_tables(frames: Frames, ids: list[str]) -> Markup:
    registered, others = by_relevance(frames, ids)
    shown = _token_table(
        frames,
        registered,
        "token-list",
        "Tokens of the registry, those with most measured events first",
        "Renamed and merged tokens keep pages of their own; prices are never spliced across a change.",
    )
    if not others:
        return shown
    caption = "Markets outside the registry"
    small = "Stored because a file brought them: other coins, shares, commodities. No study looks at them."
    folded = _token_table(frames, others, "unregistered", caption, small)
    return shown + fold_away(caption, folded, "others")


def _token_table(frames: Frames, ids: list[str], table_id: str, caption: str, small: str) -> Markup:
    names = {row["asset_id"]: row for row in signed_rows(frames.get(ASSET), ASSET)}
    heads = (
        Head("Token"),
        Head("Role"),
        Head("Measured events", is_number=True),
        Head("Markets", is_number=True),
        Head("From"),
        Head("To"),
        Head("Bars", is_number=True),
    )
    rows = [
        _token_row(
            asset_id,
            names.get(asset_id, {}),
            total_of(frames, "token", asset_id),
            frames.part(COVERAGE, "asset_id", asset_id),
        )
        for asset_id in ids
    ]
    return table(table_id, caption, small, heads, rows)


def _token_row(
    asset_id: str, asset: Mapping[str, Any], total: Mapping[str, Any] | None, own: pl.DataFrame
) -> list[Cell | Spanning]:
    name = with_soft(link(token_path(asset_id), asset_id), asset.get("name", ""))
    measured = count(total["n_measured"]) if total else "–"
    role = str(asset.get("role", "not registered")).replace("_", " ")
    if not own.height:
        return [name, role, measured, Spanning("No bars stored – import or backfill a market that lists it")]
    return [
        name,
        role,
        measured,
        count(counted(own["market_id"].n_unique(), COVERAGE, "count(distinct market_id)", asset_id=asset_id)),
        _day(oldest(own, "first_open_utc")),
        _day(newest(own, "last_open_utc")),
        count(counted(int(own["n_present"].sum()), COVERAGE, "sum(n_present)", asset_id=asset_id)),
    ]


def _day(value: datetime | None) -> str:
    return "–" if value is None else day(value)
