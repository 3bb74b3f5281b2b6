"""Estimates with intervals, one row each, and a pooled one under a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.figures.axes import label, padded_range, percent_axis, vertical_rule
from dashboards.figures.figure import Plot, safe
from warehouse.tables.units import limit_words, percent

_ROW_HEIGHT = 30
# A 50 % interval is this share of a normal 95 % one.
HALF_TO_FULL = 0.6745 / 1.96
MAX_LABEL = 44
NARROW_LABEL = 22
NARROW_TITLE = "Return beyond the benchmark"


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One estimate: fractions; a missing end of the interval draws the point alone."""

    name: str
    estimate: float
    lower: float | None
    upper: float | None
    right: str = ""
    is_pooled: bool = False


# An estimate and the height of its row on the axis.
Placed = tuple[int, ForestRow]


def plot_forest(rows: Sequence[ForestRow], axis_title: str, margin_left: int = 300, has_intervals: bool = True) -> Plot:
    """Rows from top to bottom as given; pooled rows as diamonds under a rule.

    Without `has_intervals` the ends are a plain range, so no 50 % part is drawn inside it.
    """
    low, high = padded_range([value for row in rows for value in (row.estimate, row.lower, row.upper)])
    placed = [(len(rows) - 1 - index, row) for index, row in enumerate(rows)]
    single, pooled = ([item for item in placed if item[1].is_pooled == is_pooled] for is_pooled in (False, True))
    annotations = [
        label(1, place, safe(row.right), "var(--ink-3)", xref="paper", xanchor="left", xshift=8)
        for place, row in placed
        if row.right
    ]
    layout = {
        "hovermode": "closest",
        "xaxis": {**percent_axis(low, high), "title": {"text": axis_title}, "showgrid": True},
        "yaxis": {
            "tickvals": [place for place, _ in placed],
            "ticktext": [safe(limit_words(row.name, MAX_LABEL)) for row in rows],
            "range": [-0.7, len(rows) - 0.3],
            "showgrid": False,
        },
        "margin": {"l": margin_left, "r": 76 if annotations else 20, "b": 48},
        "shapes": [vertical_rule(0, "var(--zero)"), *_pooled_rule(single, pooled)],
        "annotations": annotations,
    }
    narrow = {
        "layout.margin.l": 150,
        "layout.yaxis.ticktext": [safe(limit_words(row.name, NARROW_LABEL)) for row in rows],
        "layout.xaxis.nticks": 4,
        # The full title would run past the right edge of a phone.
        "layout.xaxis.title.text": NARROW_TITLE,
        **{f"layout.annotations.{index}.visible": False for index in range(len(annotations))},
        "layout.margin.r": 12,
    }
    data = [
        *_group(single, "circle", "var(--blue)", 8, has_intervals),
        *_group(pooled, "diamond", "var(--tao)", 13, has_intervals),
    ]
    height = 84 + _ROW_HEIGHT * len(rows)
    return Plot(data, layout, height=height, narrow=narrow, narrow_height=height)


def _group(group: Sequence[Placed], symbol: str, color: str, size: int, has_intervals: bool) -> list[dict[str, Any]]:
    """Intervals behind, estimates in front; nothing for an empty group."""
    if not group:
        return []
    estimates = {
        "type": "scatter",
        "mode": "markers",
        "x": [row.estimate for _, row in group],
        "y": [place for place, _ in group],
        "marker": {"size": size, "symbol": symbol, "color": color},
        "text": [safe(f"{row.name}: {_words(row)}") for _, row in group],
        "hovertemplate": "%{text}<extra></extra>",
    }
    return [_whiskers(group, 1.2, 1.0), *([_whiskers(group, 5, HALF_TO_FULL)] if has_intervals else []), estimates]


def _pooled_rule(single: Sequence[Placed], pooled: Sequence[Placed]) -> list[dict[str, Any]]:
    if not single or not pooled:
        return []
    y = min(place for place, _ in single) - 0.5
    rule = {"color": "var(--rule)", "width": 1}
    return [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": rule}]


def _whiskers(group: Sequence[Placed], thickness: float, scale: float) -> dict[str, Any]:
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
