"""A long history cut into pieces that are fetched, stored and remembered one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from ingest.prices.fetch import SeriesRequest
from warehouse.tables.bars import floor_to_bar, parse_stored_bar
from warehouse.tables.ops import BACKFILL
from warehouse.tables.units import iso_day

# Bars of one slice: a few pages, seconds of work.
SLICE_BARS = 5_000
FINISHED = ("source_id", "slice_start_utc", "detail")


@dataclass(frozen=True, slots=True)
class Slice:
    """One stretch of one series; `is_closed` when all its bars had closed at planning time."""

    request: SeriesRequest
    is_closed: bool
    note: str | None = None  # why a finished slice is asked for again

    @property
    def source_id(self) -> str:
        """How ops.backfill names the series."""
        return f"{self.request.market_id} {self.request.timeframe}"


def plan_slices(
    markets: pl.DataFrame, since: datetime, timeframe: str, now: datetime, finished: pl.DataFrame, gaps: pl.DataFrame
) -> list[Slice]:
    """Slices of every market (core.market) from `since` or its listing to its end or now, finished ones left out.

    Slice borders lie on a fixed grid, so that a second call with another `since` finds the same slices finished. A
    finished slice (ops.backfill) with a hole of unknown cause (core.gap) is asked for again, once a day.
    """
    bar = parse_stored_bar(timeframe)
    length = bar.length * SLICE_BARS
    done = {(source, start): note for source, start, note in finished.select(FINISHED).iter_rows()}
    holes = _holes(gaps, timeframe)
    note = f"asked for again on {iso_day(now)}, for a hole"
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
                max(start, floor_to_bar(first, bar)),
                min(start + length, now),
            )
            piece = Slice(request, start + length <= now)
            key = (piece.source_id, request.since)
            if key not in done:
                slices.append(piece)
            elif done[key] != note and _has_hole(request, holes):
                slices.append(replace(piece, note=note))
            start += length
    return slices


def finished_frame(piece: Slice, n_rows: int, run_id: str) -> pl.DataFrame:
    """The row of ops.backfill that says that a slice was fetched whole."""
    row = {
        "source_id": piece.source_id,
        "slice_start_utc": piece.request.since,
        "slice_end_utc": piece.request.until,
        "n_rows": n_rows,
        "detail": piece.note,
        "run_id": run_id,
    }
    return BACKFILL.conform(pl.DataFrame([row], schema=BACKFILL.schema))


def _holes(gaps: pl.DataFrame, timeframe: str) -> dict[str, list[tuple[datetime, datetime]]]:
    unexplained = gaps.filter(pl.col("cause") == "source_hole", pl.col("timeframe") == timeframe)
    holes: dict[str, list[tuple[datetime, datetime]]] = {}
    for market, start, end in unexplained.select("market_id", "gap_start_utc", "gap_end_utc").iter_rows():
        holes.setdefault(market, []).append((start, end))
    return holes


def _has_hole(request: SeriesRequest, holes: dict[str, list[tuple[datetime, datetime]]]) -> bool:
    return any(
        end > request.since and (request.until is None or start < request.until)
        for start, end in holes.get(request.market_id, [])
    )


def _floor(instant: datetime, length: timedelta) -> datetime:
    seconds = int(length.total_seconds())
    return datetime.fromtimestamp(int(instant.timestamp()) // seconds * seconds, tz=instant.tzinfo)
