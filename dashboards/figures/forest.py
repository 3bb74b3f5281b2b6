"""Estimates with intervals, one row each, and a pooled one under a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.figures.axes import label, padded_range, percent_axis
from dashboards.figures.figure import Plot, safe
from dashboards.formats import limit_words, percent

ROW_HEIGHT = 30
# A 50 % interval is this share of a normal 95 % one.
HALF_TO_FULL = 0.6745 / 1.96
MAX_LABEL = 44
NARROW_LABEL = 22


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One estimate: fractions; a missing end of the interval draws the point alone."""

    name: str
    estimate: float
    lower: float | None
    upper: float | None
    right: str = ""
    is_pooled: bool = False


def plot_forest(rows: Sequence[ForestRow], axis_title: str, margin_left: int = 300, has_intervals: bool = True) -> Plot:
    """Rows from top to bottom as given; pooled rows as diamonds under a rule.

    Without `has_intervals` the ends are a plain range, so no 50 % part is drawn inside it.
    """
    low, high = padded_range([value for row in rows for value in (row.estimate, row.lower, row.upper)])
    places = [len(rows) - 1 - index for index in range(len(rows))]
    single = [(place, row) for place, row in zip(places, rows, strict=True) if not row.is_pooled]
    pooled = [(place, row) for place, row in zip(places, rows, strict=True) if row.is_pooled]
    data: list[dict[str, Any]] = []
    for group, symbol, color, size in ((single, "circle", "var(--blue)", 8), (pooled, "diamond", "var(--tao)", 13)):
        if not group:
            continue
        data.append(_whiskers(group, 1.2, 1.0))
        if has_intervals:
            data.append(_whiskers(group, 5, HALF_TO_FULL))
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [row.estimate for _, row in group],
                "y": [place for place, _ in group],
                "marker": {"size": size, "symbol": symbol, "color": color},
                "text": [safe(f"{row.name}: {_words(row)}") for _, row in group],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    shapes = [
        {
            "type": "line",
            "x0": 0,
            "x1": 0,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "line": {"color": "var(--zero)", "width": 1},
        }
    ]
    if pooled and single:
        y = min(place for place, _ in single) - 0.5
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": y,
                "y1": y,
                "line": {"color": "var(--rule)", "width": 1},
            }
        )
    annotations = [
        label(1, place, safe(row.right), "var(--ink-3)", xref="paper", xanchor="left", xshift=8)
        for place, row in zip(places, rows, strict=True)
        if row.right
    ]
    texts = [safe(limit_words(row.name, MAX_LABEL)) for row in rows]
    layout = {
        "hovermode": "closest",
        "xaxis": {**percent_axis(low, high), "title": {"text": axis_title}, "showgrid": True},
        "yaxis": {"tickvals": places, "ticktext": texts, "range": [-0.7, len(rows) - 0.3], "showgrid": False},
        "margin": {"l": margin_left, "r": 76 if annotations else 20, "b": 48},
        "shapes": shapes,
        "annotations": annotations,
    }
    narrow = {
        "layout.margin.l": 150,
        "layout.yaxis.ticktext": [safe(limit_words(row.name, NARROW_LABEL)) for row in rows],
        "layout.xaxis.nticks": 4,
        **{f"layout.annotations.{index}.visible": False for index in range(len(annotations))},
        "layout.margin.r": 12,
    }
    height = 84 + ROW_HEIGHT * len(rows)
    return Plot(data, layout, height=height, narrow=narrow, narrow_height=height)


def _whiskers(group: Sequence[tuple[int, ForestRow]], thickness: float, scale: float) -> dict[str, Any]:
    known = [(place, row) for place, row in group if row.lower is not None and row.upper is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [row.estimate for _, row in known],
        "y": [place for place, _ in known],
        "marker": {"size": 1, "opacity": 0},
        "hoverinfo": "skip",
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [((row.upper or 0) - row.estimate) * scale for _, row in known],
            "arrayminus": [(row.estimate - (row.lower or 0)) * scale for _, row in known],
            "color": "var(--dot)",
            "thickness": thickness,
            "width": 0,
        },
    }


def _words(row: ForestRow) -> str:
    if row.lower is None or row.upper is None:
        return percent(row.estimate)
    return f"{percent(row.estimate)} ({percent(row.lower)} to {percent(row.upper)})"
