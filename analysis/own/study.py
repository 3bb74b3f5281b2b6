"""Events and series of a user's own tables, joined into the input of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import polars as pl

from analysis.arrays import Flags, Floats, Integers
from analysis.engine.measures import log_volume
from analysis.engine.standardise import EventInput
from analysis.engine.study import StudyResult
from analysis.own.selection import Declared, EventSelection, RowDeclared
from analysis.own.sessions import Dating, far_reason, find_days, place_events
from analysis.own.tables import (
    ASSET_NAMES,
    TIME_NAMES,
    OwnSeries,
    OwnTable,
    find_column,
    optional_column,
    parse_numbers,
    strip_cells,
    to_words,
)
from analysis.own.times import OwnDataError, parse_times
from analysis.tape.returns import ReturnKind, returns_of
from warehouse.tables.bars import utc_instant
from warehouse.tables.units import ascii_number

_Range = tuple[int, int]
Values = Literal["prices", "returns", "volume", "series"]


# No series is longer: a minute's bars of two thousand years.
_FARTHEST_BAR = 1e9

# Names of an event's own bounds, ours and those of other programs' request files; all inclusive.
OWN_BOUNDS = {
    "window_start": ("window_start", "event_window_start"),
    "window_end": ("window_end", "event_window_end"),
    "estimation_start": ("estimation_start", "estimation_window_start"),
    "estimation_end": ("estimation_end", "estimation_window_end", "shift_estimation_window"),
    "estimation_length": ("estimation_length", "estimation_window_length"),
}


@dataclass(frozen=True, slots=True)
class OwnStudy:
    """How to read and join the tables; ranges are half-open here, inclusive on the command line."""

    values: Values
    kind: ReturnKind
    estimation: _Range
    window: _Range
    factors: tuple[str, ...]  # columns of the market table; empty for a model without factors
    is_masked: bool
    needs_donors: bool = False  # other assets of the table, for models that mix them
    dating: Dating = field(default_factory=Dating)  # which end of a bar a row names, and when a day closes


@dataclass(frozen=True, slots=True)
class OwnStudyResult:
    """A study of own tables, how its events look chosen, and what may be wrong with it in sentences."""

    result: StudyResult
    selection: EventSelection
    warnings: tuple[str, ...]
    declared: tuple[RowDeclared, ...]  # per event, how its table says it was found
    funding_returns: tuple[float | None, ...] | None = None  # per event, what funding added over its window


@dataclass(frozen=True, slots=True)
class _Joined:
    """One asset on the dates it shares with its factors."""

    times: Integers
    returns: Floats
    factors: Floats
    bad_bars: dict[int, str]
    problem: str | None
    calendar: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # numbers of its dates in the union


@dataclass(frozen=True, slots=True)
class _OwnEvent:
    event_id: str
    asset_id: str
    said_at: int  # as written
    time: int  # what rows are compared with: `said_at`, or its day of trading where rows are days
    window: _Range
    estimation: _Range
    reason: str | None


def choose_factors(market: OwnTable | None, benchmark: str | None, factors: Sequence[str]) -> tuple[str, ...]:
    """The market columns of the model: `factors`, else `benchmark`, else the only column; OwnDataError otherwise."""
    if market is None:
        if factors or benchmark:
            raise OwnDataError("--factors and --benchmark name columns of --market; give that table")
        return ()
    columns = list(market.series)
    wanted = tuple(factors) or ((benchmark,) if benchmark else tuple(columns) if len(columns) == 1 else ())
    if not wanted:
        raise OwnDataError(
            f"{market.source} has columns {', '.join(columns)}; choose one with --benchmark or several with --factors"
        )
    unknown = [name for name in (*wanted, *((benchmark,) if benchmark else ())) if name not in columns]
    if unknown:
        raise OwnDataError(f"{market.source} has no column {unknown[0]!r}; it has {', '.join(columns)}")
    for name in wanted:
        problem = market.series[name].problem
        if problem:
            raise OwnDataError(f"{market.source}, column {name}: {problem}")
    return wanted


def build_own_events(
    assets: OwnTable, market: OwnTable | None, events: pl.DataFrame, study: OwnStudy
) -> list[EventInput]:
    """One input per row of `events` (all text), in order; an event that cannot be used carries its reason.

    Each asset is joined with the dates of its factors before returns are taken; `study.dating` says which row is bar 0.
    An event whose bar 0 lies far after it is out.
    """
    own = _read_events(events, study, is_daily=assets.is_daily)
    joined = {name: _join(name, series, market, study) for name, series in assets.series.items()}
    calendar = np.unique(np.concatenate([asset.times for asset in joined.values()]))
    joined = {
        name: replace(asset, calendar=np.searchsorted(calendar, asset.times).astype(np.int64))
        for name, asset in joined.items()
    }
    zeros = _bar_zeros(own, joined, study)
    spoiled = _event_bars(own, zeros, joined) if study.is_masked else {}
    inputs = [_event_input(event, int(zero), joined, spoiled, study) for event, zero in zip(own, zeros, strict=True)]
    return _with_donors(inputs, joined, calendar.size) if study.needs_donors else inputs


def _with_donors(inputs: Sequence[EventInput], joined: dict[str, _Joined], n_bars: int) -> list[EventInput]:
    """The inputs with the returns of the assets that their event does not concern; NaN where one has no bar."""
    usable = [name for name, asset in joined.items() if not asset.problem]
    returns = np.full((n_bars, len(usable)), np.nan)
    for column, name in enumerate(usable):
        returns[joined[name].calendar, column] = joined[name].returns
    concerned: dict[str, set[str]] = {}
    for item in inputs:
        concerned.setdefault(item.event_id, set()).add(item.market_id)
    others = {
        event_id: np.array([column for column, name in enumerate(usable) if name not in names], dtype=np.int64)
        for event_id, names in concerned.items()
    }
    return [replace(item, donors=returns[np.ix_(item.calendar, others[item.event_id])]) for item in inputs]


def _read_events(frame: pl.DataFrame, study: OwnStudy, *, is_daily: bool) -> list[_OwnEvent]:
    if not frame.height:
        raise OwnDataError("events: a header and no rows; expected one row per event and asset")
    frame = strip_cells(frame)
    asset = frame[find_column(frame, ASSET_NAMES, "events", "asset")].fill_null("")
    preferred = ("event_date", "event_time", *TIME_NAMES)
    said = parse_times(frame[find_column(frame, preferred, "events", "time")], "events")
    times = find_days(said, study.dating) if is_daily else said.at
    id_column = optional_column(frame, ("event_id", "id", "event"))
    ids = frame[id_column].fill_null("") if id_column else pl.Series([str(n + 1) for n in range(frame.height)])
    bounds = _own_bounds(frame)
    seen: set[tuple[str, str]] = set()
    own = []
    for row, (event_id, asset_id) in enumerate(zip(ids.to_list(), asset.to_list(), strict=True)):
        window, estimation = _ranges(bounds, row, study)
        reason = (
            "repeated event: the same event_id and asset appear in an earlier row"
            if (event_id, asset_id) in seen
            else None
        )
        seen.add((event_id, asset_id))
        own.append(_OwnEvent(event_id, asset_id, int(said.at[row]), int(times[row]), window, estimation, reason))
    return own


def read_declared(frame: pl.DataFrame, source: str = "events") -> tuple[RowDeclared, ...]:
    """What the column selected_from says of each event; OwnDataError for other words than news and price."""
    column = optional_column(frame, ("selected_from",))
    if column is None:
        return (None,) * frame.height
    said = strip_cells(frame.select(column))[column].str.to_lowercase()
    wrong = ~said.is_in(["news", "price"]) & said.is_not_null()
    if wrong.any():
        row = int(wrong.arg_true()[0])
        raise OwnDataError(f"{source}: row {row + 2}, column {column}: {said[row]!r}; expected news or price")
    return tuple(said.to_list())


def declare_together(declared: Sequence[RowDeclared]) -> Declared:
    """What single events say, of all of them: one event from prices makes the whole mixed, one empty cell unstated."""
    kinds = set(declared)
    if "price" in kinds:
        return "price" if kinds == {"price"} else "mixed"
    return "news" if kinds == {"news"} else "not stated"


def _own_bounds(frame: pl.DataFrame) -> dict[str, Floats]:
    columns = {name: optional_column(frame, aliases) for name, aliases in OWN_BOUNDS.items()}
    return {name: _parse_bars(frame[column]) for name, column in columns.items() if column}


def _parse_bars(column: pl.Series) -> Floats:
    """Whole numbers of bars, NaN for an empty cell."""
    bars = parse_numbers(column, "events")
    wrong = np.flatnonzero(~np.isnan(bars) & ~((np.abs(bars) <= _FARTHEST_BAR) & (bars == np.round(bars))))
    if wrong.size:
        row = int(wrong[0])
        raise OwnDataError(
            f"events: row {row + 2}, column {column.name}: {column[row]!r} is not a whole number of bars"
        )
    return bars


def _ranges(bounds: dict[str, Floats], row: int, study: OwnStudy) -> tuple[_Range, _Range]:
    """Half-open window and estimation ranges of one event: its own bounds where given, else the study's."""

    def own(name: str, default: int) -> int:
        value = bounds[name][row] if name in bounds else float("nan")
        return int(value) if np.isfinite(value) else default

    window = (own("window_start", study.window[0]), own("window_end", study.window[1] - 1) + 1)
    end = own("estimation_end", study.estimation[1] - 1) + 1
    length = own("estimation_length", 0)
    start = own("estimation_start", end - length if length else study.estimation[0])
    return window, (start, end)


