"""The bars that a verdict rests on, with what the claim says drawn over them."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboards.figures.axes import label
from dashboards.figures.figure import Figure, FigureColumn, Plot, float_array, naive, safe
from dashboards.figures.series import break_gaps
from dashboards.fill import macro
from dashboards.findings.readings import SUBJECT_ASSET
from dashboards.numbers import StoredRows, counted
from dashboards.shell.frames import extremes
from warehouse.tables.bars import NAMES, bar_words
from warehouse.tables.claims import CLAIM_BAR
from warehouse.tables.terms import is_simulated_market, market_name
from warehouse.tables.units import close_moment, count, iso_minute, price

_COLUMNS = (
    FigureColumn("close_time_utc", "Close known, UTC", iso_minute, is_number=False),
    FigureColumn("high_quote", "High", price),
    FigureColumn("low_quote", "Low", price),
    FigureColumn("close_quote", "Close", price),
)
# Room above and below what is drawn, a share of its height.
_PADDING = 0.08


def draw_claim_bars(bars: pl.DataFrame, claimed_price: float | None = None) -> Figure:
    """Highs, lows and closes of one market over a claim's window; `bars`: rows of out.claim_bar of one asset.

    The first row closed before the window began. `claimed_price`: what the claim says was reached, US dollars.
    """
    ordered = bars.sort("close_time_utc")
    claim_id, asset_id, market_id, timeframe = ordered.row(0)[:4]
    source = StoredRows(CLAIM_BAR, fixed={"claim_id": claim_id, "market_id": market_id})
    frame = source.select(ordered, [column.name for column in _COLUMNS])
    first, last = source.row(frame, 0), source.row(frame, -1)
    ranged = frame.with_columns(pl.coalesce("high_quote", "close_quote").alias("top")).with_row_index()
    top = source.row(frame, int(ranged.sort("top")["index"][-1]))
    highest = top["high_quote"] if top["high_quote"] is not None else top["close_quote"]
    n_bars = counted(frame.height, CLAIM_BAR, claim_id=claim_id, market_id=market_id)
    title = (
        f"{asset_id} went from {price(first['close_quote'])} to {price(last['close_quote'])}; the highest price was "
        f"{price(highest)}"
    )
    return Figure(
        figure_id=f"bars-{asset_id.lower()}",
        title=title,
        subtitle=macro(
            "notes", "claim_bars_subtitle", bar_words(timeframe) if timeframe in NAMES else "", market_name(market_id)
        ),
        summary=f"From {close_moment(first['close_time_utc'])} to {close_moment(last['close_time_utc'])}: {title}.",
        note=(
            f"n = {count(n_bars)} bars · window: the one the claim names, cut when it was said · no benchmark, "
            f"no interval: prices as traded · Source: {market_name(market_id)}. "
            f"As of {close_moment(last['close_time_utc'])}."
        ),
        frame=frame,
        columns=_COLUMNS,
        plot=_plot(break_gaps(frame, "close_time_utc"), asset_id, claimed_price),
        is_simulated=is_simulated_market(market_id),
        source=source,
    )


def _plot(frame: pl.DataFrame, asset_id: str, claimed_price: float | None) -> Plot:
    color = "var(--tao)" if asset_id == SUBJECT_ASSET else "var(--blue)"
    times = [naive(at) for at in frame["close_time_utc"]]
    edges = [pl.concat([frame[name], frame["close_quote"]]).drop_nulls() for name in ("low_quote", "high_quote")]
    low, high = extremes(pl.concat(edges))
    if claimed_price is not None:
        low, high = min(low, claimed_price), max(high, claimed_price)
    margin = (high - low) * _PADDING or high * _PADDING
    shapes: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    if claimed_price is not None:
        line = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": claimed_price, "y1": claimed_price}
        shapes = [{**line, "line": {"color": "var(--ink)", "width": 2}}]
        text = f"Claimed: {safe(price(claimed_price))}"
        annotations = [label(0, claimed_price, text, "var(--ink)", xref="paper", xanchor="left", yshift=11)]
    layout = {
        "xaxis": {"type": "date", "hoverformat": "%a %-d %b %H:%M UTC", "nticks": 8},
        "yaxis": {"range": [low - margin, high + margin], "tickprefix": "$", "nticks": 6},
        "margin": {"l": 76},
        "shapes": shapes,
        "annotations": annotations,
    }
    band: dict[str, Any] = {"type": "scatter", "mode": "lines", "x": times, "line": {"width": 0}, "hoverinfo": "skip"}
    data = [
        {**band, "y": float_array(frame["low_quote"])},
        {**band, "y": float_array(frame["high_quote"]), "fill": "tonexty", "fillcolor": "var(--window)"},
        _closes(times, frame, color, asset_id),
    ]
    return Plot(data, layout, height=340, narrow_height=300, narrow={"layout.xaxis.nticks": 4})


def _closes(times: list[str], frame: pl.DataFrame, color: str, asset_id: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": times,
        "y": float_array(frame["close_quote"]),
        "line": {"color": color, "width": 2.5},
        "connectgaps": False,
        "name": safe(asset_id),
        "hovertemplate": "<b>$%{y:,.5~g}</b><extra></extra>",
    }
