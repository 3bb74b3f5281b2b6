"""Moves that no news explains yet: opened by the anytime-valid watch, closed by a headline or by age."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from analysis.arrays import Floats
from analysis.engine.kernel import fit_line
from analysis.portable import expm1
from analysis.single.timing.anytime import Watch, scale_bars, watch_stretch
from analysis.tape.choice import BENCHMARK_ASSET, Candidate, choose_market, order_benchmarks
from analysis.tape.returns import build_return_grid
from warehouse.tables.bars import DAY, EPOCH, FIRST_MONDAY, HOUR, MICROSECOND, WEEK, bar_length
from warehouse.tables.moves import UNEXPLAINED_MOVE

# What is watched: the stretch for which BEST_VARIANCE of the watch is two hours.
BAR = bar_length("5m")
# A stretch is a week from Monday 00:00 UTC. Behind it lies a week from which deviation and slope are known.
STRETCH = WEEK
# Stretches whose moves are kept: this one and the one before.
N_STRETCHES = 2
# After a move the watch of its token begins anew so much later: what goes on is the same move.
PAUSE = timedelta(hours=24)
# An event explains a move when it was public from so long before the move began until so long after it was noticed.
LEADS_BY = timedelta(hours=2)
FOLLOWS_BY = timedelta(hours=6)
# A move waits so long for a headline to be found.
WAITS = timedelta(hours=72)
# A series whose last bar is so much older than the newest of all cannot tell what moves now.
STALE_AFTER = timedelta(hours=3)
# A slope on Bitcoin rests on the bars of a day at least; before, a token is set against Bitcoin one to one.
LEAST_FOR_SLOPE = DAY
OPEN, EXPLAINED, AGED = "open", "explained", "aged"


@dataclass(frozen=True, slots=True)
class _Watched:
    """A token's bars beside Bitcoin's: log returns that share a grid."""

    asset_id: str
    market_id: str
    benchmark_id: str
    first_open: datetime
    token: Floats  # [n]
    benchmark: Floats  # [n]

    def close_time(self, position: int) -> datetime:
        return self.first_open + (position + 1) * BAR

    def position(self, moment: datetime) -> int:
        """Position on the grid, which may end before it, of the first bar that opens at `moment` or later."""
        return max(-((self.first_open - moment) // BAR), 0)


def stretch_start(at: datetime) -> datetime:
    """Monday 00:00 UTC of the week of `at`."""
    return at - (at - EPOCH - FIRST_MONDAY) % STRETCH


def find_unexplained_moves(candles: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Moves of this week and the one before, in the shape of out.unexplained_move; a move is known by its number.

    `candles` are 5-minute bars: asset_id, market_id, open_time_utc, close_quote; the market that stands for a token is
    chosen by the rule among those that are not stale. `events`: event_id and best_at_utc of what may explain. A missing
    bar adds nothing. Without Bitcoin's bars nothing is watched.
    """
    watched = _watch_list(candles) if candles.height else ()
    rows = [row for series in watched for row in _moves_of(series, events)]
    rows.sort(key=lambda row: (row["opened_at_utc"], row["asset_id"]))
    return UNEXPLAINED_MOVE.conform(pl.DataFrame(rows, schema=UNEXPLAINED_MOVE.schema))


def _watch_list(candles: pl.DataFrame) -> Iterator[_Watched]:
    """One series per token beside Bitcoin's."""
    series = candles.group_by("asset_id", "market_id").agg(pl.col("open_time_utc").max().alias("last"), pl.len())
    newest = series["last"].max()
    fresh = series.filter(pl.lit(newest) - pl.col("last") <= STALE_AFTER)
    is_benchmark = pl.col("asset_id") == BENCHMARK_ASSET
    benchmarks = fresh.filter(is_benchmark)["market_id"].to_list()
    if not benchmarks:
        return
    for key, part in sorted(fresh.filter(~is_benchmark).partition_by("asset_id", as_dict=True).items()):
        rows = part.select("market_id", "len").iter_rows()
        market_id = choose_market([Candidate(name, BAR / HOUR, n) for name, n in rows]).market_id
        benchmark_id = order_benchmarks(benchmarks, market_id)[0]
        pair = candles.filter(pl.col("market_id").is_in([market_id, benchmark_id]))
        grid = build_return_grid(pair.select("market_id", "open_time_utc", "close_quote"), BAR)
        token, benchmark = (grid.returns[grid.row(name)] for name in (market_id, benchmark_id))
        yield _Watched(str(key[0]), market_id, benchmark_id, grid.first_open, token, benchmark)