def _join(name: str, series: OwnSeries, market: OwnTable | None, study: OwnStudy) -> _Joined:
    times, problem = series.times, series.problem
    if name in study.factors:
        problem = problem or f"benchmark is the asset itself: {name}"
    if problem:
        return _Joined(times, np.full(times.size, np.nan), np.full((times.size, 1), np.nan), {}, problem)
    columns = [market.series[factor] for factor in study.factors] if market else []
    for column in columns:
        times = np.intersect1d(times, column.times, assume_unique=True)
    values = series.values[np.searchsorted(series.times, times)]
    others = [column.values[np.searchsorted(column.times, times)] for column in columns]
    bad_bars: dict[int, str] = {}
    if study.values == "prices":
        for label, prices in ((name, values), *zip(study.factors, others, strict=True)):
            bad_bars.update(_bad_prices(label, prices, times))
        values = returns_of(values, study.kind)
        others = [returns_of(prices, study.kind) for prices in others]
    elif study.values == "volume":
        values, others = log_volume(values), [log_volume(volume) for volume in others]
    factors = np.column_stack(others) if others else np.zeros((times.size, 1))
    return _Joined(times, values, factors, bad_bars, None if times.size else "no date in common with the market table")


def _bad_prices(label: str, prices: Floats, times: Integers) -> dict[int, str]:
    bad = {"non-positive price": prices <= 0, "infinite price": np.isposinf(prices)}
    return {
        int(row): f"{words}: {label} {ascii_number(prices[row])} at {to_words(int(times[row]), is_daily=False)}"
        for words, rows in bad.items()
        for row in np.flatnonzero(rows)
    }


