"""A figure as data: what it says, what it draws, and the numbers behind it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup, escape

from dashboards.fill import macro
from dashboards.numbers import Moment, Origin, StoredRows, key_words
from dashboards.origins import form_of
from dashboards.shell.theme import TEMPLATE
from warehouse.tables.bars import MILLISECOND
from warehouse.tables.terms import unmarked
from warehouse.tables.units import iso_second

# The kinds of trace that figures draw: the library of a site starts no other.
TRACE_TYPES = frozenset({"scatter", "heatmap"})
# Tables beside figures show at most this many rows; the CSV always holds all of them.
MAX_TABLE_ROWS = 120
# A cell that begins so is a formula to a spreadsheet.
RUNS_IN_SHEETS = r"^[=+\-@\t\r]"
# Stands between cells; no text of the record has it.
_APART = "\x1f"
SIMULATED_TITLE = "Simulated: "


@dataclass(frozen=True, slots=True)
class Plot:
    """Plotly traces and layout with colours named `var(--token)`; `narrow` patches dotted paths under 600 px."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]
    height: int
    narrow: dict[str, Any] = field(default_factory=dict)
    narrow_height: int | None = None
    frames: list[dict[str, Any]] = field(default_factory=list)  # {"label", "title", "patch": {dotted path: value}}
    group: str = ""  # figures of one group share the moment under the pointer

    def spec(self) -> dict[str, Any]:
        """What the loader reads: data, layout with the template, narrow patches, frames.

        ValueError for a kind of trace that TRACE_TYPES lacks: the site's library would draw it as another.
        """
        if unknown := {trace["type"] for trace in self.data} - TRACE_TYPES:
            raise ValueError(f"figures draw no {', '.join(sorted(unknown))}: add it to TRACE_TYPES")
        layout = {"template": TEMPLATE, "height": self.height, **self.layout}
        narrow = {"layout.height": self.narrow_height or self.height, **self.narrow}
        spec: dict[str, Any] = {"data": self.data, "layout": layout, "narrow": narrow}
        if self.frames:
            spec["frames"] = self.frames
        return spec


@dataclass(frozen=True, slots=True)
class FigureColumn:
    """One column of the table beside a figure: which column of the frame, its heading, how a value is written."""

    name: str
    heading: str
    write: Callable[[Any], str] = str
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """One finding: HTML texts around a plot (or the reason why there is none) and its numbers as a frame."""

    figure_id: str
    title: str
    subtitle: str | Markup
    summary: str
    note: str | Markup
    frame: pl.DataFrame
    columns: tuple[FigureColumn, ...]
    plot: Plot | None = None
    why_empty: tuple[str, str] | None = None  # one sentence why, one what to do
    is_simulated: bool = False
    above: Markup | None = None  # controls between subtitle and plot
    source: StoredRows | None = None  # the table whose rows the frame holds


def float_array(values: Sequence[float | None] | pl.Series) -> dict[str, str]:
    """Numbers as plotly's typed array, float32, absent values as NaN (drawn as a gap)."""
    array = np.array([np.nan if value is None else value for value in values], dtype="<f4")
    return {"dtype": "f4", "bdata": base64.b64encode(array.tobytes()).decode("ascii")}


def time_axis(times: Sequence[datetime]) -> dict[str, Any]:
    """`x0` and `dx` in milliseconds for a regular grid, else `x` as naive UTC text (plotly ignores offsets)."""
    steps = {later - earlier for earlier, later in pairwise(times)}
    if len(steps) == 1 and len(times) > 2:
        return {"x0": naive(times[0]), "dx": int(next(iter(steps)) / MILLISECOND)}
    return {"x": [naive(moment) for moment in times]}


def hours_axis(hours: pl.Series) -> dict[str, Any]:
    """`x0` and `dx` for evenly spaced hours, else `x` as a typed array."""
    if len(hours) > 2 and not hours.null_count():
        steps = np.diff(hours.to_numpy())
        if steps.std() < 1e-9:
            return {"x0": round(hours[0], 6), "dx": round(float(steps[0]), 6)}
    return {"x": float_array(hours)}


def naive(moment: datetime) -> str:
    """A UTC instant as plotly reads it: no offset."""
    return iso_second(moment)


def safe(text: str) -> str:
    """Text for plotly labels and hovers, which interpret tags: escaped."""
    return str(escape(text))


