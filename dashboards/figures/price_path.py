"""The path of a token around an event, with what its benchmark predicts and what a claim says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.figures.axes import end_label, label, leader, padded_range, percent_axis, vertical_rule, zero_line
from dashboards.figures.figure import Figure, FigureColumn, Plot, float_array, naive, safe, time_axis
from dashboards.figures.series import bar_hours, break_gaps
from dashboards.fill import macro
from dashboards.findings.findings import benchmark_word, path_title
from dashboards.findings.readings import SUBJECT_ASSET, Reaction, between_hours, source_of_path
from dashboards.numbers import StoredRow
from warehouse.tables.bars import step_words
from warehouse.tables.terms import venue_name
from warehouse.tables.units import clock, close_moment, count, hours_short, iso_minute, moment, number, percent, price

# The quiet before the event that is drawn, so that its labels have room, and what follows.
HOURS_BEFORE, HOURS_AFTER = 60.0, 168.0
MARKED_HOURS = (12.0, 24.0, 168.0)
# Nearer to a mark than this, a turning point would hide the mark's value.
NEAR_A_MARK = timedelta(hours=12)


def draw_price_path(
    path: pl.DataFrame, reaction: Reaction, event: Mapping[str, Any], claim: tuple[float, float] | None
) -> Figure:
    """Raw and expected return since the last close before the event; `claim` is (rise as a fraction, hours)."""
    frame = between_hours(path, -HOURS_BEFORE, HOURS_AFTER + 4).select(
        "close_time_utc", "hours_after_event", "close_quote", "raw_return", "expected_return"
    )
    figure_id = "path"
    bars = step_words(bar_hours(frame, "close_time_utc"))
    benchmark = benchmark_word(reaction.headline.benchmark if reaction.headline else None)
    columns = (
        FigureColumn("close_time_utc", "Close known, UTC", iso_minute, is_number=False),
        FigureColumn("hours_after_event", "Hours after", lambda value: number(value, 1)),
        FigureColumn("close_quote", "Close", price),
        FigureColumn("raw_return", "Return", percent),
        FigureColumn("expected_return", f"Expected from {benchmark}", percent),
    )
    if frame["raw_return"].drop_nulls().is_empty():
        return Figure(
            figure_id,
            path_title(reaction),
            "Return since the last close before the news.",
            "",
            "",
            frame,
            columns,
            why_empty=(
                f"No bars for {reaction.asset_id} around this event.",
                "Import a market that lists it to measure it.",
            ),
        )
    return Figure(
        figure_id=figure_id,
        title=path_title(reaction),
        subtitle=(
            f"Return since the last close before the first public report, {bars} closes. "
            f"Dots: {', '.join(hours_short(h) for h in _marks(reaction))} after. "
            f"Dashed: what {benchmark}’s move predicts."
        ),
        summary=_summary(frame, reaction, benchmark),
        note=_note(reaction, benchmark, bars, claim),
        frame=frame,
        columns=columns,
        plot=_plot(break_gaps(frame, "close_time_utc"), reaction, event, claim, benchmark),
        is_simulated=reaction.is_simulated,
        source=source_of_path(reaction),
    )


def _marks(reaction: Reaction) -> list[float]:
    return [
        hours
        for hours in MARKED_HOURS
        if (horizon := reaction.horizons.get(hours)) is not None and horizon.raw_return is not None
    ]


def _plot(
    frame: pl.DataFrame, reaction: Reaction, event: Mapping[str, Any], claim: tuple[float, float] | None, benchmark: str
) -> Plot:
    start: datetime = event["best_at_utc"]
    color = "var(--tao)" if reaction.asset_id == SUBJECT_ASSET else "var(--blue)"
    times = frame["close_time_utc"].to_list()
    grid = time_axis(times)
    low, high = _range(frame, claim)
    marks = [(hours, reaction.horizons[hours].raw_return, _time_of(frame, hours)) for hours in _marks(reaction)]
    expected_line = {"color": "var(--bench)", "width": 1.75, "dash": "4px 3px"}
    data = [
        _line(grid, frame["expected_return"], expected_line, f"expected from {benchmark}"),
        _line(grid, frame["raw_return"], {"color": color, "width": 2.5}, reaction.asset_id),
        _dots(marks, color),
    ]
    last = frame.filter(pl.col("raw_return").is_not_null()).row(-1, named=True)
    fixed = _start_labels(start, claim)
    leaders = _leaders(marks, color)
    leaders += _turning_point(frame, marks, color)
    ends = _end_labels(frame, reaction, last, benchmark, color)
    layout = {
        "xaxis": {
            "type": "date",
            "tickformat": "%-d %b",
            "hoverformat": "%a %-d %b %H:%M UTC",
            "range": [naive(times[0]), naive(times[-1])],
            "nticks": 10,
        },
        "yaxis": percent_axis(low, high),
        "margin": {"r": 142},
        "shapes": [zero_line(), vertical_rule(naive(start)), *(_claim_shapes(start, *claim) if claim else [])],
        "annotations": [*fixed, *leaders, *ends],
    }
    subject = len(fixed) + len(leaders)
    narrow: dict[str, Any] = {
        "layout.margin.r": 66,
        "layout.xaxis.nticks": 4,
        "layout.annotations.0.text": f"Report<br>{clock(start)} UTC",
        **{f"layout.annotations.{index}.ax": 14 for index in range(len(fixed), subject)},
        f"layout.annotations.{subject}.text": ends[0]["text"].split(" after")[0].split(" at the")[0],
        f"layout.annotations.{subject + 1}.text": "expected",
    }
    return Plot(data, layout, height=400, narrow_height=350, narrow=narrow)


def _range(frame: pl.DataFrame, claim: tuple[float, float] | None) -> tuple[float, float]:
    values = [*frame["raw_return"].to_list(), *frame["expected_return"].to_list()]
    low, high = padded_range([*values, claim[0] * 1.08 if claim else None])
    # The label of the claim and the one of the report above it need room of their own.
    return low, max(high, low + (claim[0] - low) / 0.78) if claim else high


def _dots(marks: Sequence[tuple[float, float | None, datetime]], color: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [naive(at) for _, _, at in marks],
        "y": [value for _, value, _ in marks],
        "marker": {"size": 8, "color": color, "line": {"color": "var(--paper)", "width": 1.5}},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _start_labels(start: datetime, claim: tuple[float, float] | None) -> list[dict[str, Any]]:
    """What stands left of the event: the report, and the claim at its height."""
    left: dict[str, Any] = {"xanchor": "right", "align": "right", "xshift": -6}
    report = f"First public report<br>{safe(moment(start, with_year=False))}"
    labels = [label(naive(start), 1, report, yref="paper", yanchor="top", **left)]
    if claim:
        text = f"Claim: {percent(claim[0], 0)}<br>within {hours_short(claim[1])}"
        labels.append(label(naive(start), claim[0], text, "var(--ink)", **left))
    return labels


def _leaders(marks: Sequence[tuple[float, float | None, datetime]], color: str) -> list[dict[str, Any]]:
    """The values at the early marks; the last one is named at the end of the line."""
    early = [mark for mark in marks if mark[0] < MARKED_HOURS[-1]]
    return [
        leader(naive(at), value, f"<b>{percent(value or 0)}</b> {hours_short(hours)}", 18, 30 + 14 * index, color)
        for index, (hours, value, at) in enumerate(reversed(early))
    ]


def _extreme(frame: pl.DataFrame) -> Mapping[str, Any] | None:
    """The close after the event that lies farthest from the start, the first of equals; None without one."""
    sizes = [
        (abs(value), -place)
        for place, (hours, value) in enumerate(zip(frame["hours_after_event"], frame["raw_return"], strict=True))
        if value is not None and hours > 0
    ]
    return frame.row(-max(sizes)[1], named=True) if sizes else None


def _turning_point(
    frame: pl.DataFrame, marks: Sequence[tuple[float, float | None, datetime]], color: str
) -> list[dict[str, Any]]:
    """The extreme named on the line, where no mark that carries its own value stands near it."""
    row = _extreme(frame)
    if row is None or any(abs(row["close_time_utc"] - at) < NEAR_A_MARK for _, _, at in marks):
        return []
    is_peak = row["raw_return"] > 0
    text = f"<b>{percent(row['raw_return'])}</b> {'peak' if is_peak else 'trough'}"
    above = -22 if is_peak else 22
    return [leader(naive(row["close_time_utc"]), row["raw_return"], text, 22, above, color)]


def _line(grid: Mapping[str, Any], values: pl.Series, line: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        **grid,
        "y": float_array(values),
        "line": dict(line),
        "connectgaps": False,
        "name": safe(name),
        "hovertemplate": f"<b>%{{y:+.1%}}</b> {safe(name)}<extra></extra>",
    }


def _time_of(frame: pl.DataFrame, hours: float) -> datetime:
    # The last close inside the window, which is the one the horizon was measured at.
    rows = enumerate(zip(frame["hours_after_event"].to_list(), frame["raw_return"].to_list(), strict=True))
    moment_known: datetime = frame["close_time_utc"][
        max((place for place, (at, value) in rows if at <= hours and value is not None), default=0)
    ]
    return moment_known


def _claim_shapes(start: datetime, rise: float, hours: float) -> list[dict[str, Any]]:
    window = {"x0": naive(start), "x1": naive(start + timedelta(hours=hours))}
    return [
        {
            "type": "rect",
            **window,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "line": {"width": 0},
            "layer": "below",
            "fillcolor": "var(--window)",
        },
        {"type": "line", **window, "y0": rise, "y1": rise, "line": {"color": "var(--ink)", "width": 2}},
    ]


def _end_labels(
    frame: pl.DataFrame, reaction: Reaction, last: Mapping[str, Any], benchmark: str, color: str
) -> list[dict[str, Any]]:
    week = reaction.horizons.get(168.0)
    horizon = "after 7 days" if week is not None and week.raw_return is not None else "at the end of the data"
    value = week.raw_return if week is not None and week.raw_return is not None else last["raw_return"]
    expected = frame["expected_return"].drop_nulls()
    at = naive(last["close_time_utc"])
    expected_end = expected[-1] if expected.len() else 0.0
    # Keep the two names apart when the lines end close together.
    span = abs(last["raw_return"] - expected_end)
    shift = 16 if span < 0.035 else 0
    sign = 1 if last["raw_return"] >= expected_end else -1
    texts = (f"<b>{safe(reaction.asset_id)}</b><br>{percent(value)} {horizon}", f"Expected from<br>{safe(benchmark)}")
    return [
        end_label(1, at, last["raw_return"], texts[0], color, yshift=shift * sign),
        end_label(0, at, expected_end, texts[1], "var(--bench)", yshift=-shift * sign),
    ]


def _summary(frame: pl.DataFrame, reaction: Reaction, benchmark: str) -> str:
    sentences = [
        f"After {hours_short(hours)} {reaction.asset_id} stood at {percent(horizon.raw_return)}"
        + (
            f", {benchmark} predicted {percent(horizon.expected_return)}."
            if horizon.expected_return is not None
            else "."
        )
        for hours in _marks(reaction)
        if (horizon := reaction.horizons[hours]).raw_return is not None
    ]
    if (extreme := _extreme(frame)) is not None:
        row = StoredRow(extreme, source_of_path(reaction))
        which = "highest" if extreme["raw_return"] > 0 else "lowest"
        sentences.insert(
            0,
            f"The {which} close in the window is {percent(row['raw_return'])}, "
            f"{count(row['hours_after_event'])} hours after the report.",
        )
    return " ".join(sentences)


def _note(reaction: Reaction, benchmark: str, bars: str, claim: tuple[float, float] | None) -> Markup:
    day = reaction.headline
    estimation = f", estimated on {day.n_estimation} bars" if day is not None and day.n_estimation else ""
    interval = ""
    if day is not None and day.car_lower is not None and day.car_upper is not None:
        interval = (
            f" · 95% interval of the move beyond it after 24 h: {percent(day.car_lower)} to {percent(day.car_upper)}"
        )
    return macro(
        "notes",
        "price_path",
        count(HOURS_BEFORE),
        benchmark,
        estimation,
        interval,
        f" · shaded: the {hours_short(claim[1])} the claim names" if claim else "",
        venue_name(reaction.market_id),
        bars,
        close_moment(reaction.data_as_of),
    )
