"""Write a table, a view or the rows of a query into a file for other programs, with the units of its columns."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from polars import selectors

from flows.desk.reading import MEGABYTES, SECONDS, ask, shape_of
from flows.errors import EXIT_STORAGE, CommandError
from flows.output import csv_text
from warehouse.store.published.faces import Face
from warehouse.store.published.sandbox import Allowance
from warehouse.tables.catalog import load_tables
from warehouse.tables.contract import Column, Table, View
from warehouse.tables.units import count
from warehouse.tables.views import load_views

ENDINGS = {".parquet": Face.TYPED, ".arrow": Face.TYPED, ".xlsx": Face.CELLS, ".csv": Face.CELLS}
# What a sheet of Excel holds, the header included.
SHEET_ROWS = 1_048_576
# The first day that a workbook's calendar has; an earlier one would be shown as a row of hashes.
SHEET_START = date(1900, 1, 1)
# Text stays text: a cell that begins with "=" is no formula, an address no link.
WORKBOOK = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
SHEET_FORMATS: dict[Any, str] = {
    pl.Datetime: "yyyy-mm-dd hh:mm:ss",
    pl.Date: "yyyy-mm-dd",
    pl.Float64: "General",
    pl.Int64: "0",
}


def export_rows(what: str, out: Path) -> list[Path]:
    """Write what a table or view holds, or a select gives, into `out`; the files that were written.

    The ending decides: .parquet, .arrow, .xlsx or .csv. A second file (in a workbook a second sheet) says type, unit
    and meaning of each column. Times of a workbook are UTC. CommandError for an unknown ending or name, too many rows
    for a sheet, or a disk that refuses.
    """
    if out.suffix not in ENDINGS:
        raise CommandError(f"{out}: its ending says no format; give one of {', '.join(ENDINGS)}")
    is_query = " " in what.strip()
    sql = what if is_query else f"select * from {shape_of(what).name}"
    frame = ask(sql, ENDINGS[out.suffix], Allowance(MEGABYTES, SECONDS))
    legend = describe_columns(frame, _known_columns() if is_query else {c.name: c for c in shape_of(what).columns})
    try:
        if out.suffix == ".xlsx":
            _write_workbook(frame, legend, out)
            return [out]
        _write(frame, out)
        beside = out.with_name(f"{out.name}.columns.csv")
        beside.write_text(csv_text(legend), encoding="utf-8")
    except OSError as exc:
        raise CommandError(f"cannot write {out}: {exc.strerror}; name another file", EXIT_STORAGE) from exc
    return [out, beside]


def describe_columns(frame: pl.DataFrame, known: dict[str, Column]) -> pl.DataFrame:
    """Name, type, unit and meaning of each column; empty where no contract knows the name."""
    rows = [
        (name, str(dtype), known[name].unit if name in known else "", known[name].description if name in known else "")
        for name, dtype in frame.schema.items()
    ]
    return pl.DataFrame(rows, schema=["column", "type", "unit", "meaning"], orient="row")


def _known_columns() -> dict[str, Column]:
    """The columns that mean the same in every table and view: one unit and one meaning."""
    found: dict[str, Column | None] = {}
    shapes: tuple[Table | View, ...] = (*load_tables().values(), *load_views().values())
    for shape in shapes:
        for column in shape.columns:
            known = found.setdefault(column.name, column)
            if known is not None and (known.unit, known.description) != (column.unit, column.description):
                found[column.name] = None
    return {name: column for name, column in found.items() if column is not None}


def _write(frame: pl.DataFrame, out: Path) -> None:
    if out.suffix == ".parquet":
        frame.write_parquet(out)
    elif out.suffix == ".arrow":
        frame.write_ipc(out)
    else:
        out.write_text(csv_text(frame), encoding="utf-8")


def _write_workbook(frame: pl.DataFrame, legend: pl.DataFrame, out: Path) -> None:
    import xlsxwriter

    if frame.height >= SHEET_ROWS:
        raise CommandError(
            f"{count(frame.height)} rows are too many for a sheet; export .csv or .parquet, or select fewer"
        )
    zoned = selectors.datetime(time_zone="*")
    naive = frame.with_columns(zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None))
    before = [name for name in naive.select(selectors.date() | selectors.datetime()).columns if _is_early(naive[name])]
    naive = naive.with_columns(pl.col(before).cast(pl.String))
    with xlsxwriter.Workbook(out, WORKBOOK) as workbook:
        naive.write_excel(workbook, "rows", dtype_formats=SHEET_FORMATS)
        legend.write_excel(workbook, "columns", autofit=True)


def _is_early(instants: pl.Series) -> bool:
    """Whether a column of days or times begins before a workbook's calendar."""
    return bool((instants.cast(pl.Date) < SHEET_START).any())
