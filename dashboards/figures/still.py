"""A figure as a plain drawing, which stands on the page before its library does and where no script runs."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from dashboards.figures.figure import Plot, naive
from dashboards.fill import macro
from dashboards.marks import bare
from dashboards.shell.tables import NOTHING
from dashboards.shell.theme import TEMPLATE
from warehouse.tables.bars import MILLISECOND
from warehouse.tables.units import short_day

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
# The grid that points are rounded to, finer than pixels; lines are stretched from it over the plot's area.
ACROSS, DOWN = 2_000, 1_000
# Days between the ticks of an axis of dates; the first that gives few enough is taken.
_DAY_STEPS = (1, 2, 5, 10, 20)
_MAX_DATE_TICKS = 10
_ANCHORS = {"left": "start", "right": "end"}
_LINE_PIXELS = 17
# The width of a marker that names none, as plotly draws it.
_MARKER_PIXELS = 6
_SECOND_AXIS = re.compile(r"[xy]axis\d+")
# What is drawn of a trace, and what only a pointer shows: a trace with anything else, an interval above all, is not
# drawn at all rather than in part.
_KNOWN = frozenset(
    [
        *("type", "mode", "x", "x0", "dx", "y", "line", "marker", "fill", "fillcolor", "connectgaps"),
        *("name", "text", "hoverinfo", "hovertemplate", "cliponaxis"),
    ]
)
_MODES = frozenset({"lines", "markers", "lines+markers"})
_SHAPE = frozenset({"type", "x0", "x1", "y0", "y1", "xref", "yref", "line", "fillcolor", "layer"})
_DASH = re.compile(r"solid|[\d.]+(px)?([, ][\d.]+(px)?)*")


def draw_still(plot: Plot) -> Markup:
    """Lines, dots, bands, axes and labels of a plot of one panel as SVG; nothing for a plot of another kind.

    Colours are the page's, so that the drawing follows its theme; sizes follow the room that the plot has.
    """
    x_axis, y_axis = plot.layout.get("xaxis", {}), plot.layout.get("yaxis", {})
    if not _is_plain(plot, x_axis, y_axis):
        return NOTHING
    across = _across(plot, x_axis)
    place = _Place(across, (float(y_axis["range"][0]), float(y_axis["range"][1])))
    margin = {**TEMPLATE["layout"]["margin"], **plot.layout.get("margin", {})}
    return macro(
        "still",
        "still",
        ACROSS,
        DOWN,
        {**margin, "rn": plot.narrow.get("layout.margin.r", margin["r"])},
        [(place.y(value), _weighted(text)) for value, text in _ticks(y_axis)],
        [(place.x(value), _weighted(text)) for value, text in _date_ticks(across, x_axis) or _ticks(x_axis)],
        [_shape(shape, place) for shape in plot.layout.get("shapes", ())],
        [
            line
            for before, trace in zip([None, *plot.data[:-1]], plot.data, strict=True)
            for line in _lines(before, trace, place)
        ],
        [dot for trace in plot.data for dot in _dots(trace, place)],
        [_label(item, place) for item in plot.layout.get("annotations", ())],
    )


def _is_plain(plot: Plot, x_axis: Mapping[str, Any], y_axis: Mapping[str, Any]) -> bool:
    """Whether the drawing leaves out nothing of the plot but what a pointer shows."""
    is_linear = "range" in y_axis and "type" not in y_axis and x_axis.get("type", "date") == "date"
    has_one_panel = not any(map(_SECOND_AXIS.fullmatch, plot.layout))
    is_known = all(
        trace["type"] == "scatter"
        and {"y"} <= set(trace) <= _KNOWN
        and trace.get("mode") in _MODES
        and _is_plain_trace(trace, has_before=place > 0)
        for place, trace in enumerate(plot.data)
    )
    are_shapes = all(map(_is_plain_shape, plot.layout.get("shapes", ())))
    return bool(plot.data) and is_linear and has_one_panel and is_known and are_shapes


def _is_plain_trace(trace: Mapping[str, Any], has_before: bool) -> bool:
    """Whether all points have one look, no gap is bridged, and a band lies between this trace and the one before."""
    marker, has_lines = trace.get("marker", {}), "lines" in trace["mode"]
    are_dots = "markers" not in trace["mode"] or (
        set(marker) <= {"color", "size", "symbol", "line"}
        and isinstance(marker.get("color"), str)
        and isinstance(marker.get("size", 0), (int, float))
        and marker.get("symbol", "circle") == "circle"
        and _is_plain_line(marker.get("line", {}))
        and set(marker.get("line", {})) in (set(), {"color", "width"})
    )
    is_band = trace.get("fill") == "tonexty" and "fillcolor" in trace and has_lines and has_before
    is_drawn = are_dots and (is_band or trace.get("fill") is None)
    return is_drawn and _is_plain_line(trace.get("line", {})) and not trace.get("connectgaps")


def _is_plain_line(line: Mapping[str, Any]) -> bool:
    """Whether a stroke is straight, of one colour and width, and dashed by lengths if at all."""
    has_one_look = isinstance(line.get("color", ""), str) and isinstance(line.get("width", 0), (int, float))
    dash = str(line.get("dash", "solid"))
    return set(line) <= {"color", "width", "dash"} and has_one_look and _DASH.fullmatch(dash) is not None


def _is_plain_shape(shape: Mapping[str, Any]) -> bool:
    """Whether it is a line without dashes or a rectangle without an outline."""
    line = shape.get("line", {})
    is_drawn = shape["type"] == "line" or (shape["type"] == "rect" and line.get("width") == 0)
    is_solid = _is_plain_line(line) and line.get("dash", "solid") == "solid"
    return is_drawn and is_solid and set(shape) <= _SHAPE


class _Place:
    """Where values lie in the area of a plot, in percent from its left and from its top."""

    def __init__(self, across: tuple[float, float], upwards: tuple[float, float]) -> None:
        self.across, self.upwards = across, upwards

    def x(self, value: Any, is_paper: bool = False) -> float:
        """From the left edge."""
        part = value if is_paper else (_number(value) - self.across[0]) / (self.across[1] - self.across[0])
        return round(100 * part, 2)

    def y(self, value: float, is_paper: bool = False) -> float:
        """From the top edge."""
        part = value if is_paper else (value - self.upwards[0]) / (self.upwards[1] - self.upwards[0])
        return round(100 * (1 - part), 2)

    def points(self, xs: FloatArray, ys: FloatArray) -> list[IntArray]:
        """Points on the grid, two columns, in stretches without a gap."""
        across, upwards = self.across, self.upwards
        right = (xs - across[0]) / (across[1] - across[0]) * ACROSS
        down = (1 - (ys - upwards[0]) / (upwards[1] - upwards[0])) * DOWN
        is_known = np.isfinite(down)
        grid = np.rint(np.column_stack([right, np.where(is_known, down, 0)])).astype(np.int64)
        edges = np.flatnonzero(np.diff(is_known)) + 1
        parts = zip(np.split(grid, edges), np.split(is_known, edges), strict=True)
        return [part for part, known in parts if known.size and known[0]]


def _number(value: Any) -> float:
    """A value of an axis as a number; instants as milliseconds since 1970."""
    if isinstance(value, str):
        return datetime.fromisoformat(bare(value)).replace(tzinfo=UTC).timestamp() * 1_000
    return float(value)


def _values(values: Any) -> FloatArray:
    """The numbers of a trace, which carries long ones packed."""
    if isinstance(values, Mapping):
        packed: npt.NDArray[Any] = np.frombuffer(base64.b64decode(values["bdata"]), dtype=f"<{values['dtype']}")
        return packed.astype(np.float64)
    return np.array([np.nan if value is None else _number(value) for value in values], dtype=np.float64)


def _xs(trace: Mapping[str, Any]) -> FloatArray:
    if "x" in trace:
        return _values(trace["x"])
    return _number(trace["x0"]) + float(trace["dx"]) * np.arange(_values(trace["y"]).size, dtype=np.float64)


def _across(plot: Plot, axis: Mapping[str, Any]) -> tuple[float, float]:
    if "range" in axis:
        first, last = map(_number, axis["range"])
    else:
        xs = np.concatenate([_xs(trace) for trace in plot.data])
        first, last = (float(np.nanmin(xs)), float(np.nanmax(xs))) if np.isfinite(xs).any() else (0.0, 1.0)
    return first, last if last > first else first + 1


def _ticks(axis: Mapping[str, Any]) -> list[tuple[Any, str]]:
    return list(zip(axis.get("tickvals", ()), axis.get("ticktext", ()), strict=False))


def _date_ticks(across: tuple[float, float], axis: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Midnights some days apart; none on an axis of numbers or of months."""
    if axis.get("type") != "date" or axis.get("tickformat") != "%-d %b":
        return []
    first, last = (datetime.fromtimestamp(edge * MILLISECOND.total_seconds(), UTC) for edge in across)
    day = first.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    n_days = (last - day).days + 1
    step = next((step for step in _DAY_STEPS if n_days <= step * _MAX_DATE_TICKS), _DAY_STEPS[-1])
    days = [day + timedelta(days=number) for number in range(0, max(n_days, 0), step)]
    return [(naive(at), short_day(at)) for at in days]


