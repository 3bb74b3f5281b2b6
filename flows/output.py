"""Print a frame on stdout in the format that was asked for."""

from __future__ import annotations

import sys
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from warehouse.tables.units import ascii_number, count, iso_day, iso_second

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl


# A table that goes into a file or a mail is as wide as its rows, up to this many characters.
PIPED_WIDTH = 200
# Plain tables fit into a mail without being folded.
MAIL_WIDTH = 120


class Format(StrEnum):
    """Formats of every command that prints data."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def emit(frame: pl.DataFrame, fmt: Format, title: str = "") -> None:
    """Write `frame` to stdout: a terminal table, CSV, a JSON array of rows, or Parquet bytes."""
    if fmt is Format.CSV:
        sys.stdout.write(frame.write_csv(datetime_format="%Y-%m-%dT%H:%M:%S%.fZ"))
    elif fmt is Format.JSON:
        sys.stdout.write(frame.write_json() + "\n")
    elif fmt is Format.PARQUET:
        frame.write_parquet(sys.stdout.buffer)
    else:
        _print_table(frame, title)


def emit_plain(frame: pl.DataFrame, title: str, wrapped: str) -> None:
    """Write `frame` to stdout as plain lines under `title`, to be pasted into a mail; column `wrapped` may wrap."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), collapse_padding=True)
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", no_wrap=name != wrapped)
    for row in frame.iter_rows():
        table.add_row(*(count(value) if isinstance(value, int) else _cell(value) for value in row))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else MAIL_WIDTH, highlight=False)
    console.print(title, markup=False)
    console.print(table)


def emit_lines(lines: Iterable[str]) -> None:
    """Write plain lines to stdout."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def talk(message: str) -> None:
    """Say something to a person, on stderr."""
    sys.stderr.write(message + "\n")


def _print_table(frame: pl.DataFrame, title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", show_edge=False, pad_edge=False)
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(_cell(value) for value in row))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    if not frame.height:
        console.print("(no rows)" if not title else f"{title}: no rows")
        return
    console.print(table)


def _cell(value: object) -> str:
    from rich.markup import escape

    if value is None:
        return ""
    if isinstance(value, float):
        return ascii_number(value)
    if isinstance(value, datetime):
        return iso_second(value).removesuffix(" 00:00:00")
    if isinstance(value, date):
        return iso_day(value)
    return escape(str(value))
