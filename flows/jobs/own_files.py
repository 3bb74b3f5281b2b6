"""A user's CSV and Parquet files as tables of text."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import polars as pl

from flows.errors import CommandError

_PARQUET_MAGIC = b"PAR1"


def read_table(path: Path) -> pl.DataFrame:
    """The file as text columns; CommandError says what is wrong with it and where."""
    if not path.exists() or path.is_dir():
        raise CommandError(f"{path} is no file; give the path of a CSV or Parquet file")
    body = path.read_bytes()
    return _read_parquet(body, str(path)) if body.startswith(_PARQUET_MAGIC) else parse_table(body, str(path))


def _read_parquet(body: bytes, source: str) -> pl.DataFrame:
    try:
        return as_text(pl.read_parquet(io.BytesIO(body)))
    except pl.exceptions.PolarsError as exc:
        raise CommandError(f"{source} is not a whole Parquet file: {exc}") from exc


def as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns as text, instants in UTC; floats as the shortest text that reads back as the same number."""
    zoned = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime) and dtype.time_zone]
    naive = frame.with_columns(pl.col(zoned).dt.convert_time_zone("UTC").dt.replace_time_zone(None))
    return naive.select(pl.all().cast(pl.String))


def parse_table(body: bytes, source: str) -> pl.DataFrame:
    """A CSV file as text columns: comma, semicolon or tab; UTF-8, UTF-16 with its mark, else Windows-1252.

    Lines without any text at the end are no rows. CommandError for an empty file, a column name that repeats, or a row
    with more cells than the header.
    """
    # Lines may end as on any system; a lone carriage return is what the csv module breaks on.
    text = _decode(body).replace("\r\n", "\n").replace("\r", "\n")
    header = text[: text.find("\n") + 1 or len(text)]
    if not header.strip():
        raise CommandError(f"{source} is empty; expected a header line and rows")
    separator = _choose_separator(header)
    names = [name.strip() for name in next(csv.reader([header.strip("\r\n")], delimiter=separator))]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise CommandError(f"{source}: column {repeated[0]!r} stands twice in the header; rename or remove one")
    try:
        frame = pl.read_csv(text.encode(), infer_schema=False, separator=separator)
    except pl.exceptions.PolarsError as exc:
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=separator), start=1):
            if len(cells) > len(names):
                raise CommandError(
                    f"{source}: row {number} has {len(cells)} cells, the header {len(names)}; quote cells that hold "
                    f"a {separator!r}"
                ) from exc
        raise CommandError(f"{source} is not a CSV table: {exc}") from exc
    # Only at the end, so that a row keeps the number an error names it by.
    has_text = frame.select(pl.any_horizontal(pl.all().str.strip_chars().fill_null("") != "")).to_series()
    filled = has_text.arg_true().to_list()
    return frame.head(filled[-1] + 1 if filled else 0)


def _decode(body: bytes) -> str:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def _choose_separator(header: str) -> str:
    """The separator that splits a header line into most columns: comma, semicolon or tab."""
    return max(",;\t", key=header.count)