def _shape(shape: Mapping[str, Any], place: _Place) -> dict[str, Any]:
    x0, x1 = (place.x(shape[name], shape.get("xref") == "paper") for name in ("x0", "x1"))
    y0, y1 = (place.y(shape[name], shape.get("yref") == "paper") for name in ("y0", "y1"))
    line = shape.get("line", {})
    colours = {"fill": shape.get("fillcolor", "none"), "stroke": line.get("color", "none")}
    return {"is_line": shape["type"] == "line", "x": (x0, x1), "y": (y0, y1), "width": line.get("width", 0), **colours}


def _lines(before: Mapping[str, Any] | None, trace: Mapping[str, Any], place: _Place) -> list[dict[str, Any]]:
    """The strokes of a trace, and the band between it and the one before where it is filled down to that."""
    if "lines" not in trace["mode"]:
        return []
    stretches, line = place.points(_xs(trace), _values(trace["y"])), trace.get("line", {})
    drawn = []
    if trace.get("fill") == "tonexty" and before is not None and stretches:
        edge = place.points(_xs(before), _values(before["y"]))
        band = np.concatenate([*stretches, *(stretch[::-1] for stretch in reversed(edge))])
        drawn.append({"path": f"{_way(band)}z", "fill": trace["fillcolor"], "stroke": "none", "width": 0, "dash": ""})
    if line.get("width", 1):
        dash = str(line.get("dash", "")).replace("px", "").replace("solid", "")
        stroke = {"stroke": line.get("color", "var(--ink)"), "width": line.get("width", 2), "dash": dash}
        drawn += [{"path": _way(stretch), "fill": "none", **stroke} for stretch in stretches]
    return drawn


