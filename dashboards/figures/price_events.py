"""The price of a token over its whole record, with the events on its axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from dashboards.figures.axes import date_format, label
from dashboards.figures.figure import Figure, FigureColumn, Plot, float_array, naive, safe, time_axis
from dashboards.figures.series import break_gaps
from dashboards.findings.readings import SUBJECT_ASSET
from dashboards.numbers import StoredRows, counted, derived
from dashboards.shell.frames import extremes, newest, oldest
from dashboards.shell.named import DAILY_CLOSE, PRICE_RECORD
from warehouse.tables.terms import is_simulated_market, market_name
from warehouse.tables.units import day, iso_day, limit_words, percent, plural, price, round_price

N_NUMBERED = 5
# A number hides another within this part of the width; its box is so many pixels high.
NUMBER_WIDTH, NUMBER_HEIGHT = 0.045, 24
# Prices that a log axis labels, in dollars.
PRICE_TICKS = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 700),
    *(1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000),
)
# An event inside the record: its time, its title, its abnormal return as a fraction.
Mark = tuple[datetime, str, float | None]
_SOURCE = StoredRows(DAILY_CLOSE)
_COLUMNS = (
    FigureColumn("day_utc", "Day", iso_day, is_number=False),
    FigureColumn("close_quote", "Close", price),
)


def draw_price_events(closes: pl.DataFrame, asset_id: str, marks: Sequence[Mark], market_id: str) -> Figure:
    """Daily closes on a log axis; `marks` are (time, title, abnormal return) of the events inside the record."""
    frame = _SOURCE.select(closes, ("day_utc", "close_quote")).sort("day_utc")
    subtitle = (
        "Daily closes, log scale. Ticks on the axis: events; numbers: the five with the largest abnormal "
        "move, listed below."
    )
    if frame.height < 2:
        return Figure(
            "price",
            f"{asset_id}: no prices",
            subtitle,
            "",
            "",
            frame,
            _COLUMNS,
            why_empty=(f"No bars for {asset_id} are stored.", "Import or backfill a market that lists it."),
        )
    first, last = _SOURCE.row(frame, 0), _SOURCE.row(frame, -1)
    inside = sorted(
        (mark for mark in marks if first["day_utc"] <= mark[0] <= last["day_utc"]), key=lambda mark: mark[0]
    )
    change = derived(last["close_quote"] / first["close_quote"] - 1, PRICE_RECORD, "change", market_id=market_id)
    n_days = counted(frame.height, PRICE_RECORD, "n_days", market_id=market_id)
    title = f"{asset_id} went from {price(first['close_quote'])} to {price(last['close_quote'])} ({percent(change, 0)})"
    return Figure(
        figure_id="price",
        title=title,
        subtitle=subtitle,
        summary=f"From {day(first['day_utc'])} to {day(last['day_utc'])}. "
        + " ".join(f"{day(at)}: {text}." for at, text, _ in _numbered(inside)),
        note=f"n = {plural(n_days, 'day')} · window: the whole record · no "
        f"benchmark, no interval: prices as traded · Source: {market_name(market_id)}. As of {day(last['day_utc'])}.",
        frame=frame,
        columns=_COLUMNS,
        plot=_plot(break_gaps(frame, "day_utc"), asset_id, inside),
        is_simulated=is_simulated_market(market_id),
        source=_SOURCE,
    )


def _numbered(inside: Sequence[Mark]) -> list[Mark]:
    measured = [mark for mark in inside if mark[2] is not None]
    return sorted(sorted(measured, key=size_of, reverse=True)[:N_NUMBERED], key=lambda mark: mark[0])


def size_of(mark: Mark) -> float:
    """How far the price moved after the event, either way; 0 where that is not measured."""
    return abs(float(mark[2] or 0))


def numbered_marks(closes: pl.DataFrame, marks: Sequence[Mark]) -> list[Mark]:
    """The marks that carry a number in the figure, in its order."""
    if not closes.height:
        return []
    first, last = oldest(closes, "day_utc"), newest(closes, "day_utc")
    return _numbered([mark for mark in marks if first and last and first <= mark[0] <= last])


def _plot(frame: pl.DataFrame, asset_id: str, inside: Sequence[Mark]) -> Plot:
    color = "var(--tao)" if asset_id == SUBJECT_ASSET else "var(--blue)"
    closes = frame["close_quote"].drop_nulls()
    low, high = extremes(closes.filter(closes > 0))
    # Room under the line for the ticks of the events, in the proportions of a log axis.
    floor = low / (high / low) ** 0.14
    closing_line = {
        "type": "scatter",
        "mode": "lines",
        **time_axis(frame["day_utc"].to_list()),
        "y": float_array(frame["close_quote"]),
        "line": {"color": color, "width": 2},
        "connectgaps": False,
        "hovertemplate": "<b>$%{y:,.4~g}</b><extra></extra>",
    }
    ticks = [value for value in PRICE_TICKS if floor <= value <= high * 1.1]
    layout = {
        "hovermode": "closest",
        "xaxis": {
            "type": "date",
            "tickformat": date_format(frame["day_utc"][0], frame["day_utc"][-1]),
            "hoverformat": "%-d %b %Y",
            "nticks": 9,
        },
        "yaxis": {
            "type": "log",
            "range": [math.log10(floor), math.log10(high * 1.06)],
            "tickvals": ticks,
            "ticktext": [round_price(value) for value in ticks],
        },
        "margin": {"l": 62},
        "annotations": _numbers([at for at, _, _ in _numbered(inside)], frame["day_utc"][-1] - frame["day_utc"][0]),
    }
    data = [closing_line, _event_ticks(inside, floor * 1.02)]
    return Plot(data, layout, height=380, narrow_height=320, narrow={"layout.xaxis.nticks": 4})


def _event_ticks(inside: Sequence[Mark], y: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [naive(at) for at, _, _ in inside],
        "y": [y] * len(inside),
        "marker": {"symbol": "line-ns", "size": 9, "line": {"width": 1.5, "color": "var(--ink-3)"}},
        "cliponaxis": False,
        "text": [safe(limit_words(text, 60)) for _, text, _ in inside],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _numbers(moments: Sequence[datetime], span: timedelta) -> list[dict[str, Any]]:
    """A number at each moment, above the one before where the two would hide each other."""
    box = {"bgcolor": "var(--paper)", "bordercolor": "var(--ink-3)", "borderpad": 2}
    labels: list[dict[str, Any]] = []
    level = 0
    for number, at in enumerate(moments, start=1):
        is_near = number > 1 and at - moments[number - 2] < span * NUMBER_WIDTH
        level = level + 1 if is_near else 0
        shift = 20 + NUMBER_HEIGHT * level
        labels.append(label(naive(at), 0, f"<b>{number}</b>", "var(--ink)", yref="paper", yshift=shift, **box))
    return labels
