"""How often the interval and the rank of one event are wrong, as a table of the methods page."""

from __future__ import annotations

import polars as pl
from markupsafe import Markup

from dashboards.numbers import counted, signed_rows
from dashboards.shell.frames import extremes
from dashboards.shell.tables import Cell, Head, Spanning, table
from warehouse.tables.size import SINGLE_SIZE
from warehouse.tables.units import count, hours_short, number, share

_SHARES = ("covers", "covers_inside", "covers_month", "rejects", "finds")


def single_size_table(rows: pl.DataFrame) -> Markup:
    """Coverage of the three intervals, rejection, power and width by regime and window; nothing where not measured."""
    if not rows.height:
        return Markup("")
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
        counted(int(value), SINGLE_SIZE, f"{name}(n_replications)")
        for name, value in zip(("min", "max"), extremes(runs), strict=True)
    )
    markets = count(low) if low == high else f"{count(low)} to {count(high)}"
    small = (
        f"{markets} simulated markets a row (GARCH, Student shocks, a year of record but for the short one); 95% and "
        "5% are asked for, Wilson bands in brackets. From inside: mean of markets without and with the effect. "
        "Finds: an effect of 15 log percent. Width: of the headline interval over the month's t interval, median."
    )
    keys = rows.select("scenario", "window_hours").unique(maintain_order=True).rows()
    body = [_row(rows, str(scenario), float(hours)) for scenario, hours in keys]
    return Markup('<h3 id="single-size">One event</h3>') + table(
        "single-size-table", "How often the numbers of one event hold, in calm and wild markets", small, heads, body
    )


def _row(rows: pl.DataFrame, scenario: str, hours: float) -> list[Cell | Spanning]:
    own = rows.filter((pl.col("scenario") == scenario) & (pl.col("window_hours") == hours))
    found = {row["measure"]: row for row in signed_rows(own, SINGLE_SIZE)}
    cells: list[Cell | Spanning] = [scenario, hours_short(hours)]
    for measure in _SHARES:
        row = found.get(measure)
        known = row is not None and row["estimate"] is not None
        cells.append(
            f"{share(row['estimate'])} ({share(row['lower_95'])}–{share(row['upper_95'])})" if row and known else "–"
        )
    width = found.get("width")
    cells.append(number(width["estimate"], 2) if width else "–")
    return cells