def _way(points: IntArray) -> str:
    """Points as a path of relative steps."""
    steps = " ".join(map(str, np.diff(points, axis=0).ravel().tolist()))
    return f"M{points[0, 0]} {points[0, 1]}l{steps or '0 0'}"


def _dots(trace: Mapping[str, Any], place: _Place) -> list[dict[str, Any]]:
    marker = trace.get("marker", {})
    if "markers" not in trace["mode"]:
        return []
    spots = zip(_xs(trace).tolist(), _values(trace["y"]).tolist(), strict=True)
    look = {"r": marker.get("size", _MARKER_PIXELS) / 2, "fill": marker["color"], "outline": marker.get("line", {})}
    return [{"x": place.x(x), "y": place.y(y), **look} for x, y in spots if np.isfinite(y)]


def _label(item: Mapping[str, Any], place: _Place) -> dict[str, Any]:
    """A text of the plot: where it hangs, how far from there its first line stands in pixels, and its lines."""
    lines = [_weighted(line) for line in item["text"].split("<br>")]
    has_arrow = item.get("showarrow", False)
    dx, dy = (item["ax"], item["ay"]) if has_arrow else (item.get("xshift", 0), -item.get("yshift", 0))
    # A text without an anchor is centred on its point; one that hangs from the top begins a line lower.
    first = {"top": 0.8, "bottom": 0.2 - len(lines)}.get(item.get("yanchor", ""), 0.8 - len(lines) / 2)
    return {
        "x": place.x(item["x"], str(item.get("xref", "")).startswith("paper")),
        "y": place.y(item["y"], str(item.get("yref", "")).startswith("paper")),
        "arrow": (item["ax"], item["ay"]) if has_arrow else None,
        "dx": dx,
        "dy": round(dy + first * _LINE_PIXELS),
        "anchor": _ANCHORS.get(item.get("xanchor", ""), "middle"),
        "colour": item.get("font", {}).get("color", "var(--ink-2)"),
        "lines": lines,
        "step": _LINE_PIXELS,
    }


def _weighted(line: str) -> list[tuple[Markup, bool]]:
    """The pieces of a line, each with whether it is bold."""
    pieces = [part for piece in line.split("<b>") for part in piece.split("</b>")]
    # Texts of plots know no other tags, and what came from outside was escaped for plotly.
    return [(Markup(piece), place % 2 == 1) for place, piece in enumerate(pieces) if piece]  # noqa: S704 - see above
