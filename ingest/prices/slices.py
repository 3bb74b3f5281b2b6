"""A long history cut into pieces that are fetched, stored and remembered one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from ingest.prices.candles import TIMEFRAME_SECONDS
from ingest.prices.fetch import SeriesRequest
from warehouse.tables.ops import BACKFILL

# Bars of one slice: a few pages, seconds of work.
SLICE_BARS = 5_000


@dataclass(frozen=True, slots=True)
class Slice:
    """One stretch of one series; `is_closed` when all its bars had closed at planning time."""

    request: SeriesRequest
    is_closed: bool

    @property
    def source_id(self) -> str:
        """How ops.backfill names the series."""
        return f"{self.request.market_id} {self.request.timeframe}"


def plan_slices(
    markets: pl.DataFrame, since: datetime, timeframe: str, now: datetime, finished: pl.DataFrame
) -> list[Slice]:
    """Slices of every market (core.market) from `since` or its listing to its end or now, finished ones left out.

    Slice borders lie on a fixed grid, so that a second call with another `since` finds the same slices finished.
    """
    length = timedelta(seconds=TIMEFRAME_SECONDS[timeframe]) * SLICE_BARS
    done = set(finished.select("source_id", "slice_start_utc").iter_rows())
    slices = []
    for market in markets.sort("market_id").iter_rows(named=True):
        first = max(since, market["listed_at_utc"] or since)
        end = min(now, market["delisted_at_utc"] or now)
        start = _floor(first, length)
        while start < end:
            request = SeriesRequest(
                market["exchange"],
                market["symbol"],
                timeframe,
                max(start, _floor_bar(first, timeframe)),
                start + length,
            )
            piece = Slice(request, start + length <= now)
            if (piece.source_id, request.since) not in done:
                slices.append(piece)
            start += length
    return slices


def finished_frame(piece: Slice, n_rows: int, run_id: str) -> pl.DataFrame:
    """The row of ops.backfill that says that a slice was fetched whole."""
    row = {
        "source_id": piece.source_id,
        "slice_start_utc": piece.request.since,
        "slice_end_utc": piece.request.until,
        "n_rows": n_rows,
        "detail": None,
        "run_id": run_id,
    }
    return BACKFILL.conform(pl.DataFrame([row], schema=BACKFILL.schema))


def _floor(instant: datetime, length: timedelta) -> datetime:
    seconds = int(length.total_seconds())
    return datetime.fromtimestamp(int(instant.timestamp()) // seconds * seconds, tz=instant.tzinfo)


def _floor_bar(instant: datetime, timeframe: str) -> datetime:
    return _floor(instant, timedelta(seconds=TIMEFRAME_SECONDS[timeframe]))
