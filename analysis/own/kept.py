"""A person's price, market and event tables as the bars and events of a study that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.own.plausibility import check_values
from analysis.own.study import read_declared
from analysis.own.tables import (
    ASSET_NAMES,
    TIME_NAMES,
    BarEnd,
    OwnTable,
    find_column,
    optional_column,
    read_series,
    strip_cells,
)
from analysis.own.times import OwnDataError, parse_times
from warehouse.tables.bars import HOURS_PER_DAY, NAMES, BarLength, bar_of, utc_instant
from warehouse.tables.contract import UTC
from warehouse.tables.terms import OWN
from warehouse.tables.units import iso_minute, plain_percent

# With more bars missing than this the table has nights or weekends, which a grid of every hour or day cannot hold.
_LARGEST_SHARE_MISSING = 0.05
_ID_NAMES = ("event_id", "id", "event")
_TITLE_NAMES = ("title", "headline")


@dataclass(frozen=True, slots=True)
class NamedTable:
    """A table of text columns, and the file that errors name."""

    source: str
    frame: pl.DataFrame


@dataclass(frozen=True, slots=True)
class KeptStudy:
    """Bars (market_id, asset_id, is_benchmark, open_time_utc, close_quote) and events of a study, with its bar length.

    `events` has event_id, asset_id, title, at_utc, time_precision, selected_from.
    """

    bars: pl.DataFrame
    events: pl.DataFrame
    bar: BarLength
    asset_ids: tuple[str, ...]
    benchmark_ids: tuple[str, ...]
    remarks: tuple[str, ...]


def read_kept_study(
    prices: NamedTable, events: NamedTable, market: NamedTable | None, label: BarEnd | None
) -> KeptStudy:
    """The study that the tables make; OwnDataError names file, row and remedy of what cannot be used.

    Rows are bars named by their open, unless `label` or the name of a time column says close. An empty cell is no bar.
    """
    assets = _read(prices)
    benchmarks = _read(market) if market is not None else None
    tables = [assets, *([benchmarks] if benchmarks is not None else [])]
    check_values(tables, "prices", "log")
    bar = _find_step(assets)
    shared = sorted(set(assets.series) & set(benchmarks.series if benchmarks is not None else ()))
    if shared:
        raise OwnDataError(
            f"{shared[0]} stands in {assets.source} and in {tables[-1].source}: an asset is no benchmark of itself; "
            "take its column out of one of them"
        )
    frames = []
    for table in tables:
        if _find_step(table) != bar:
            raise OwnDataError(
                f"{table.source} has bars of {_find_step(table).name} and {assets.source} of {bar.name}; "
                "give both the same length"
            )
        frames.append(_bars(table, bar, label or table.label or "open", is_benchmark=table is benchmarks))
    used = label or assets.label or "open"
    remarks = (f"rows of {assets.source} are bars of {bar.name} dated by their {used}; --label says otherwise",)
    asset_ids = tuple(assets.series)
    return KeptStudy(
        pl.concat(frames),
        _read_events(events, asset_ids, bar),
        bar,
        asset_ids,
        tuple(benchmarks.series) if benchmarks is not None else (),
        remarks,
    )


def _read(table: NamedTable) -> OwnTable:
    found = read_series(table.frame, table.source)
    for name, series in found.series.items():
        if series.problem:
            raise OwnDataError(f"{table.source}, column {name}: {series.problem}")
        wrong = np.flatnonzero(series.values <= 0)
        if wrong.size:
            at = iso_minute(utc_instant(series.times[wrong[0]]))
            raise OwnDataError(
                f"{table.source}, column {name}: the price at {at}Z is not above zero; correct it or leave it empty"
            )
    return found


def _find_step(table: OwnTable) -> BarLength:
    """The bar length of a table: its most frequent step, which every time must be a multiple of."""
    times = np.unique(np.concatenate([series.times for series in table.series.values()]))
    if times.size < 2:
        raise OwnDataError(f"{table.source}: one row; expected one row per bar, from weeks before the first event on")
    steps, counts = np.unique(np.diff(times), return_counts=True)
    step = int(steps[np.argmax(counts)])
    try:
        bar = bar_of(timedelta(microseconds=step))
    except ValueError as exc:
        raise OwnDataError(
            f"{table.source}: rows are {timedelta(microseconds=step)} apart; expected bars of {', '.join(NAMES)}: "
            "resample the table"
        ) from exc
    off = np.flatnonzero((times - times[0]) % step)
    if off.size:
        at = iso_minute(utc_instant(int(times[off[0]])))
        raise OwnDataError(
            f"{table.source}: the row at {at}Z is no multiple of {bar.name} after the first; resample the table"
        )
    missing = 1 - times.size / ((times[-1] - times[0]) // step + 1)
    if missing > _LARGEST_SHARE_MISSING:
        raise OwnDataError(
            f"{table.source}: {plain_percent(float(missing))} of its bars of {bar.name} are missing, as of a market "
            "that closes; aftershock study csv --calendar reads such tables"
        )
    return bar


def _bars(table: OwnTable, bar: BarLength, label: BarEnd, *, is_benchmark: bool) -> pl.DataFrame:
    shift = bar.microseconds if label == "close" else 0
    frames = []
    for name, series in table.series.items():
        is_there = np.isfinite(series.values)
        frames.append(
            pl.DataFrame(
                {
                    "market_id": f"{OWN}:{name}",
                    "asset_id": name,
                    "is_benchmark": is_benchmark,
                    "open_time_utc": _instants(series.times[is_there] - shift),
                    "close_quote": series.values[is_there],
                }
            )
        )
    return pl.concat(frames)


def _read_events(table: NamedTable, asset_ids: Sequence[str], bar: BarLength) -> pl.DataFrame:
    source = table.source
    if not table.frame.height:
        raise OwnDataError(f"{source}: a header and no rows; expected one row per event")
    frame = strip_cells(table.frame)
    at = parse_times(frame[find_column(frame, ("event_date", "event_time", *TIME_NAMES), source, "time")], source)
    id_column = optional_column(frame, _ID_NAMES)
    ids = frame[id_column] if id_column else pl.Series([str(number + 1) for number in range(frame.height)])
    _refuse_rows(source, ids.is_null(), "has no event_id; give it one")
    _refuse_rows(source, ids.is_duplicated() & ~ids.is_first_distinct(), "repeats an event_id; ids are unique")
    title_column = optional_column(frame, _TITLE_NAMES)
    titles = frame[title_column].fill_null(ids) if title_column else ids
    declared = pl.Series(read_declared(frame, source), dtype=pl.String).fill_null("news")
    return pl.DataFrame(
        {
            "event_id": ids,
            "asset_id": _assets_of(frame, source, asset_ids),
            "title": titles,
            "at_utc": _instants(at.at),
            # A date names its whole bar where bars are days, and no hour where they are shorter.
            "time_precision": pl.Series(at.has_clock | (bar.hours >= HOURS_PER_DAY)).replace_strict(
                {True: "second", False: "day"}, return_dtype=pl.String
            ),
            "selected_from": declared,
        }
    )


def _assets_of(frame: pl.DataFrame, source: str, asset_ids: Sequence[str]) -> pl.Series:
    column = optional_column(frame, ASSET_NAMES)
    if column is None:
        if len(asset_ids) > 1:
            raise OwnDataError(f"{source}: no asset column; the prices have {', '.join(asset_ids)}: say which for each")
        return pl.Series([asset_ids[0]] * frame.height)
    assets = frame[column].fill_null("")
    wrong = (~assets.is_in(list(asset_ids))).arg_true()
    if wrong.len():
        row = int(wrong[0])
        raise OwnDataError(
            f"{source}: row {row + 2}, column {column}: no prices of {assets[row]!r}; there are {', '.join(asset_ids)}"
        )
    return assets


def _refuse_rows(source: str, is_wrong: pl.Series, words: str) -> None:
    wrong = is_wrong.arg_true()
    if wrong.len():
        raise OwnDataError(f"{source}: row {int(wrong[0]) + 2} {words}")


def _instants(microseconds: Integers) -> pl.Series:
    return pl.Series(microseconds).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(UTC)
