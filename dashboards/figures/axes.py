"""Axis ranges and tick labels that read as sentences do."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from warehouse.tables.units import number, percent

# From here on an axis is labelled by month.
LONG_SPAN = timedelta(days=240)
_PADDING = 0.08  # of the range, on both sides
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def nice_step(width: float, n_target: int) -> float:
    """The round step that gives about `n_target` ticks over `width`."""
    raw = max(width, 1e-9) / max(n_target, 1)
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return magnitude * next(step for step in _STEPS if raw <= step * magnitude * 1.0000001)


def tick_values(low: float, high: float, n_target: int = 5) -> list[float]:
    """Round values inside [low, high], zero included exactly when it lies inside."""
    step = nice_step(high - low, n_target)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def percent_axis(low: float, high: float, n_target: int = 5) -> dict[str, Any]:
    """Range and ticks of an axis of fractions, written as whole percents where possible."""
    values = tick_values(low, high, n_target)
    step = abs(values[1] - values[0]) if len(values) > 1 else 1.0
    decimals = 0 if step >= 0.0099 and abs(step * 100 - round(step * 100)) < 1e-6 else 1
    return {
        "range": [low, high],
        "tickvals": values,
        "ticktext": [percent(value, decimals) for value in values],
    }


def number_axis(low: float, high: float) -> dict[str, Any]:
    """Range and ticks of an axis of plain numbers, with as many decimals as the step needs."""
    values = tick_values(low, high)
    step = abs(values[1] - values[0]) if len(values) > 1 else 1.0
    decimals = next((places for places in range(4) if abs(round(step, places) - step) < 1e-9), 4)
    return {"range": [low, high], "tickvals": values, "ticktext": [number(value, decimals) for value in values]}


def date_format(first: datetime, last: datetime) -> str:
    """How dates are written on an axis: days for short spans, months for long ones."""
    return "%-d %b" if last - first < LONG_SPAN else "%b %Y"


def padded_range(values: Iterable[float | None]) -> tuple[float, float]:
    """Low and high over `values` and zero, widened on both sides; (−0.01, 0.01) when there are none."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    low, high = min([0.0, *known]), max([0.0, *known])
    if high - low < 1e-9:
        return -0.01, 0.01
    margin = (high - low) * _PADDING
    return low - margin, high + margin


def vertical_rule(x: Any, color: str = "var(--ink-3)") -> dict[str, Any]:
    """A line over the whole plot height at `x`."""
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": color, "width": 1, "dash": "solid"},
    }


def zero_line(axis: str = "y") -> dict[str, Any]:
    """A line at zero over the whole plot width."""
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 0,
        "y1": 0,
        "yref": axis,
        "line": {"color": "var(--zero)", "width": 1},
    }


def label(x: Any, y: Any, text: str, color: str = "var(--ink-2)", **more: Any) -> dict[str, Any]:
    """A text beside a point; `text` must already be escaped where it came from outside."""
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": {"size": 13, "color": color}, **more}


def end_label(trace: int, x: Any, y: Any, text: str, color: str, **more: Any) -> dict[str, Any]:
    """The name of a line at its right end, which follows the end of what is shown when a reader zooms."""
    place = {"xanchor": "left", "align": "left", "xshift": 10, "name": f"end{trace}"}
    return label(x, y, text, color, **place, **more)


def leader(x: Any, y: Any, text: str, ax: int, ay: int, color: str) -> dict[str, Any]:
    """A text tied to a point by a thin line."""
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": True,
        "ax": ax,
        "ay": ay,
        "arrowhead": 0,
        "arrowwidth": 1,
        "standoff": 5,
        "arrowcolor": color,
        "bgcolor": "var(--paper)",
        "font": {"size": 13, "color": color},
        "xanchor": "left" if ax >= 0 else "right",
    }
