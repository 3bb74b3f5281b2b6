"""Prices of a user's perpetual contracts after the funding that longs pay or receive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers
from analysis.engine.standardise import EventResult
from analysis.own.sessions import ALWAYS_OPEN, Dating, find_ends
from analysis.own.tables import OwnSeries, OwnTable
from analysis.own.times import OwnDataError
from analysis.portable import exp
from analysis.tape.funding import FundingRecord, funding_records
from warehouse.tables.bars import MICROSECONDS_PER_DAY
from warehouse.tables.contract import UTC
from warehouse.tables.units import ascii_number

# A rate of more than this a payment is percent, or no rate: venues cap theirs at 4 %.
_LARGEST_RATE = 0.1


@dataclass(frozen=True, slots=True)
class OwnFunding:
    """Funding records by asset, and how rows of the prices are dated."""

    records: Mapping[str, FundingRecord]
    is_daily: bool
    dating: Dating
    words: str = "returns after funding, the benchmark without"

    def close_times(self, times: Integers) -> Integers:
        """When the close of each row is known."""
        if self.is_daily:
            return times + MICROSECONDS_PER_DAY
        return find_ends(times) if self.dating.label == "open" else times

    def added(self, event: EventResult) -> float | None:
        """What funding added to a long position over the event's window, a fraction; None where it is not known."""
        record, times = self.records.get(event.source.market_id), event.source.times_us
        if record is None or times is None or not event.window.size or event.window[0] < 1:
            return None
        ends = self.close_times(times)
        return record.simple_return(int(ends[event.window[0] - 1]), int(ends[event.window[-1]]))


def read_funding(table: OwnTable, is_daily: bool, dating: Dating) -> OwnFunding:
    """The record of each asset of a table of rates, fractions at the instants they are paid.

    OwnDataError for rates dated by days, for rates in percent, for assets with repeated times, and beside daily bars
    that do not run from midnight to midnight UTC.
    """
    if table.is_daily:
        raise OwnDataError(f"{table.source}: rates are dated by days; expected the time at which each is paid")
    if is_daily and (dating.close or dating.calendar not in (None, ALWAYS_OPEN)):
        raise OwnDataError("--funding needs bars from midnight to midnight UTC: perpetuals have no sessions")
    frames = []
    for name, series in table.series.items():
        if series.problem:
            raise OwnDataError(f"{table.source}, column {name}: {series.problem}")
        known = np.isfinite(series.values)
        if (np.abs(series.values[known]) > _LARGEST_RATE).any():
            worst = float(np.max(np.abs(series.values[known])))
            raise OwnDataError(
                f"{table.source}, column {name}: a rate of {ascii_number(worst)} a payment; percent? "
                "Divide by 100 (0.01 % is 0.0001)"
            )
        at = pl.Series(series.times[known]).cast(pl.Datetime("us", "UTC")).cast(UTC)
        rates = {"market_id": [name] * at.len(), "funding_time_utc": at, "funding_rate": series.values[known]}
        frames.append(pl.DataFrame(rates))
    return OwnFunding(funding_records(pl.concat(frames)), is_daily, dating)


def hold_contracts(prices: OwnTable, funding: OwnFunding) -> OwnTable:
    """The table with what one contract of each asset is worth with its funding, in place of its price.

    An asset without rates is spoilt, with the reason; a row over which funding is not known is a missing bar.
    """
    return replace(prices, series={name: _hold(name, own, funding) for name, own in prices.series.items()})


def funding_doubts(prices: OwnTable, funding: OwnFunding) -> list[str]:
    """Sentences on rows whose funding is not known."""
    doubts = []
    for name, record in funding.records.items():
        own = prices.series.get(name)
        n_unknown = 0 if own is None else int(np.isnan(_added(own, record, funding)).sum())
        if own is not None and n_unknown:
            doubts.append(
                f"{record.words}: {n_unknown} of {own.times.size} rows of the prices have no return after funding"
            )
    return doubts


def list_added(events: Sequence[EventResult], funding: OwnFunding) -> tuple[float | None, ...]:
    """`OwnFunding.added` of each event."""
    return tuple(funding.added(event) for event in events)


def _hold(name: str, own: OwnSeries, funding: OwnFunding) -> OwnSeries:
    record = funding.records.get(name)
    if record is None or own.problem:
        lacking = f"no funding rates of {name}: add them to --funding, or leave it out"
        return replace(own, problem=own.problem or lacking)
    added = _added(own, record, funding)
    factor = np.where(np.isnan(added), np.nan, exp(np.cumsum(np.nan_to_num(added))))
    return replace(own, values=own.values * factor)


def _added(own: OwnSeries, record: FundingRecord, funding: OwnFunding) -> Floats:
    """Log points since the row before; 0 in the first row, NaN where not known."""
    ends = funding.close_times(own.times)
    return np.concatenate([[0.0], record.log_return(ends[:-1], ends[1:])])
