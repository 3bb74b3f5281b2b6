"""Print a frame on stdout in the format that was asked for."""

from __future__ import annotations

import sys
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from flows.errors import EXIT_STORAGE, CommandError
from warehouse.tables.units import ascii_number, count, iso_day, iso_second

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import TextIO

    import polars as pl


# A table that goes into a file or a mail is as wide as its rows, up to this many characters.
PIPED_WIDTH = 200
# How CSV writes times; those of a known zone are in UTC.
CSV_DATETIME, CSV_INSTANT, CSV_TIME = "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ", "%H:%M:%S%.f"
# Control characters of both blocks, and the marks that turn the direction of text.
_CONTROLS = (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F))
_UNPRINTABLE = dict.fromkeys((*_CONTROLS, *range(0x2066, 0x206A)))
# Plain tables fit into a mail without being folded.
MAIL_WIDTH = 120


class Format(StrEnum):
    """Formats of every command that prints data."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def emit(frame: pl.DataFrame, fmt: Format, title: str = "") -> None:
    """Write `frame` to stdout: a terminal table, CSV, a JSON array of rows, or Parquet bytes.

    A table, and whatever a terminal shows, is without control characters; a file or pipe gets the data as they are.
    """
    if fmt is Format.PARQUET:
        frame.write_parquet(sys.stdout.buffer)
    elif fmt is Format.TABLE:
        _print_table(frame, title, sys.stdout)
    else:
        text = csv_text(frame) if fmt is Format.CSV else frame.write_json() + "\n"
        emit_text(text)


def emit_text(text: str) -> None:
    """Write `text` to stdout; a terminal gets it without control characters."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)


def write_file(frame: pl.DataFrame, fmt: Format, path: Path) -> None:
    """Write `frame` into a file in the format; CommandError with exit code 6 when the disk refuses."""
    try:
        if fmt is Format.PARQUET:
            frame.write_parquet(path)
        elif fmt is Format.TABLE:
            with path.open("w", encoding="utf-8") as file:
                _print_table(frame, "", file)
        else:
            text = csv_text(frame) if fmt is Format.CSV else frame.write_json() + "\n"
            path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise CommandError(f"cannot write {path}: {exc.strerror}; name another file", EXIT_STORAGE) from exc


def csv_text(frame: pl.DataFrame) -> str:
    """`frame` as CSV; instants end in Z, times without a zone do not."""
    import polars as pl
    from polars import selectors

    zoned = selectors.datetime(time_zone="*")
    text = frame.with_columns(zoned.dt.convert_time_zone("UTC").dt.to_string(CSV_INSTANT))
    return text.with_columns(pl.col(pl.Time).dt.to_string(CSV_TIME)).write_csv(datetime_format=CSV_DATETIME)


def escaped(text: str) -> str:
    """`text` from data as rich may print it: printable, and no markup."""
    from rich.markup import escape

    return escape(printable(text))


def printable(text: str) -> str:
    """`text` without the characters that make a terminal act or read backwards; line ends and tabs stay."""
    return text.translate(_UNPRINTABLE)


def emit_plain(frame: pl.DataFrame, title: str, wrapped: str) -> None:
    """Write `frame` to stdout as plain lines under `title`, to be pasted into a mail; column `wrapped` may wrap."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), collapse_padding=True)
    for name, dtype in frame.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", no_wrap=name != wrapped)
    for row in frame.iter_rows():
        table.add_row(*(count(value) if isinstance(value, int) else _cell(value) for value in row))
    width = None if sys.stdout.isatty() else MAIL_WIDTH
    console = Console(file=sys.stdout, width=width, highlight=False, emoji=False)
    console.print(printable(title), markup=False)
    console.print(table)


def emit_lines(lines: Iterable[str]) -> None:
    """Write plain lines to stdout."""
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))


def talk(message: str) -> None:
    """Say something to a person, on stderr."""
    sys.stderr.write(printable(message) + "\n")


def _print_table(frame: pl.DataFrame, title: str, stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table

    title = escaped(title)
    table = Table(title=title or None, title_justify="left", show_edge=False, pad_edge=False)
    for name, dtype in frame.schema.items():
        table.add_column(_cell(name), justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in frame.iter_rows():
        table.add_row(*(_cell(value) for value in row))
    console = Console(file=stream, width=None if stream.isatty() else PIPED_WIDTH, emoji=False)
    if not frame.height:
        console.print("(no rows)" if not title else f"{title}: no rows")
        return
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return ascii_number(value)
    if isinstance(value, datetime):
        return iso_second(value)
    if isinstance(value, date):
        return iso_day(value)
    return escaped(str(value))