def script_json(value: Any) -> Markup:
    """JSON that may stand inside a `<script type="application/json">` whatever strings it holds."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - every character that could end the script element is escaped above


def simulated_mark() -> dict[str, Any]:
    """The annotation that marks invented data inside the figure, so that it survives PNG and print."""
    return {
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "text": "<b>SIMULATED DATA</b>",
        "textangle": -14,
        "opacity": 0.3,
        "showarrow": False,
        "font": {"size": 38, "color": "var(--no)"},
    }


def render_figure(figure: Figure, csv_url: str, still: Markup | None = None) -> Markup:
    """The figure as HTML: title, plot (until it is drawn its `still`) or reason, note, data table, links."""
    plot = figure.plot if figure.why_empty is None else None
    title = (SIMULATED_TITLE if figure.is_simulated else "") + figure.title
    note = figure.note
    spec: Markup | None = None
    if figure.is_simulated and note:
        note = "Simulated data, not a market observation. " + note
    if plot:
        spec = script_json(_marked(plot.spec()) if figure.is_simulated else plot.spec())
    why, remedy = figure.why_empty or ("Nothing to draw.", "")
    return macro(
        "parts",
        "figure",
        id=figure.figure_id,
        title=title,
        subtitle=figure.subtitle,
        above=figure.above or "",
        plot=plot,
        why_empty=(why, unmarked(remedy)),
        summary=figure.summary,
        note=note,
        table=render_data(figure) if figure.frame.height else None,
        csv=csv_url,
        spec=spec,
        still=still or "",
    )


def _marked(spec: dict[str, Any]) -> dict[str, Any]:
    """What the loader reads of a figure of invented data, with the mark that says so."""
    spec["layout"]["annotations"] = [*spec["layout"].get("annotations", []), simulated_mark()]
    spec["narrow"][f"layout.annotations.{len(spec['layout']['annotations']) - 1}.font.size"] = 28
    return spec


def render_data(figure: Figure) -> Markup:
    """The numbers of a figure as a plain table, thinned evenly when long, and saying so."""
    frame = figure.frame
    step = -(-frame.height // MAX_TABLE_ROWS)
    caption = f"Data: {figure.title}" if step <= 1 else f"Data: {figure.title} Evenly thinned; the CSV has all rows."
    shown = {name: frame[name].gather_every(step) if step > 1 else frame[name] for name in _names_shown(figure)}
    cells = []
    for column in figure.columns:
        open_tag = '<td class="n">' if column.is_number else "<td>"
        values: Iterable[Any] = shown[column.name]
        if isinstance(frame.schema[column.name], pl.Datetime) and not _is_stored(figure, column):
            values = [None if value is None else Moment.of(value) for value in values]
        # Escaped together: one call for a column instead of one for each of its cells.
        words = _APART.join("–" if value is None else column.write(value) for value in values)
        cells.append([open_tag + text for text in str(escape(words)).split(_APART)])
    rows = (
        f"<tr{key}>{''.join(row)}" for key, row in zip(_row_keys(figure, shown), zip(*cells, strict=True), strict=True)
    )
    heads = [_data_head(figure, column) for column in figure.columns]
    body = Markup("".join(rows))  # noqa: S704 - every cell is escaped above
    return macro("parts", "data_table", caption, _table_origin(figure), heads, body)


def _table_origin(figure: Figure) -> str:
    source = figure.source
    return str(Origin(source.table.name, tuple(source.fixed.items()), "")) if source else ""


def _is_stored(figure: Figure, column: FigureColumn) -> bool:
    return figure.source is not None and column.name in figure.source.table.column_names


def _data_head(figure: Figure, column: FigureColumn) -> Markup:
    source, form = figure.source, ""
    if source is not None and _is_stored(figure, column):
        form = form_of(column.write, figure.frame[column.name].dtype)
        form = "+".join((*source.steps(column.name), form)) if form else ""
    return macro("parts", "data_head", column.name, form, column.is_number, column.heading)


def _names_shown(figure: Figure) -> dict[str, None]:
    """The columns of a figure's frame that its table needs, each once."""
    return dict.fromkeys([*(column.name for column in figure.columns), *_key_parts(figure)])


def _key_parts(figure: Figure) -> list[str]:
    """The columns of the key that tell the rows of a figure's frame apart."""
    source = figure.source
    return [part for part in source.table.key if part not in source.fixed] if source else []


def _row_keys(figure: Figure, shown: Mapping[str, pl.Series]) -> Iterator[str]:
    """The part of the key that tells the rows of a figure's frame apart, as an attribute."""
    parts = _key_parts(figure)
    if not parts:
        return repeat("", len(next(iter(shown.values()))))
    keys = [shown[part].to_list() for part in parts]
    words = _APART.join(key_words(zip(parts, row, strict=True)) for row in zip(*keys, strict=True))
    return (f' data-key="{key}"' for key in str(escape(words)).split(_APART))


def figure_csv(figure: Figure) -> str:
    """The numbers of a figure as CSV, unrounded, times as ISO 8601 UTC; a text that a sheet would run is prefixed."""
    texts = pl.col(pl.String)
    guarded = pl.when(texts.str.contains(RUNS_IN_SHEETS)).then("'" + texts).otherwise(texts).name.keep()
    frame = figure.frame.with_columns(guarded) if pl.String in figure.frame.dtypes else figure.frame
    return frame.write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ")
