"""How often a token's plain price moved as far in 24 hours as it did after an event."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers
from warehouse.tables.bars import DAY, HOUR, LENGTHS, MICROSECOND, utc_instant
from warehouse.tables.moves import EARLIER_DAY

# How far back an event is set beside other days.
SPAN = timedelta(days=365)
_WINDOW = timedelta(hours=24)
_DAY_US = DAY // MICROSECOND


def measure_earlier_days(
    study_id: str, results: pl.DataFrame, choices: pl.DataFrame, events: pl.DataFrame, candles: pl.DataFrame
) -> pl.DataFrame:
    """One row per measured pair in the shape of out.earlier_day, by event and token.

    `candles` hold market_id, timeframe, open_time_utc, close_quote of the markets that `choices` name. Every stretch of
    24 hours between two closes of the year before counts for the UTC day in which it ends; none reaches past the last
    close at or before the event, none starts before that year, and one without a close at either end is left out.
    "As far" is in the direction of the event's own move: a rise is set beside rises. Pairs without such a stretch have
    no row.
    """
    series = {key: _Series(part, LENGTHS[str(key[1])]) for key, part in _by_market(candles).items()}
    rows = []
    for pair in _pairs(results, choices, events).iter_rows(named=True):
        known = series.get((pair["market_id"], pair["timeframe"]))
        found = known.compare(pair["best_us"], pair["raw_return"]) if known is not None else None
        if found is not None:
            kept = {name: pair[name] for name in ("event_id", "asset_id", "market_id", "raw_return")}
            rows.append({"study_id": study_id, **kept, **found})
    ordered = pl.DataFrame(rows, schema=EARLIER_DAY.schema, orient="row").sort("event_id", "asset_id")
    return EARLIER_DAY.conform(ordered)


class _Series:
    """Every 24-hour return of one market, by the bar at whose close it ends."""

    def __init__(self, candles: pl.DataFrame, bar: timedelta) -> None:
        self.bar_us = bar // MICROSECOND
        opens = candles["open_time_utc"].dt.epoch("us").to_numpy()
        self.first_us = int(opens[0]) + self.bar_us
        closes = np.full((int(opens[-1]) - int(opens[0])) // self.bar_us + 1, np.nan)
        closes[(opens - opens[0]) // self.bar_us] = candles["close_quote"].to_numpy()
        self.n_bars = _WINDOW // bar
        self.returns: Floats = np.full(len(closes), np.nan)
        self.returns[self.n_bars :] = closes[self.n_bars :] / closes[: -self.n_bars] - 1
        is_known = np.isfinite(self.returns)
        self.known: Integers = np.flatnonzero(is_known)
        # No rise and no fall where there is no return: the farthest is never one of those.
        self.rises: Floats = np.where(is_known, self.returns, -np.inf)
        self.falls: Floats = np.where(is_known, self.returns, np.inf)
        self.ends_us: Integers = self.first_us + self.bar_us * np.arange(len(closes))
        # A window that ends at midnight belongs to the day it filled. The days with a return, counted.
        self.days: Integers = (self.ends_us - 1) // _DAY_US
        self.numbers: Integers = np.concatenate([[0], np.cumsum(np.diff(self.days[self.known]) != 0)])

    def compare(self, best_us: int, own: float) -> dict[str, Any] | None:
        """Days beside the event, and how many moved as far; None without a single complete stretch before it."""
        last = (best_us - self.first_us) // self.bar_us
        first = max(last - SPAN // MICROSECOND // self.bar_us + self.n_bars, 0)
        begun, ended = np.searchsorted(self.known, (first, last + 1))
        if last < 0 or begun == ended:
            return None
        stretch = slice(first, last + 1)
        if own < 0:
            is_as_far, farthest = self.falls[stretch] <= own, first + int(self.falls[stretch].argmin())
        else:
            is_as_far, farthest = self.rises[stretch] >= own, first + int(self.rises[stretch].argmax())
        return {
            "n_days": int(self.numbers[ended - 1] - self.numbers[begun]) + 1,
            "n_as_far": _count_runs(self.days[stretch][is_as_far]),
            "largest_return": float(self.returns[farthest]),
            "largest_end_utc": utc_instant(self.ends_us[farthest]),
            "first_start_utc": utc_instant(self.ends_us[self.known[begun]]) - _WINDOW,
        }


def _count_runs(days: Integers) -> int:
    """How many different days there are in an array in order of time."""
    return int(np.count_nonzero(np.diff(days))) + 1 if days.size else 0


def _by_market(candles: pl.DataFrame) -> dict[tuple[Any, ...], pl.DataFrame]:
    ordered = candles.sort("market_id", "timeframe", "open_time_utc")
    return ordered.partition_by("market_id", "timeframe", as_dict=True, maintain_order=True)


def _pairs(results: pl.DataFrame, choices: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """event_id, asset_id, market_id, timeframe, raw_return over 24 hours, best_us of each measured reaction."""
    is_day = (pl.col("statistic") == "raw_return") & (pl.col("window_end_hours") == _WINDOW / HOUR)
    returns = results.filter(is_day & pl.col("estimate").is_not_null()).select(
        "event_id", "market_id", pl.col("estimate").alias("raw_return")
    )
    chosen = choices.select("asset_id", "event_id", "market_id", "timeframe")
    times = events.select("event_id", pl.col("best_at_utc").dt.epoch("us").alias("best_us"))
    return returns.join(chosen, on=["event_id", "market_id"], how="inner", validate="1:1").join(
        times, on="event_id", how="inner", validate="m:1"
    )
