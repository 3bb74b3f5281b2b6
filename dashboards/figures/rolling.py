"""Correlation or beta of a token with Bitcoin over time, with its 95 % band."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl

from dashboards.figures.axes import date_format, label, number_axis, padded_range, vertical_rule, zero_line
from dashboards.figures.figure import Figure, FigureColumn, Plot, float_array, naive, safe, time_axis
from dashboards.figures.series import break_gaps
from dashboards.fill import macro
from dashboards.findings.readings import SUBJECT_ASSET
from dashboards.numbers import StoredRow, StoredRows, counted
from warehouse.tables.bars import bar_words
from warehouse.tables.correlation import CORRELATION_ROLLING
from warehouse.tables.terms import benchmark_name, is_simulated_market, venue_name
from warehouse.tables.units import close_moment, count, day, hours_in_words, iso_minute, number

# A longer series is thinned evenly to about this many points; the CSV keeps all.
MAX_POINTS = 900
_SOURCE = StoredRows(CORRELATION_ROLLING)


def pick_series(rolling: pl.DataFrame, asset_id: str) -> pl.DataFrame:
    """One rolling series of a token beside Bitcoin: the plain estimator, then the longest record."""
    rows = rolling.filter(
        (pl.col("asset_id") == asset_id) & (pl.col("other_asset_id") == "BTC") & pl.col("correlation").is_not_null()
    )
    if rows.filter(pl.col("estimator") == "rolling").height:
        rows = rows.filter(pl.col("estimator") == "rolling")
    if not rows.height:
        return rows
    key = ["market_id", "other_market_id", "timeframe", "estimator", "window_hours"]
    best = rows.group_by(key).agg(
        pl.len().alias("n_rows"), (pl.col("close_time_utc").max() - pl.col("close_time_utc").min()).alias("length")
    )
    first = best.sort("length", "n_rows", *key, descending=[True, True, *[False] * len(key)]).head(1)
    return rows.join(first.select(key), on=key, how="semi").sort("close_time_utc")


def draw_rolling(
    series: pl.DataFrame, asset_id: str, measure: str, marks: Sequence[tuple[datetime, str]], group: str
) -> Figure:
    """`measure` is correlation or beta; `marks` are labelled moments, such as the lead event."""
    figure_id = f"{measure}-{asset_id.lower()}"
    names = ("close_time_utc", measure, f"{measure}_lower_95", f"{measure}_upper_95", "n")
    frame = _SOURCE.select(series, names)
    columns = (
        FigureColumn("close_time_utc", "Window ends, UTC", iso_minute, is_number=False),
        FigureColumn(measure, measure.capitalize(), number),
        FigureColumn(f"{measure}_lower_95", "lower 95%", number),
        FigureColumn(f"{measure}_upper_95", "upper 95%", number),
        FigureColumn("n", "Bars", count),
    )
    known = frame.filter(pl.col(measure).is_not_null())
    if known.height < 2:
        return Figure(
            figure_id,
            f"{asset_id}: {measure} with Bitcoin is not measured",
            "",
            "",
            "",
            frame,
            columns,
            why_empty=(
                "Too few common bars with Bitcoin.",
                "The moving window needs an unbroken stretch of both series.",
            ),
        )
    first = _SOURCE.row(series, 0)
    now = _SOURCE.row(known, -1)[measure]
    low, high = (_SOURCE.row(known.sort(measure), place)[measure] for place in (0, -1))
    begin, end = (_SOURCE.row(known, place)["close_time_utc"] for place in (0, -1))
    window = hours_in_words(first["window_hours"])
    n_windows = _n_windows(first, known.height, measure)
    return Figure(
        figure_id=figure_id,
        title=rolling_title(asset_id, measure, now, low, high),
        subtitle=macro("notes", "rolling_subtitle", measure, bar_words(first["timeframe"]), window),
        summary=f"From {day(begin)} to {day(end)} it ran between {number(low)} and {number(high)}; last {number(now)}.",
        note=f"n = {count(n_windows)} overlapping windows of {window} · benchmark: {benchmark_name('BTC')} · "
        f"interval: 95%. Source: {venue_name(first['market_id'])}. As of {close_moment(end)}.",
        frame=frame,
        columns=columns,
        plot=_plot(_thin(frame), asset_id, measure, marks, group),
        is_simulated=is_simulated_market(first["market_id"]),
        source=_SOURCE,
    )


def _n_windows(first: StoredRow, n: int, measure: str) -> int:
    key = {part: first[part] for part in CORRELATION_ROLLING.key if part != "close_time_utc"}
    return counted(n, CORRELATION_ROLLING, f"count({measure})", **key)


def rolling_title(asset_id: str, measure: str, now: float, low: float, high: float) -> str:
    """Where the measure is now and how far it ranged."""
    if high - low < 0.1:
        return f"{asset_id}’s {measure} with Bitcoin held near {number(now)}"
    return f"{asset_id}’s {measure} with Bitcoin ranged from {number(low)} to {number(high)}; last {number(now)}"


def _thin(frame: pl.DataFrame) -> pl.DataFrame:
    return break_gaps(frame.gather_every(-(-frame.height // MAX_POINTS)), "close_time_utc")


def _plot(frame: pl.DataFrame, asset_id: str, measure: str, marks: Sequence[tuple[datetime, str]], group: str) -> Plot:
    color = "var(--tao)" if asset_id == SUBJECT_ASSET else "var(--blue)"
    axis = time_axis(frame["close_time_utc"].to_list())
    low, high = padded_range([*frame[measure], *frame[f"{measure}_lower_95"], *frame[f"{measure}_upper_95"]])
    base: dict[str, Any] = {"type": "scatter", "mode": "lines", **axis, "connectgaps": False}
    data = [
        {**base, "y": float_array(frame[f"{measure}_lower_95"]), "line": {"width": 0}, "hoverinfo": "skip"},
        {
            **base,
            "y": float_array(frame[f"{measure}_upper_95"]),
            "line": {"width": 0},
            "hoverinfo": "skip",
            "fill": "tonexty",
            "fillcolor": "var(--band-80)",
        },
        {
            **base,
            "y": float_array(frame[measure]),
            "line": {"color": color, "width": 2},
            "name": safe(asset_id),
            "hovertemplate": f"<b>%{{y:.2f}}</b> {safe(asset_id)}<extra></extra>",
        },
    ]
    first, last = frame["close_time_utc"][0], frame["close_time_utc"][-1]
    shown = [(at, text) for at, text in marks if first <= at <= last]
    layout = {
        "xaxis": {
            "type": "date",
            "tickformat": date_format(first, last),
            "hoverformat": "%-d %b %Y %H:%M UTC",
            "nticks": 7,
        },
        "yaxis": number_axis(low, min(high, 1.05) if measure == "correlation" else high),
        "shapes": [
            zero_line(),
            *[vertical_rule(naive(at)) for at, _ in shown],
        ],
        "annotations": [
            label(naive(at), 1, safe(text), yref="paper", xanchor="right", yanchor="top", xshift=-5)
            for at, text in shown
        ],
    }
    return Plot(data, layout, height=280, narrow_height=250, narrow={"layout.xaxis.nticks": 4}, group=group)
