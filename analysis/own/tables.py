"""A user's own price, return and event tables, from text columns to typed series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers
from analysis.own.times import OwnDataError, parse_times
from warehouse.tables.bars import utc_instant
from warehouse.tables.units import iso_day, iso_instant, iso_minute

TIME_NAMES = (
    "date",
    "time",
    "datetime",
    "timestamp",
    "event_date",
    "event_time",
    "open_time_utc",
    "close_time_utc",
    "open_time",
    "close_time",
    "day",
)
ASSET_NAMES = ("asset", "asset_id", "symbol", "ticker", "firm", "firm_symbol", "firm_id", "permno", "market_id", "name")
VALUE_NAMES = ("value", "price", "close", "adjusted", "adj_close", "return", "ret", "close_quote")
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "None", ".", "-", "#N/A")

BarEnd = Literal["open", "close"]
# A column named so says which end of its bar a row is dated by.
_LABELS: dict[str, BarEnd] = {
    "open_time_utc": "open",
    "open_time": "open",
    "close_time_utc": "close",
    "close_time": "close",
}


@dataclass(frozen=True, slots=True)
class OwnSeries:
    """One column: times (µs since 1970, sorted) and values, NaN for an empty cell; `problem` spoils all of it."""

    times: Integers
    values: Floats
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class OwnTable:
    """Series by name, whether dated by days rather than instants, and which end of a bar the time column names."""

    source: str
    series: dict[str, OwnSeries]
    is_daily: bool
    label: BarEnd | None = None


def read_series(frame: pl.DataFrame, source: str) -> OwnTable:
    """Series of a long table (time, asset, value) or a wide one (time and a column per asset), all columns text.

    Rows may be in any order. In a wide table an empty cell is a missing bar; in a long table an absent row is no bar at
    all. Repeated times spoil the series they are in. OwnDataError for a missing column, an unreadable time or number.
    """
    if not frame.height:
        raise OwnDataError(f"{source}: a header and no rows; expected one row per bar")
    frame = strip_cells(frame)
    time_column = find_column(frame, TIME_NAMES, source, "time")
    instants = parse_times(frame[time_column], source)
    times, label = instants.at, _LABELS.get(time_column.lower())
    # Programs write the dates of daily bars as midnights; a bar that closes at midnight is that of the day before.
    is_daily = instants.is_daily or (instants.is_midnight and label != "close")
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
    return OwnTable(source, series, is_daily, label)


def find_column(frame: pl.DataFrame, names: Sequence[str], source: str, what: str) -> str:
    """The column with one of `names` (case ignored), in their order; OwnDataError lists what was looked for."""
    found = optional_column(frame, names)
    if found is None:
        raise OwnDataError(
            f"{source}: no {what} column; expected one of {', '.join(names)}, found {', '.join(frame.columns)}"
        )
    return found


def parse_numbers(column: pl.Series, source: str) -> Floats:
    """The texts as numbers, NaN for an empty cell; OwnDataError names the first row that is no number."""
    numbers = column.cast(pl.Float64, strict=False)
    broken = numbers.is_null() & column.is_not_null()
    if broken.any():
        row = int(broken.arg_true()[0])
        raise OwnDataError(f"{source}: row {row + 2}, column {column.name}: {column[row]!r} is not a number")
    return np.array(numbers.fill_null(float("nan")).to_numpy(), dtype=np.float64)


def to_words(microseconds: int, *, is_daily: bool) -> str:
    """The instant as ISO text, a plain date where the table is daily."""
    instant = utc_instant(microseconds)
    return iso_day(instant) if is_daily else iso_instant(instant)


def optional_column(frame: pl.DataFrame, names: Sequence[str]) -> str | None:
    lowered = {name.lower().strip(): name for name in frame.columns}
    return next((lowered[name] for name in names if name in lowered), None)


def strip_cells(frame: pl.DataFrame) -> pl.DataFrame:
    text = frame.select(pl.all().cast(pl.String).str.strip_chars())
    return text.select(pl.when(pl.all().is_in(MISSING)).then(None).otherwise(pl.all()).name.keep())


def _sorted_series(times: Integers, values: Floats) -> OwnSeries:
    order = np.argsort(times, kind="stable")
    times, values = times[order], values[order]
    repeated = np.flatnonzero(np.diff(times) == 0)
    problem = None
    if repeated.size:
        at = utc_instant(int(times[repeated[0]]))
        problem = f"duplicate bars: {repeated.size + 1} or more rows share a time, first {iso_minute(at)}Z; keep one"
    elif not np.isfinite(values).any():
        problem = "all-NaN asset: no value at all"
    return OwnSeries(times, values, problem)
