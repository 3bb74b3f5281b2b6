"""Small pictures inside tables and cards, as inline SVG that needs no script."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from dashboards.fill import macro
from dashboards.shell.tables import NOTHING
from warehouse.tables.units import percent

_SPARK_WIDTH, _SPARK_HEIGHT = 110, 28
_RANGE_WIDTH, _RANGE_HEIGHT = 170, 22
_PADDING = 2.0  # above and below a line, in pixels
_SMALLEST_RANGE = 0.05


def points(values: Sequence[float], width: float, height: float) -> str:
    """`values` as SVG polyline points, evenly spaced, scaled to their own range."""
    low, high = min(values), max(values)
    scale = (height - 2 * _PADDING) / (high - low) if high > low else 0.0
    step = width / max(len(values) - 1, 1)
    return " ".join(
        f"{index * step:.1f},{height - _PADDING - (value - low) * scale:.1f}" for index, value in enumerate(values)
    )


def sparkline(values: Sequence[float], is_subject: bool = False) -> Markup:
    """A line of its own scale with a dotted line at its first value; empty for fewer than two values."""
    if len(values) < 2:
        return NOTHING
    line = points(values, _SPARK_WIDTH, _SPARK_HEIGHT)
    start = line.split(" ", 1)[0].split(",")[1]
    return macro("parts", "sparkline", " tao" if is_subject else "", _SPARK_WIDTH, _SPARK_HEIGHT, start, line)


def range_scale(values: Sequence[float | None]) -> float:
    """The half-width of a shared symmetric scale that holds every value, in steps of five percent."""
    widest = max([_SMALLEST_RANGE, *(abs(float(value)) for value in values if value is not None)])
    return -(-round(widest * 100, 6) // 5) * 5 / 100


def range_bar(lower: float | None, upper: float | None, value: float | None, scale: float) -> Markup:
    """A bar from `lower` to `upper` (the ordinary range) and a dot at `value`, accented when outside."""
    if value is None:
        return NOTHING

    def place(fraction: float) -> float:
        return (max(-scale, min(scale, fraction)) / scale + 1) / 2 * (_RANGE_WIDTH - 12) + 6

    bar, css = None, ""
    if lower is not None and upper is not None:
        left, right = place(lower), place(upper)
        bar = (f"{left:.1f}", f"{max(right - left, 1):.1f}")
        css = "" if lower <= value <= upper else "out"
    zero, dot = f"{place(0):.1f}", f"{place(value):.1f}"
    return macro("parts", "range_bar", _RANGE_WIDTH, _RANGE_HEIGHT, bar, zero, css, dot)


def scale_words(scale: float) -> str:
    """The shared scale as printed in the head of the column."""
    return f"{percent(-scale, 0)} · 0 · {percent(scale, 0)}"


def measured_bar(measured: float, claimed: float, measured_text: str, claimed_text: str) -> Markup:
    """A bar for what was measured and a tick for what was claimed, on one scale from zero."""
    top = max(abs(measured), abs(claimed)) * 1.12 or 1.0
    width = max(measured, 0) / top * 100
    tick = max(claimed, 0) / top * 100
    # Two labels on one line collide when their marks are near: the left one then ends at its mark.
    end = f"{min(max(tick + 8, 40), 100):.1f}"
    return macro("parts", "measured_bar", measured_text, claimed_text, f"{width:.1f}", f"{tick:.1f}", end)
