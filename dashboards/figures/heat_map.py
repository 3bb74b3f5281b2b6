"""Correlations of every pair of tokens as a coloured matrix, with a slider over the periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from dashboards.figures.figure import Figure, FigureColumn, Plot, safe
from dashboards.fill import macro
from dashboards.findings.readings import SUBJECT_ASSET
from dashboards.numbers import Moment, StoredRows
from dashboards.shell.tables import NOTHING
from dashboards.shell.theme import DIVERGING
from warehouse.tables.bars import MICROSECOND, bar_words
from warehouse.tables.correlation import CORRELATION_NETWORK
from warehouse.tables.terms import is_simulated_market, venue_name
from warehouse.tables.units import close_moment, count, day, iso_day, number

_SOURCE = StoredRows(CORRELATION_NETWORK)
MAX_ASSETS = 12
# Values are printed in the cells up to this many rows.
MAX_PRINTED = 10


def draw_heat_map(network: pl.DataFrame) -> Figure:
    """The last period drawn, earlier ones on the slider; one market per asset."""
    timeframe = _longest_timeframe(network)
    rows = network.filter(pl.col("timeframe") == timeframe) if timeframe else network
    columns = (
        FigureColumn("period_start_utc", "Period from", iso_day, is_number=False),
        FigureColumn("asset_id", "Token", str, is_number=False),
        FigureColumn("other_asset_id", "With", str, is_number=False),
        FigureColumn("correlation", "Correlation", number),
        FigureColumn("partial_correlation", "Beyond Bitcoin", number),
        FigureColumn("n", "Bars", count),
    )
    rows = rows.sort("n", descending=True).unique(
        ["period_start_utc", "asset_id", "other_asset_id"], keep="first", maintain_order=True
    )
    frame = rows.sort("period_start_utc", "asset_id", "other_asset_id").pipe(
        _SOURCE.select, [column.name for column in columns]
    )
    subtitle = (
        "Correlation of log returns between each pair of tokens; blue moves against, vermilion moves with. "
        "Choose the period with the slider."
    )
    if not frame.height:
        return Figure(
            "heat",
            "Correlations between tokens: not measured",
            subtitle,
            "",
            "",
            frame,
            columns,
            why_empty=(
                "No period has enough common bars.",
                "The matrix needs at least three tokens over one full period.",
            ),
        )
    # A month is dated by the bars that stand behind it: a record that ends inside it does not show all of it.
    periods = rows.group_by("period_start_utc").agg(pl.col("data_as_of_utc").max()).sort("period_start_utc").rows()
    last = frame.filter(pl.col("period_start_utc") == periods[-1][0])
    labels = [f"{day(Moment.of(start))} to {day(Moment.of(end - MICROSECOND))}" for start, end in periods]
    by_value, by_bars = list(_SOURCE.rows(last.sort("correlation"))), list(_SOURCE.rows(last.sort("n")))
    low, strongest, high = by_value[0]["correlation"], by_value[-1], by_value[-1]["correlation"]
    fewest, most = by_bars[0]["n"], by_bars[-1]["n"]
    return Figure(
        figure_id="heat",
        title=_title(strongest, labels[-1]),
        subtitle=subtitle,
        summary=f"Correlations of the pairs in the last period run from {number(low)} to {number(high)}.",
        note=f"n = {count(most) if fewest == most else f'{count(fewest)} to {count(most)}'} "
        f"{bar_words(timeframe or '')} bars a pair · window: one period · no benchmark; intervals are in "
        f"the table of pairs. Source: {', '.join(sorted({venue_name(m) for m in rows['market_id']}))}. As of "
        f"{close_moment(Moment.of(periods[-1][1]))}.",
        frame=frame,
        columns=columns,
        plot=_plot(frame, [start for start, _ in periods], labels),
        is_simulated=any(is_simulated_market(market) for market in rows["market_id"].unique()),
        source=_SOURCE,
        above=macro("notes", "slider", len(labels) - 1, labels[-1]) if len(labels) > 1 else NOTHING,
    )


def _title(strongest: Mapping[str, Any], label: str) -> str:
    pair = f"{strongest['asset_id']} and {strongest['other_asset_id']}"
    return f"{pair} moved together most ({number(strongest['correlation'])}), {label}"


def _title_of_period(frame: pl.DataFrame, start: datetime, label: str) -> str:
    own = frame.filter(pl.col("period_start_utc") == start).sort("correlation")
    return _title(own.row(-1, named=True), label)


def _longest_timeframe(network: pl.DataFrame) -> str | None:
    counts = network.group_by("timeframe").agg(
        pl.col("period_start_utc").n_unique().alias("n"), pl.col("n").sum().alias("bars")
    )
    best = counts.sort("n", "bars", "timeframe", descending=[True, True, False]).head(1)
    return best["timeframe"][0] if best.height else None


def _plot(frame: pl.DataFrame, periods: list[Any], labels: list[str]) -> Plot:
    assets = _ordered_assets(frame)
    shown = [_cells(frame.filter(pl.col("period_start_utc") == start), assets) for start in periods]
    trace = {
        "type": "heatmap",
        **shown[-1],
        "texttemplate": "%{text}",
        "textfont": {"size": 13, "color": "var(--ink)"},
        "zmin": -1,
        "zmax": 1,
        "zmid": 0,
        "colorscale": DIVERGING,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "opacity": 0.75,
        "hovertemplate": "%{y} with %{x}: <b>%{z:.2f}</b><extra></extra>",
        "hoverongaps": False,
    }
    layout = {
        "hovermode": "closest",
        "xaxis": {"side": "top", "showline": False, "ticks": "", "fixedrange": True},
        "yaxis": {"autorange": "reversed", "showgrid": False},
        "margin": {"l": 76, "t": 30, "b": 10, "r": 6},
    }
    frames = [
        {
            "label": label,
            "title": _title_of_period(frame, start, label),
            "patch": {f"data.0.{name}": values for name, values in cells.items()},
        }
        for start, label, cells in zip(periods, labels, shown, strict=True)
    ]
    height = 60 + 44 * len(assets)
    return Plot(
        [trace],
        layout,
        height=height,
        narrow_height=max(320, 50 + 32 * len(assets)),
        frames=frames,
        narrow={
            "data.0.textfont.size": 12,
            "layout.margin.l": 60,
            "layout.xaxis.tickangle": -60,
            "layout.margin.t": 56,
        },
    )


def _ordered_assets(frame: pl.DataFrame) -> list[str]:
    mean = (
        pl.concat(
            [
                frame.select("asset_id", "correlation"),
                frame.select(pl.col("other_asset_id").alias("asset_id"), "correlation"),
            ]
        )
        .group_by("asset_id")
        .agg(pl.len().alias("n"), pl.col("correlation").mean())
        .sort("n", "correlation", descending=True)
        .head(MAX_ASSETS)
        .sort("correlation", "asset_id", descending=[True, False])
    )
    names = mean["asset_id"].to_list()
    return sorted(names, key=lambda name: (name != SUBJECT_ASSET, names.index(name)))


def _cells(frame: pl.DataFrame, assets: list[str]) -> dict[str, list[Any]]:
    """The matrix of one period, of the tokens with a number in it alone."""
    known = set(frame["asset_id"]) | set(frame["other_asset_id"])
    named = [asset for asset in assets if asset in known]
    matrix = _matrix(frame, named)
    is_printed = len(named) <= MAX_PRINTED
    texts = [[number(value) if value is not None and is_printed else "" for value in row] for row in matrix]
    names = [safe(asset) for asset in named]
    return {"x": names, "y": names, "z": matrix, "text": texts}


def _matrix(frame: pl.DataFrame, assets: list[str]) -> list[list[float | None]]:
    known: dict[tuple[str, str], float] = {}
    for first, second, value in frame.select("asset_id", "other_asset_id", "correlation").iter_rows():
        known[first, second] = known[second, first] = round(value, 3)
    return [[known.get((row, column)) for column in assets] for row in assets]
