"""Fifty dots for what ordinary windows do, and a diamond for the event."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup

from dashboards.figures.axes import label, percent_axis
from dashboards.figures.figure import Figure, FigureColumn, Plot, safe
from dashboards.fill import macro
from dashboards.findings.findings import benchmark_word
from dashboards.findings.readings import SUBJECT_ASSET, Horizon, Reaction, simple_return, source_of_placebos
from dashboards.findings.superlatives import rank_title, separate_words
from warehouse.tables.terms import venue_name
from warehouse.tables.units import close_moment, count, hours_short, iso_minute, percent

N_DOTS = 50
N_BINS = 25


def draw_quantile_dots(placebos: pl.DataFrame, reaction: Reaction, horizon: Horizon | None) -> Figure:
    """The distribution of placebo CARs at one horizon as 50 quantile dots, with the event's own CAR."""
    columns = (
        FigureColumn("placebo_start_utc", "Window starts, UTC", iso_minute, is_number=False),
        FigureColumn("car", "CAR", percent),
        FigureColumn("car_scaled", "CAR, scaled", percent),
    )
    frame = placebos.select("placebo_start_utc", simple_return("car"), simple_return("car_scaled"))
    hours = hours_short(horizon.hours) if horizon else "24 h"
    subtitle = macro("notes", "dots_subtitle", hours)
    if horizon is None or horizon.car is None or frame.height < N_DOTS:
        return Figure(
            "dots",
            "No ordinary windows to compare with",
            subtitle,
            "",
            "",
            frame,
            columns,
            source=source_of_placebos(reaction, horizon.hours) if horizon else None,
            why_empty=(
                "Too few placebo windows to draw." if horizon and horizon.car is not None else "Not measured.",
                (horizon.reason if horizon else None)
                or "The comparison needs a quiet stretch of bars before the event.",
            ),
        )
    benchmark = benchmark_word(horizon.benchmark)
    return Figure(
        figure_id="dots",
        title=rank_title(horizon),
        subtitle=subtitle,
        summary=_summary(frame, reaction, horizon),
        note=_note(reaction, horizon, benchmark),
        frame=frame,
        columns=columns,
        plot=_plot(frame["car_scaled"], reaction, horizon, benchmark),
        is_simulated=reaction.is_simulated,
        source=source_of_placebos(reaction, horizon.hours),
    )


def stack_dots(values: pl.Series, low: float, high: float) -> tuple[list[float], list[int]]:
    """Positions of the 50 quantiles, stacked on bins of one twenty-fifth of the axis."""
    quantiles = np.quantile(values.to_numpy(), (np.arange(N_DOTS) + 0.5) / N_DOTS)
    width = (high - low) / N_BINS
    bins = np.floor((quantiles - low) / width).astype(int)
    heights: dict[int, int] = {}
    levels = []
    for position in bins.tolist():
        heights[position] = heights.get(position, 0) + 1
        levels.append(heights[position])
    return [low + (position + 0.5) * width for position in bins.tolist()], levels


def _plot(values: pl.Series, reaction: Reaction, horizon: Horizon, benchmark: str) -> Plot:
    car = horizon.car or 0.0
    low, high = _range(values, car)
    xs, levels = stack_dots(values, low, high)
    top = max(levels)
    color = "var(--tao)" if reaction.asset_id == SUBJECT_ASSET else "var(--blue)"
    # A diamond among the dots would carry its label inside them: lift it above the stack.
    lift = top * 0.62 if min(xs) - 0.001 <= car <= max(xs) + 0.001 else None
    layout = {
        "hovermode": "closest",
        "xaxis": {
            **percent_axis(low, high),
            "title": {"text": f"{hours_short(horizon.hours)} return beyond {safe(benchmark)}"},
        },
        "yaxis": {"visible": False, "range": [0.3, max(top, 12) + 1.2]},
        "margin": {"l": 10, "r": 14, "b": 48},
        "annotations": [
            _ordinary_label(xs[levels.index(top)], top, car),
            _event_label(car, f"<b>{safe(reaction.asset_id)} {percent(car)}</b><br>this event", color, lift),
        ],
    }
    if lift is not None:
        line = {"color": color, "width": 1}
        layout["shapes"] = [{"type": "line", "x0": car, "x1": car, "y0": 1, "y1": lift + 0.6, "line": line}]
    data = [_dots(xs, levels), _diamond(car, reaction.asset_id, color)]
    narrow = {"data.0.marker.size": 10, "layout.xaxis.tickangle": 0}
    return Plot(data, layout, height=340, narrow_height=270, narrow=narrow)


def _range(values: pl.Series, car: float) -> tuple[float, float]:
    edges = [float(values.quantile(0.005) or 0), float(values.quantile(0.995) or 0), car, 0.0]
    margin = (max(edges) - min(edges)) * 0.12 + 0.002
    return min(edges) - margin, max(edges) + margin


def _dots(xs: list[float], levels: list[int]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [round(x, 5) for x in xs],
        "y": levels,
        "marker": {"size": 13, "color": "var(--dot)"},
        "hovertemplate": "about %{x:+.1%}<extra></extra>",
    }


def _diamond(car: float, asset_id: str, color: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [car],
        "y": [1],
        "marker": {"size": 16, "symbol": "diamond", "color": color},
        "hovertemplate": f"{safe(asset_id)} %{{x:+.1%}}<extra></extra>",
        "cliponaxis": False,
    }


def _ordinary_label(mode_x: float, top: int, car: float) -> dict[str, Any]:
    """What the dots are, on the emptier side of the tallest stack."""
    side = "left" if car >= mode_x else "right"
    return label(
        mode_x,
        top,
        "Ordinary windows:<br>each dot is 1 in 50",
        "var(--band-ink)",
        xanchor=side,
        align=side,
        xshift=26 if side == "left" else -26,
        yanchor="middle",
    )


def _event_label(car: float, text: str, color: str, lift: float | None) -> dict[str, Any]:
    place: dict[str, Any] = {"yanchor": "bottom", "yshift": 12, "xanchor": "center"}
    if lift is None:
        return label(car, 1, text, color, **place)
    return label(car, lift, text, color, **place, bgcolor="var(--paper)")


def _summary(frame: pl.DataFrame, reaction: Reaction, horizon: Horizon) -> str:
    lower, upper = horizon.ordinary_lower, horizon.ordinary_upper
    inside = (
        ""
        if lower is None or upper is None
        else f"The middle 95 percent of ordinary windows lie between {percent(lower)} and {percent(upper)}. "
    )
    rank = (
        ""
        if horizon.n_as_large is None
        else f"{count(horizon.n_as_large)} of {count(horizon.n_placebo or frame.height)} moved at least as far."
    )
    return f"{inside}{reaction.asset_id} moved {percent(horizon.car or 0)} beyond its benchmark. {rank}"


def _note(reaction: Reaction, horizon: Horizon, benchmark: str) -> Markup:
    return macro(
        "notes",
        "dots",
        count(horizon.n_placebo or 0),
        separate_words(horizon),
        benchmark,
        percent(horizon.ordinary_lower or 0),
        percent(horizon.ordinary_upper or 0),
        venue_name(reaction.market_id),
        close_moment(reaction.data_as_of),
    )
