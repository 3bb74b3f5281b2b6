"""A user's own price, return and event tables, from text columns to typed series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from warehouse.tables.units import iso_day, iso_instant, iso_minute

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

TIME_NAMES = (
    "date",
    "time",
    "datetime",
    "timestamp",
    "event_date",
    "event_time",
    "open_time_utc",
    "close_time_utc",
    "day",
)
ASSET_NAMES = ("asset", "asset_id", "symbol", "ticker", "firm", "firm_symbol", "firm_id", "permno", "market_id", "name")
VALUE_NAMES = ("value", "price", "close", "adjusted", "adj_close", "return", "ret", "close_quote")
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "None", ".", "-", "#N/A")

DATE_FORMATS = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%Y%m%d",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
)
# Day and month stand in either order; a column may be read only where one order is possible.
TWO_WAY_FORMATS = (("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y"))
_TIME_FORMATS = (
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
)

# A date before this is a two-digit year that was taken for a whole one.
FIRST_YEAR = 1800

# Epoch numbers above this are milliseconds: it is the year 5138 in seconds and March 1973 in milliseconds.
LARGEST_EPOCH_SECONDS = 1e11


class OwnDataError(ValueError):
    """A user's table cannot be read; the message names file, row, what was expected and the remedy."""


@dataclass(frozen=True, slots=True)
class OwnSeries:
    """One column: times (µs since 1970, sorted) and values, NaN for an empty cell; `problem` spoils all of it."""

    times: Integers
    values: Floats
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class OwnTable:
    """Series by name, and whether the table is dated by days rather than instants."""

    source: str
    series: dict[str, OwnSeries]
    is_daily: bool


def read_series(frame: pl.DataFrame, source: str) -> OwnTable:
    """Series of a long table (time, asset, value) or a wide one (time and a column per asset), all columns text.

    Rows may be in any order. In a wide table an empty cell is a missing bar; in a long table an absent row is no bar at
    all. Repeated times spoil the series they are in. OwnDataError for a missing column, an unreadable time or number.
    """
    if not frame.height:
        raise OwnDataError(f"{source}: a header and no rows; expected one row per bar")
    frame = strip_cells(frame)
    time_column = find_column(frame, TIME_NAMES, source, "time")
    times, is_daily = parse_times(frame[time_column], source)
    asset_column = optional_column(frame, ASSET_NAMES)
    others = [name for name in frame.columns if name not in (time_column, asset_column)]
    series: dict[str, OwnSeries] = {}
    if asset_column is None:
        for name in others:
            series[name] = _sorted_series(times, parse_numbers(frame[name], source))
    else:
        value_column = others[0] if len(others) == 1 else find_column(frame, VALUE_NAMES, source, "value")
        values = parse_numbers(frame[value_column], source)
        names = frame[asset_column].fill_null("")
        for name in names.unique(maintain_order=True).to_list():
            rows = (names == name).to_numpy()
            series[name] = _sorted_series(times[rows], values[rows])
    if not series:
        raise OwnDataError(
            f"{source}: no value column beside {time_column!r}; add a column per asset, or asset and value"
        )
    return OwnTable(source, series, is_daily)


def find_column(frame: pl.DataFrame, names: Sequence[str], source: str, what: str) -> str:
    """The column with one of `names` (case ignored), in their order; OwnDataError lists what was looked for."""
    found = optional_column(frame, names)
    if found is None:
        raise OwnDataError(
            f"{source}: no {what} column; expected one of {', '.join(names)}, found {', '.join(frame.columns)}"
        )
    return found