def _bar_zeros(events: Sequence[_OwnEvent], joined: dict[str, _Joined], study: OwnStudy) -> Integers:
    """Position of bar 0 among the rows of each event's asset; -1 for an asset that is not there."""
    zeros = np.full(len(events), -1, dtype=np.int64)
    times, assets = np.array([event.time for event in events]), np.array([event.asset_id for event in events])
    for name, asset in joined.items():
        own = assets == name
        zeros[own] = place_events(asset.times, times[own], study.dating.label)
    return zeros


def _event_bars(events: Sequence[_OwnEvent], zeros: Integers, joined: dict[str, _Joined]) -> dict[str, Flags]:
    """Per asset, the bars inside the window of any of its events."""
    spoiled = {name: np.zeros(asset.times.size, dtype=np.bool_) for name, asset in joined.items()}
    for event, zero in zip(events, zeros.tolist(), strict=True):
        if event.asset_id in joined:
            spoiled[event.asset_id][max(zero + event.window[0], 0) : max(zero + event.window[1], 0)] = True
    return spoiled


def _event_input(
    event: _OwnEvent, zero: int, joined: dict[str, _Joined], spoiled: dict[str, Flags], study: OwnStudy
) -> EventInput:
    asset = joined.get(event.asset_id)
    empty = np.zeros(0)
    shell = EventInput(
        event_id=event.event_id,
        market_id=event.asset_id,
        event_time=utc_instant(event.said_at),
        returns=empty,
        factors=np.zeros((0, 1)),
        benchmark=empty,
        calendar=empty.astype(np.int64),
        bar_zero=-1,
        estimation=event.estimation,
        window=event.window,
        reason=event.reason,
    )
    if asset is None:
        return replace(shell, reason=event.reason or f"asset {event.asset_id!r} is not in the table")
    if asset.problem:
        return replace(shell, reason=event.reason or asset.problem)
    is_there = 0 <= zero < asset.times.size
    return replace(
        shell,
        reason=event.reason or far_reason(asset.times, zero, event.time),
        bar_zero_time=utc_instant(int(asset.times[zero])) if is_there else None,
        returns=asset.returns,
        factors=asset.factors,
        # Nothing is bought and held of a volume or an index.
        benchmark=asset.factors[:, 0]
        if study.values not in ("volume", "series")
        else np.full(asset.times.size, np.nan),
        calendar=asset.calendar,
        times_us=asset.times,
        bar_zero=zero,
        bad_bars=asset.bad_bars,
        mask=spoiled.get(event.asset_id),
    )
