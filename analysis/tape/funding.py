"""What funding adds to the return of a perpetual contract, where every payment of the stretch is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers
from analysis.portable import exp, log1p
from warehouse.tables.bars import MICROSECONDS_PER_HOUR, MICROSECONDS_PER_MINUTE
from warehouse.tables.units import iso_minute, percent

# No venue that we watch settles less often; a longer time between two payments is a hole in the record.
_LONGEST_US = 8 * MICROSECONDS_PER_HOUR
REMEDY = "fetch them with `aftershock run`, or import a file of them"


def why_no_rates(market_id: str) -> str:
    """Why a return after funding cannot be told of a contract without a stored rate."""
    return f"no funding rates of {market_id} are stored: {REMEDY}"


@dataclass(frozen=True, slots=True)
class FundingRecord:
    """The payments of one contract, shape (n,): longs pay the rate on the worth of the position to shorts.

    A holder over (start, end] takes part in the payments of that stretch. The record is known between payments that
    are no farther apart than the venue settles, and after the last one until the next is due.
    """

    market_id: str
    paid_us: Integers  # to the minute, microseconds since 1970: venues stamp some milliseconds late
    total: Floats  # cumulated log(1 − rate), log points
    known_from_us: Integers  # stretches without a hole, shape (k,)
    known_until_us: Integers  # the end itself is not known

    def log_return(self, start_us: Integers, end_us: Integers) -> Floats:
        """What funding adds to a long position from each start to its end, log points; NaN where it is not known."""
        stretch = np.searchsorted(self.known_from_us, start_us, side="right") - 1
        is_known = (stretch >= 0) & (end_us < self.known_until_us[np.maximum(stretch, 0)])
        before, after = (np.searchsorted(self.paid_us, at, side="right") for at in (start_us, end_us))
        running = np.concatenate([[0.0], self.total])
        return np.where(is_known, running[after] - running[before], np.nan)

    def simple_return(self, start_us: int, end_us: int) -> float | None:
        """The same for one stretch as a fraction, negative where longs paid; None where it is not known."""
        found = float(self.log_return(np.array([start_us]), np.array([end_us]))[0])
        return float(exp(found) - 1.0) if np.isfinite(found) else None

    def words_of(self, start_us: int, end_us: int) -> str:
        """What funding adds over a stretch in words, or why that is not known."""
        added = self.simple_return(start_us, end_us)
        if added is None:
            return f"funding is not known over the whole window ({self.words}): {REMEDY}"
        return f"after funding, which added {percent(added, 3)} to a long position over the window"

    @property
    def words(self) -> str:
        """From when to when rates are stored."""
        first, last = (iso_minute(np.datetime64(int(at), "us").item()) for at in (self.paid_us[0], self.paid_us[-1]))
        return f"funding rates of {self.market_id} are stored from {first} to {last} UTC"


def is_perpetual(market_id: str) -> bool:
    """Whether the unified symbol of `exchange:symbol` names what the contract settles in."""
    return ":" in market_id.partition(":")[2]


def funding_records(rates: pl.DataFrame) -> Mapping[str, FundingRecord]:
    """By market, from `rates` with market_id, funding_time_utc and funding_rate (a fraction), in any order.

    A payment belongs to its minute; of two in one minute the later stands.
    """
    at = pl.col("funding_time_utc").dt.truncate("1m")
    dated = rates.sort("market_id", "funding_time_utc").with_columns(at)
    ordered = dated.unique(["market_id", "funding_time_utc"], keep="last").sort("funding_time_utc")
    return {
        str(market_id): _record(str(market_id), own)
        for (market_id,), own in ordered.partition_by("market_id", as_dict=True, maintain_order=True).items()
    }


def _record(market_id: str, rates: pl.DataFrame) -> FundingRecord:
    paid = rates["funding_time_utc"].dt.epoch("us").to_numpy().astype(np.int64)
    apart = np.diff(paid)
    # A payment is missing where the time between two is longer than both before and after it, or than any venue's.
    wide = np.concatenate([[0], apart, [0]])
    usual = np.maximum(wide[:-2], wide[2:])
    is_hole = (apart > _LONGEST_US) | ((usual > 0) & (apart > usual))
    first = np.concatenate([[0], np.flatnonzero(is_hole) + 1])
    last = np.concatenate([np.flatnonzero(is_hole), [paid.size - 1]])
    due = np.where(last > first, paid[last] - paid[np.maximum(last - 1, 0)], MICROSECONDS_PER_MINUTE)
    total = np.cumsum(log1p(-rates["funding_rate"].to_numpy()))
    return FundingRecord(market_id, paid, total, paid[first], paid[last] + due)
