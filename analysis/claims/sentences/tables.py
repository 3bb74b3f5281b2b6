"""Statements in the cells of a table: the row names the market, the column head the kind and the day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from analysis.claims.sentences.lexicon import Lexicon, NamedMarket
from analysis.claims.sentences.numbers import NUMBER, Quantity, read_number
from analysis.claims.sentences.sentence import ReadStatement
from analysis.claims.sentences.times.windows import find_windows
from analysis.claims.sentences.tokens import tokenise
from analysis.claims.statement import Comparator, Direction, Kind, StatedWindow, Statement
from analysis.events.wording.clauses import Clause

_LINE = re.compile(r"[^\n]+")
_CELL = re.compile(r"[^|]+")
_RULE = re.compile(r"^[\s|:+-]+$")
# A table has a head and at least one row, of two columns or more.
_LEAST_LINES, _LEAST_COLUMNS = 2, 2
_CHANGE = re.compile(r"change|%|return|move|gain|24h|7d|performance", re.IGNORECASE)
_DAY_LETTERS = 10  # of 2026-05-20


class _Cell(NamedTuple):
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Column:
    head: str
    day: str | None
    window: str | None


def find_tables(text: str) -> list[list[tuple[int, int]]]:
    """The places (characters) of the lines of every table whose cells are parted by `|`."""
    tables: list[list[tuple[int, int]]] = []
    current: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        is_row = line.group().count("|") >= _LEAST_COLUMNS - 1 and not line.group().strip().startswith("http")
        if is_row and (not current or text.count("\n", current[-1][1], line.start()) == 1):
            current.append(line.span())
            continue
        tables += [current] if len(current) >= _LEAST_LINES else []
        current = [line.span()] if is_row else []
    tables += [current] if len(current) >= _LEAST_LINES else []
    return [table for table in tables if _has_head(text, table)]


def read_cells(
    text: str, lines: list[tuple[int, int]], said_at: datetime, lexicon: Lexicon, group: int
) -> list[ReadStatement]:
    """A level for each price under a head that names a day, and a move for each percent.

    A change between two columns with days runs from the end of the first day to the end of the last.
    """
    rows = [_cells(text, start, end) for start, end in lines if not _RULE.match(text[start:end])]
    columns = [_column(cell, said_at) for cell in rows[0]]
    found = []
    for row in rows[1:]:
        market = _market(text, row, lexicon)
        if market is None or not market.is_ours:
            continue
        for number, (cell, column) in enumerate(zip(row[1:], columns[1:], strict=False), start=1):
            quantity = next((read_number(hit) for hit in NUMBER.finditer(cell.text)), None)
            statement = None if quantity is None else _cell_statement(quantity, market, column, columns, said_at)
            if statement is not None:
                start = row[0].start if number == 1 else cell.start
                found.append(ReadStatement(statement, start, cell.end, True, "table_cell", group))
    return found


def _has_head(text: str, lines: list[tuple[int, int]]) -> bool:
    second = text[lines[1][0] : lines[1][1]]
    return bool(_RULE.match(second)) or not NUMBER.search(text[lines[0][0] : lines[0][1]])


def _cells(text: str, start: int, end: int) -> list[_Cell]:
    return list(_cells_of(text, start, end))


def _cells_of(text: str, start: int, end: int) -> Iterator[_Cell]:
    for cell in _CELL.finditer(text, start, end):
        words = cell.group()
        if words.strip():
            left = cell.start() + len(words) - len(words.lstrip())
            yield _Cell(left, left + len(words.strip()), words.strip())


def _column(cell: _Cell, said_at: datetime) -> _Column:
    windows = [phrase.token for phrase in find_windows(cell.text, 0, len(cell.text), said_at)]
    days = [token for token in windows if token.startswith("day:")]
    if "today" in windows:
        days = [f"day:{said_at.date().isoformat()}"]
    lowered = cell.text.lower()
    window = next((token for token in windows if not token.startswith("day:")), None)
    if window is None and "24h" in lowered.replace(" ", ""):
        window = "PT24H"
    return _Column(cell.text, days[0] if days else None, window)


def _market(text: str, row: list[_Cell], lexicon: Lexicon) -> NamedMarket | None:
    if not row:
        return None
    tokens = tokenise(text, (Clause(row[0].start, row[0].end, "", ""),), lexicon)
    return next((token.market for token in tokens if token.market is not None), None)


def _cell_statement(
    quantity: Quantity, market: NamedMarket, column: _Column, columns: list[_Column], said_at: datetime
) -> Statement | None:
    if quantity.kind == "PRICE":
        window = column.day or column.window
        return Statement(
            market.market,
            Kind.LEVEL_HELD,
            Direction.NONE,
            said_at,
            price=quantity.value,
            price_quoted=quantity.quoted,
            comparator=Comparator.EXACT,
            window=StatedWindow(window) if window else None,
        )
    if quantity.kind not in ("PERCENT", "SIGNED") or not _CHANGE.search(column.head):
        return None
    return Statement(
        market.market,
        Kind.PERCENT_MOVE,
        Direction.DOWN if quantity.value < 0 else Direction.UP,
        said_at,
        size=abs(quantity.value),
        size_quoted=quantity.quoted.lstrip("+-−"),
        comparator=Comparator.EXACT,
        window=StatedWindow(column.window or _between(columns) or "trailing_24h_unsaid"),
    )


def _between(columns: list[_Column]) -> str | None:
    """From the end of the first column's day to the end of the last one's, as start and length."""
    days = [datetime.fromisoformat(column.day[4 : 4 + _DAY_LETTERS]) for column in columns if column.day is not None]
    if len(days) < _LEAST_COLUMNS or days[-1] <= days[0]:
        return None
    return f"{(days[0] + timedelta(days=1)).date().isoformat()}/P{(days[-1] - days[0]).days}D"
