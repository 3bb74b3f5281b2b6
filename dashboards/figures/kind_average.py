"""The mean reaction of one kind of event, as its events' pages show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboards.figures.figure import Figure, FigureColumn
from dashboards.figures.forest import ForestRow, plot_forest
from dashboards.findings.readings import HEADLINE_HOURS
from dashboards.numbers import StoredRows, signed_rows
from warehouse.tables.moves import REACTION_TOTAL
from warehouse.tables.terms import category_label
from warehouse.tables.units import close_moment, count, hours_short, percent, plain, plural

_COLUMNS = (
    FigureColumn("window_end_hours", "Hours", plain),
    FigureColumn("mean_car", "Mean of events", percent),
    FigureColumn("smallest_car", "Smallest event", percent),
    FigureColumn("largest_car", "Largest event", percent),
    FigureColumn("n_measured", "Events", count),
    FigureColumn("n_pairs", "Event–token pairs", count),
)


def draw_kind_average(category: str, totals: pl.DataFrame) -> Figure:
    """Mean over events of the mean over their tokens, by window, with the smallest and the largest event.

    `totals` are the rows of out.reaction_total of this kind. One measured event is no average, and is not drawn as one.
    """
    measured = totals.filter(pl.col("n_measured") > 0).sort("window_end_hours")
    rows = list(signed_rows(measured, REACTION_TOTAL))
    label = category_label(category)
    day_row = next((row for row in rows if row["window_end_hours"] == HEADLINE_HOURS), rows[-1] if rows else None)
    several = [row for row in rows if row["n_measured"] > 1]
    source = _source(measured)
    frame = source.select(measured, [column.name for column in _COLUMNS])
    subtitle = (
        "Return beyond the benchmark from the event to each horizon: the mean over events of the mean over their "
        "tokens, as the events’ pages show them. Lines: from the smallest to the largest event, not an interval."
    )
    if day_row is None or not several:
        return Figure(
            f"average-{category}",
            kind_average_title(label, day_row),
            subtitle,
            "",
            "",
            frame,
            _COLUMNS,
            source=source,
            why_empty=(
                "One event is no average." if rows else "No event of this kind is measured.",
                "It needs several measured events.",
            ),
        )
    return Figure(
        f"average-{category}",
        kind_average_title(label, day_row),
        subtitle,
        " ".join(f"After {hours_short(row['window_end_hours'])}: {percent(row['mean_car'])}." for row in several),
        f"n = {plural(day_row['n_measured'], 'event')}, {plural(day_row['n_pairs'], 'event–token pair')}, after "
        f"{hours_short(day_row['window_end_hours'])} · benchmark: Bitcoin · no interval: the tests below have theirs. "
        f"Source: stored candles. As of {close_moment(day_row['data_as_of_utc'])}.",
        frame,
        _COLUMNS,
        plot_forest(
            [_forest_row(row) for row in several], "Mean return beyond the benchmark", 110, has_intervals=False
        ),
        source=source,
    )


def _source(measured: pl.DataFrame) -> StoredRows:
    shared = ("study_id", "scope", "subject_id")
    return StoredRows(REACTION_TOTAL, fixed={part: measured[part][0] for part in shared} if measured.height else {})


def _forest_row(row: Mapping[str, Any]) -> ForestRow:
    name = f"after {hours_short(float(row['window_end_hours']))}"
    right = f"n = {int(row['n_measured'])}"
    return ForestRow(name, row["mean_car"], row["smallest_car"], row["largest_car"], right)


def kind_average_title(label: str, row: Mapping[str, Any] | None) -> str:
    """The mean with how many events stand behind it; one measured event is told as what it is."""
    if row is None:
        return f"{label}: no event is measured"
    value = f"{percent(row['mean_car'])} after {hours_short(row['window_end_hours'])}"
    if row["n_measured"] == 1:
        return f"{label}: {value} in the one measured event"
    return f"{label}: {value}, the mean of {plural(row['n_measured'], 'event')}"
