"""A figure as data: what it says, what it draws, and the numbers behind it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup, escape

from dashboards.numbers import Moment, Origin, StoredRows, key_words
from dashboards.origins import form_of
from dashboards.shell.theme import TEMPLATE
from warehouse.tables.bars import MILLISECOND
from warehouse.tables.terms import unmarked
from warehouse.tables.units import iso_second

# Tables beside figures show at most this many rows; the CSV always holds all of them.
MAX_TABLE_ROWS = 120
# A cell that begins so is a formula to a spreadsheet.
RUNS_IN_SHEETS = r"^[=+\-@\t\r]"
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
        """What the loader reads: data, layout with the template, narrow patches, frames."""
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


def render_figure(figure: Figure, csv_url: str) -> Markup:
    """The figure as HTML: title, plot or reason, note, data table, links."""
    plot = figure.plot if figure.why_empty is None else None
    title = (SIMULATED_TITLE if figure.is_simulated else "") + figure.title
    parts = [
        Markup('<figure class="fig" id="{0}"><figcaption><h3 class="fig-title" id="{0}-t">{1}</h3>').format(
            figure.figure_id, title
        ),
        Markup('<p class="fig-sub">{}</p></figcaption>').format(figure.subtitle),
        figure.above if plot and figure.above else Markup(""),
        _render_plot(figure, plot) if plot else _render_empty(figure),
    ]
    if figure.note:
        note = (
            Markup("Simulated data, not a market observation. ") + figure.note if figure.is_simulated else figure.note
        )
        parts.append(Markup('<p class="fig-note">{}</p>').format(note))
    if figure.frame.height:
        parts.append(_render_foot(figure, csv_url, has_plot=plot is not None))
    if plot:
        spec = plot.spec()
        if figure.is_simulated:
            spec["layout"]["annotations"] = [*spec["layout"].get("annotations", []), simulated_mark()]
            spec["narrow"][f"layout.annotations.{len(spec['layout']['annotations']) - 1}.font.size"] = 28
        parts.append(
            Markup('<script type="application/json" id="{}-json">{}</script>').format(
                figure.figure_id, script_json(spec)
            )
        )
    parts.append(Markup("</figure>"))
    return Markup("").join(parts)


def _render_plot(figure: Figure, plot: Plot) -> Markup:
    group = Markup(' data-group="{}"').format(plot.group) if plot.group else ""
    return Markup(
        '<div class="fig-in"><div class="plot" data-fig="{0}-json"{1} role="img" aria-labelledby="{0}-t"'
        ' aria-describedby="{0}-d" style="--h:{2}px;--hn:{3}px"></div></div><p class="vh" id="{0}-d">{4}</p>'
    ).format(figure.figure_id, group, plot.height, plot.narrow_height or plot.height, figure.summary)


def _render_empty(figure: Figure) -> Markup:
    why, remedy = figure.why_empty or ("Nothing to draw.", "")
    return Markup('<div class="none"><b>{}</b><span>{}</span></div>').format(why, unmarked(remedy))


def _render_foot(figure: Figure, csv_url: str, has_plot: bool) -> Markup:
    reset = Markup('<button type="button" class="quiet" data-reset hidden>Reset zoom</button>') if has_plot else ""
    return Markup(
        '<div class="fig-foot"><details><summary>Show the data</summary>{table}</details>'
        '<a href="{csv}" download aria-label="Data of “{title}” as CSV">CSV</a>'
        '<a href="#{id}" data-link aria-label="Link to “{title}”">Link</a>{reset}</div>'
    ).format(table=render_data(figure), csv=csv_url, title=figure.title, id=figure.figure_id, reset=reset)


def render_data(figure: Figure) -> Markup:
    """The numbers of a figure as a plain table, thinned evenly when long, and saying so."""
    frame = figure.frame
    step = -(-frame.height // MAX_TABLE_ROWS)
    caption = f"Data: {figure.title}" if step <= 1 else f"Data: {figure.title} Evenly thinned; the CSV has all rows."
    shown = frame.gather_every(step) if step > 1 else frame
    cells = []
    for column in figure.columns:
        open_tag = '<td class="n">' if column.is_number else "<td>"
        values: Iterable[Any] = shown[column.name]
        if isinstance(shown.schema[column.name], pl.Datetime) and not _is_stored(figure, column):
            values = [None if value is None else Moment.of(value) for value in values]
        cells.append([f"{open_tag}{'–' if value is None else escape(column.write(value))}" for value in values])
    rows = (
        f"<tr{key}>{''.join(row)}" for key, row in zip(_row_keys(figure, shown), zip(*cells, strict=True), strict=True)
    )
    head = Markup("").join(_data_head(figure, column) for column in figure.columns)
    return Markup(
        '<div class="scroll tall small" tabindex="0" role="region" aria-label="{}"><table{}><caption>{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(caption, _table_origin(figure), caption, head, Markup("".join(rows)))  # noqa: S704 - every cell is escaped above


def _table_origin(figure: Figure) -> Markup:
    if figure.source is None:
        return Markup("")
    key = tuple(figure.source.fixed.items())
    return Markup(' data-from="{}"').format(Origin(figure.source.table.name, key, ""))


def _is_stored(figure: Figure, column: FigureColumn) -> bool:
    return figure.source is not None and column.name in figure.source.table.column_names


def _data_head(figure: Figure, column: FigureColumn) -> Markup:
    origin = Markup("")
    source = figure.source
    if source is not None and _is_stored(figure, column):
        form = form_of(column.write, figure.frame[column.name].dtype)
        if form:
            written = "+".join((*source.steps(column.name), form))
            origin = Markup(' data-col="{}" data-as="{}"').format(column.name, written)
    return Markup('<th scope="col"{}{}>{}</th>').format(
        Markup(' class="n"') if column.is_number else "", origin, column.heading
    )


def _row_keys(figure: Figure, shown: pl.DataFrame) -> Iterator[str]:
    """The part of the key that tells the rows of a figure's frame apart, as an attribute."""
    source = figure.source
    parts = [part for part in source.table.key if part not in source.fixed] if source else []
    if not parts:
        return repeat("", shown.height)
    return (f' data-key="{escape(key_words(zip(parts, row, strict=True)))}"' for row in shown.select(parts).iter_rows())


def figure_csv(figure: Figure) -> str:
    """The numbers of a figure as CSV, unrounded, times as ISO 8601 UTC; a text that a sheet would run is prefixed."""
    texts = pl.col(pl.String)
    guarded = pl.when(texts.str.contains(RUNS_IN_SHEETS)).then("'" + texts).otherwise(texts).name.keep()
    frame = figure.frame.with_columns(guarded) if pl.String in figure.frame.dtypes else figure.frame
    return frame.write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ")