def parse_times(column: pl.Series, source: str) -> tuple[Integers, bool]:
    """Microseconds since 1970 (UTC) of each text, and True when all are plain dates. One format for a whole column.

    ISO dates and instants (a time without zone is UTC), also mixed, dd.mm.yyyy, yyyymmdd, yyyy/mm/dd, 11 Nov 2026,
    Nov 11, 2026, day and month with slashes or dashes where one order only is possible, epoch seconds and milliseconds.
    A year of two digits is not read.
    """
    empty = column.is_null()
    if empty.any():
        raise OwnDataError(f"{source}: row {int(empty.arg_true()[0]) + 2} has no {column.name}")
    for pattern in DATE_FORMATS:
        dates = _to_dates(column, pattern)
        if dates.null_count() == 0:
            return _microseconds(dates), True
    for patterns in TWO_WAY_FORMATS:
        readable = [dates for pattern in patterns if (dates := _to_dates(column, pattern)).null_count() == 0]
        if len(readable) == 2 and not (readable[0] == readable[1]).all():
            raise OwnDataError(f"{source}: {column.name} {column[0]!r} is ambiguous; write dates as 2026-06-12")
        if readable:
            return _microseconds(readable[0]), True
    for pattern in _TIME_FORMATS:
        # Dates may stand among instants: midnight, UTC.
        instants = _to_instants(column, pattern)
        if instants.null_count() == 0:
            return _microseconds(instants), False
    epochs = column.cast(pl.Float64, strict=False)
    if epochs.null_count() == 0:
        scale = 1e3 if float(epochs.to_numpy().max()) > LARGEST_EPOCH_SECONDS else 1e6
        return np.round(epochs.to_numpy() * scale).astype(np.int64), False
    first = column.filter(column.str.to_date(DATE_FORMATS[0], strict=False).is_null())[0]
    raise OwnDataError(
        f"{source}: {column.name} {first!r} is not a known date; write 2026-06-12 or 2026-06-12T23:56:41Z"
    )


def parse_numbers(column: pl.Series, source: str) -> Floats:
    """The texts as numbers, NaN for an empty cell; OwnDataError names the first row that is no number."""
    numbers = column.cast(pl.Float64, strict=False)
    broken = numbers.is_null() & column.is_not_null()
    if broken.any():
        row = int(broken.arg_true()[0])
        raise OwnDataError(f"{source}: row {row + 2}, column {column.name}: {column[row]!r} is not a number")
    return np.array(numbers.fill_null(float("nan")).to_numpy(), dtype=np.float64)


def to_datetime(microseconds: int) -> datetime:
    """The instant, UTC."""
    return datetime.fromtimestamp(microseconds / 1e6, tz=UTC)


def to_words(microseconds: int, *, is_daily: bool) -> str:
    """The instant as ISO text, a plain date where the table is daily."""
    instant = to_datetime(microseconds)
    return iso_day(instant) if is_daily else iso_instant(instant)


def optional_column(frame: pl.DataFrame, names: Sequence[str]) -> str | None:
    lowered = {name.lower().strip(): name for name in frame.columns}
    return next((lowered[name] for name in names if name in lowered), None)


def strip_cells(frame: pl.DataFrame) -> pl.DataFrame:
    text = frame.select(pl.all().cast(pl.String).str.strip_chars())
    return text.select(pl.when(pl.all().is_in(MISSING)).then(None).otherwise(pl.all()).name.keep())


def _to_dates(column: pl.Series, pattern: str) -> pl.Series:
    """Midnights of the texts that are dates of this form, null otherwise."""
    dates = column.str.to_date(pattern, strict=False)
    return dates.set(dates.dt.year() < FIRST_YEAR, None).cast(pl.Datetime("us"))


def _to_instants(column: pl.Series, pattern: str) -> pl.Series:
    """Instants (UTC, without zone) of the texts of this form, midnight of ISO dates, null otherwise."""
    instants = column.str.to_datetime(pattern, time_unit="us", strict=False).dt.replace_time_zone(None)
    instants = instants.set(instants.dt.year() < FIRST_YEAR, None)
    if instants.null_count() in (0, column.len()):
        return instants
    return instants.zip_with(instants.is_not_null(), _to_dates(column, DATE_FORMATS[0]))


def _microseconds(instants: pl.Series) -> Integers:
    return np.array(instants.cast(pl.Datetime("us")).to_physical().to_numpy(), dtype=np.int64)


def _sorted_series(times: Integers, values: Floats) -> OwnSeries:
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    repeated = np.flatnonzero(np.diff(times) == 0)
    problem = None
    if repeated.size:
        at = to_datetime(int(times[repeated[0]]))
        problem = f"duplicate bars: {repeated.size + 1} or more rows share a time, first {iso_minute(at)}Z; keep one"
    elif not np.isfinite(values).any():
        problem = "all-NaN asset: no value at all"
    return OwnSeries(times, values, problem)
