"""How often the interval and the rank of one event are wrong, as tables of the methods page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.numbers import counted, signed_rows
from dashboards.shell.frames import extremes
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, table
from warehouse.tables.size import SINGLE_SIZE
from warehouse.tables.units import count, hours_short, number, share

# What mixes other assets beside one event, and what the rows of its size end with.
_MIXES = {
    "synthetic_control": "Synthetic control, shifts in time",
    "synthetic_did": "Synthetic difference-in-differences, ranks in space",
    "augmented_synthetic_control": "Augmented synthetic control, ranks in space",
}
_SHARES = ("covers", "covers_inside", "covers_month", "rejects", "finds")


def single_size_table(rows: pl.DataFrame) -> Markup:
    """Coverage of the three intervals, rejection, power and width by regime and window; nothing where not measured."""
    rows = rows.filter((pl.col("measure") == "covers").any().over("scenario", "window_hours"))
    if not rows.height:
        return NOTHING
    runs = rows["n_replications"]
    heads = (
        Head("Market"),
        Head("Window", is_number=True),
        Head("Interval covers", is_number=True),
        Head("From inside covers", is_number=True),
        Head("Month's volatility covers", is_number=True),
        Head("Rank rejects", is_number=True),
        Head("Rank finds", is_number=True),
        Head("Width", is_number=True),
    )
    low, high = (
        counted(int(value), SINGLE_SIZE, f"{name}(n_replications) filter (where measure = 'covers')")
        for name, value in zip(("min", "max"), extremes(runs), strict=True)
    )
    markets = count(low) if low == high else f"{count(low)} to {count(high)}"
    small = (
        f"{markets} simulated markets a row (GARCH, Student shocks, a year of record but for the short one); 95% and "
        "5% are asked for, Wilson bands in brackets. From inside: mean of markets without and with the effect. "
        "Finds: an effect of 15 log percent. Width: of the headline interval over the month's t interval, median."
    )
    keys = _in_order(rows.select("scenario", "window_hours").unique()).rows()
    body = [_row(rows, str(scenario), float(hours)) for scenario, hours in keys]
    return table(
        "single-size-table", "How often the numbers of one event hold, in calm and wild markets", small, heads, body
    )


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows by scenario, the calm market first and those that differ by a number by that number, and by window."""
    name = pl.col("scenario")
    number_in = name.str.extract(r"(\d+)").cast(pl.Int64)
    return rows.sort(name != "calm", name.str.replace_all(r"\d+", ""), number_in, *rows.columns)


def _row(rows: pl.DataFrame, scenario: str, hours: float) -> list[Cell | Spanning]:
    own = rows.filter((pl.col("scenario") == scenario) & (pl.col("window_hours") == hours))
    found = {row["measure"]: row for row in signed_rows(own, SINGLE_SIZE)}
    cells: list[Cell | Spanning] = [scenario, hours_short(hours)]
    cells += [_share_cell(found.get(measure)) for measure in _SHARES]
    width = found.get("width")
    cells.append(number(width["estimate"], 2) if width else "–")
    return cells


def mix_size_table(rows: pl.DataFrame) -> Markup:
    """Rejection and power of the methods that mix donors, by pool of donors; nothing where not measured."""
    rows = rows.filter(pl.col("measure").is_in([f"rejects_{method}" for method in _MIXES]).any().over("scenario"))
    if not rows.height:
        return NOTHING
    heads = (Head("Pool"), Head("Method"), Head("Rejects", is_number=True), Head("Finds", is_number=True))
    own = "min(n_replications) filter (where measure = 'rejects_synthetic_control')"
    pools = counted(int(extremes(rows["n_replications"])[0]), SINGLE_SIZE, own)
    small = (
        f"{count(pools)} simulated pools of donors each, a month of hours, 24-hour "
        "window; 5% is asked for, Wilson bands in brackets. Finds: an effect of 15 log percent. Ranks in space compare "
        "assets of one hour, so that a burst of the token alone passes for an effect."
    )
    found = {(row["scenario"], row["measure"]): row for row in signed_rows(rows, SINGLE_SIZE)}
    body: list[list[Cell | Spanning]] = [
        [scenario, title, *(_share_cell(found.get((scenario, f"{of}_{method}"))) for of in ("rejects", "finds"))]
        for scenario in _in_order(rows.select("scenario").unique())["scenario"]
        for method, title in _MIXES.items()
    ]
    return table("mix-size-table", "How often tests that mix other assets are wrong", small, heads, body)


def _share_cell(row: Mapping[str, Any] | None) -> Cell:
    if row is None or row["estimate"] is None:
        return "–"
    return f"{share(row['estimate'])} ({share(row['lower_95'])}–{share(row['upper_95'])})"
