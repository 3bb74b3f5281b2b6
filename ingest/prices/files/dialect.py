"""How a text of rows is written: encoding, separator, lines before the rows, names over the columns, decimal mark."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.errors import MalformedError

# As much of a file as is looked at, in bytes.
HEAD_BYTES = 2**16
# Rows that a verdict on separator, order and decimal mark rests on.
SAMPLE_ROWS = 50
# A comma last: it also stands in decimals.
_SEPARATORS = (";", "\t", "|", ",")
_PREAMBLE = re.compile(r"^\s*(https?:|www\.|#|sep=)", re.IGNORECASE)
_COMMA_DECIMAL = re.compile(r"^-?(\d{1,3}(\.\d{3})+|\d+),(\d{1,2}|\d{4,})$|^-?\d{4,},\d+$")
_POINT_DECIMAL = re.compile(r"^-?[\d,]*\d\.\d+$")
_POINT_THOUSANDS = re.compile(r"^-?\d{1,3}(\.\d{3})+$")
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8-sig"))
_YFINANCE_LINES = 3
INDEX = "index"  # pandas writes no name over its index


@dataclass(frozen=True, slots=True)
class Dialect:
    """`names` is empty for a text without header; `n_skipped` lines stand before the first row, header included."""

    encoding: str
    separator: str
    n_skipped: int
    names: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    is_decimal_comma: bool = False
    ticker: str = ""  # yfinance names its ticker in a line of its own


def sniff(head: bytes, source: str) -> Dialect:
    """How the text that begins with `head` is written; MalformedError for one that mixes decimal marks."""
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
    text = head.decode(encoding, errors="replace").removeprefix("\ufeff")
    lines = text.splitlines()
    if len(head) >= HEAD_BYTES and len(lines) > 1:
        lines = lines[:-1]  # the last one may be cut
    separator, first = _separator(lines), 0
    while first < len(lines) - 1 and _is_preamble(lines[first], lines[first + 1], separator):
        first += 1
    cells = _cells(lines[first : first + SAMPLE_ROWS + _YFINANCE_LINES], separator)
    if not cells or _starts_with_row(cells[0]):
        return _with_mark(Dialect(encoding, separator, first, (), _rows(cells)), source)
    n_header, names, ticker = 1, [name.strip() for name in cells[0]], ""
    if names[0].lower() == "price" and len(cells) > _YFINANCE_LINES and cells[1][0].strip().lower() == "ticker":
        tickers = {cell for cell in cells[1][1:] if cell}
        if len(tickers) != 1:
            raise MalformedError(
                source, f"holds {len(tickers)} tickers side by side", "one", "download them one by one"
            )
        n_header, ticker = _YFINANCE_LINES, tickers.pop()
    names = _unique(names)
    return _with_mark(
        Dialect(encoding, separator, first + n_header, tuple(names), _rows(cells[n_header:]), False, ticker), source
    )


def _separator(lines: Sequence[str]) -> str:
    """The character that splits the most lines into the same number of fields, at least two; a comma when none does."""
    body = [line for line in lines[:SAMPLE_ROWS] if line.strip() and not _PREAMBLE.match(line)]
    best, most = ",", 0
    for separator in _SEPARATORS:
        widths = [len(row) for row in csv.reader(body, delimiter=separator)]
        common = max(set(widths), key=widths.count, default=1)
        if common > 1 and widths.count(common) > most:
            best, most = separator, widths.count(common)
    return best


def _is_preamble(line: str, following: str, separator: str) -> bool:
    return not line.strip() or bool(_PREAMBLE.match(line)) or (separator not in line and separator in following)


def _cells(lines: Sequence[str], separator: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=separator) if row]


def _rows(cells: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(cell.strip() for cell in row) for row in cells[:SAMPLE_ROWS])


def _starts_with_row(cells: Sequence[str]) -> bool:
    return cells[0].strip()[:1].isdigit()


def _unique(names: Sequence[str]) -> list[str]:
    """The names with one over the index, and a number behind a repeated one."""
    found: list[str] = []
    for number, name in enumerate(names):
        plain = name or (INDEX if number == 0 else f"column_{number + 1}")
        found.append(plain if plain not in found else f"{plain}_{number + 1}")
    return found


def _with_mark(dialect: Dialect, source: str) -> Dialect:
    values = [cell for row in dialect.sample for cell in row]
    commas = [cell for cell in values if _COMMA_DECIMAL.match(cell)]
    if not commas:
        return dialect
    points = [cell for cell in values if _POINT_DECIMAL.match(cell) and not _POINT_THOUSANDS.match(cell)]
    if points:
        raise MalformedError(
            source,
            f"writes decimals with ',' ({commas[0]}) and with '.' ({points[0]})",
            "one decimal mark",
            "save it again with one",
        )
    return Dialect(
        dialect.encoding, dialect.separator, dialect.n_skipped, dialect.names, dialect.sample, True, dialect.ticker
    )