def _moves_of(series: _Watched, events: pl.DataFrame) -> Iterator[dict[str, Any]]:
    known = np.flatnonzero(np.isfinite(series.token))
    if not known.size:
        return
    as_of = series.close_time(int(known[-1]))
    for ago in range(N_STRETCHES - 1, -1, -1):
        start = stretch_start(as_of - MICROSECOND) - ago * STRETCH
        begin, end = (series.position(moment) for moment in (start, start + STRETCH))
        for number, found in enumerate(_alarms(series, begin, end), 1):
            yield _row(series, start, number, found, events, as_of)


@dataclass(frozen=True, slots=True)
class _Alarm:
    began: int  # position of the move's first bar
    noticed: int  # position of the bar at which the bound was passed
    direction: int
    e_value: float
    beta: float
    abnormal: float  # log points from `began` to `noticed`


def _alarms(series: _Watched, begin: int, end: int) -> Iterator[_Alarm]:
    """Where the watch of one stretch says "moving": what lies behind the stretch alone gives slope and deviation."""
    behind = slice(max(begin - int(STRETCH / BAR), 0), begin)
    token, benchmark = series.token[behind], series.benchmark[behind]
    is_enough = (np.isfinite(token) & np.isfinite(benchmark)).sum() >= LEAST_FOR_SLOPE / BAR
    beta = float(np.nan_to_num(fit_line(token, benchmark).beta[0])) if is_enough else 1.0
    abnormal = series.token[behind.start : end] - beta * series.benchmark[behind.start : end]
    # The starts share their weights over the whole stretch, however little of it is known: a later bar moves no bound.
    scaled = np.full(end - behind.start, np.nan)
    scaled[: abnormal.size] = scale_bars(abnormal)
    at, between = begin - behind.start, int(HOUR / BAR)
    while at < scaled.size:
        watch = watch_stretch(scaled[at:], between)
        if watch.first_moving is None:
            return
        yield _alarm(watch, watch.first_moving, at, behind.start, abnormal, beta)
        at += watch.first_moving + int(PAUSE / BAR)


def _alarm(watch: Watch, first: int, at: int, origin: int, abnormal: Floats, beta: float) -> _Alarm:
    size = float(np.nansum(abnormal[at + watch.began : at + first + 1]))
    offset = origin + at
    return _Alarm(offset + watch.began, offset + first, watch.direction, float(watch.e_values[first]), beta, size)


def _row(
    series: _Watched, start: datetime, number: int, found: _Alarm, events: pl.DataFrame, as_of: datetime
) -> dict[str, Any]:
    began, opened = series.close_time(found.began) - BAR, series.close_time(found.noticed)
    event = explanation(events, began, opened)
    return {
        "asset_id": series.asset_id,
        "week_from_utc": start,
        "move_number": number,
        "market_id": series.market_id,
        "benchmark_id": series.benchmark_id,
        "began_at_utc": began,
        "opened_at_utc": opened,
        "direction": "up" if found.direction > 0 else "down",
        "abnormal_return": float(expm1(np.array([found.abnormal]))[0]),
        "beta": found.beta,
        "e_value": found.e_value,
        "state": EXPLAINED if event else AGED if as_of - opened >= WAITS else OPEN,
        "event_id": event[0] if event else None,
        "event_at_utc": event[1] if event else None,
        "data_as_of_utc": as_of,
    }


def explanation(events: pl.DataFrame, began: datetime, opened: datetime) -> tuple[str, datetime] | None:
    """Id and first public evidence of the event that may explain a move: of those near it the one public first."""
    near = events.filter(pl.col("best_at_utc").is_between(began - LEADS_BY, opened + FOLLOWS_BY))
    first = near.sort("best_at_utc", "event_id").select("event_id", "best_at_utc").head(1).rows()
    return first[0] if first else None
