"""One way in for candles of any source: judged beside their neighbours, stored, the rest kept in quarantine."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ingest.prices.candles import CandleBatch, refuse_stored
from ingest.prices.quarantine import read_withdrawals
from ingest.prices.registry import unregistered_markets
from ingest.prices.suspects import Verdicts, find_suspects, spans_around, without_withheld
from ingest.source import Source
from warehouse.store.candles import add_refusals, candles_around, find_overlap, upsert_candles, withdraw_candles
from warehouse.store.connection import Warehouse
from warehouse.store.reference import refresh_reference
from warehouse.tables.prices import CANDLE, COVERAGE, GAP, MARKET, QUARANTINE

CONTESTED = "another value stands here from a better source: the venue itself, or a file instead of the shipped record"


@dataclass(frozen=True, slots=True)
class Intake:
    """What was written: new and changed bars, withdrawn bars, rows of quarantine and of the market list."""

    n_inserted: int = 0
    n_updated: int = 0
    n_withdrawn: int = 0
    n_refused: int = 0
    n_markets: int = 0

    def __add__(self, other: Intake) -> Intake:
        return Intake(
            self.n_inserted + other.n_inserted,
            self.n_updated + other.n_updated,
            self.n_withdrawn + other.n_withdrawn,
            self.n_refused + other.n_refused,
            self.n_markets + other.n_markets,
        )

    @property
    def n_changed(self) -> int:
        """All rows written."""
        return self.n_inserted + self.n_updated + self.n_withdrawn + self.n_refused + self.n_markets


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: counts, bars that stand (new or known), refused rows, verdicts to go on with."""

    written: Intake
    sound: pl.DataFrame
    refused: pl.DataFrame
    verdicts: Verdicts


def load_verdicts(warehouse: Warehouse) -> Verdicts:
    """Earlier verdicts on single bars."""
    return read_withdrawals(warehouse.frame(QUARANTINE, where="table_name = 'core.candle'"))


def take_in(warehouse: Warehouse, batch: CandleBatch, verdicts: Verdicts, source: Source) -> Taken:
    """Store what is sound of `batch`, quarantine the rest."""
    candles = without_withheld(batch.candles, verdicts)
    around = candles_around(warehouse, spans_around(candles))
    differing = find_overlap(warehouse, candles).differing
    suspects = find_suspects(candles, around, verdicts, source, differing)
    sound = candles.join(suspects.bars, on=[*CANDLE.key, "close_quote"], how="anti")

    n_markets = warehouse.merge(MARKET, unregistered_markets(sound, warehouse.frame(MARKET))).n_changed
    earlier = batch.superseded.join(sound, on=list(CANDLE.key), how="semi")
    for answer in _one_by_one(earlier):
        upsert_candles(warehouse, answer)
    count = upsert_candles(warehouse, sound)
    contested = refuse_stored(count.contested, pl.lit("contested"), pl.lit(CONTESTED), source)
    refused = pl.concat([batch.quarantined, suspects.quarantined, contested]).unique(QUARANTINE.key, keep="first")
    n_refused = add_refusals(warehouse, refused)
    n_withdrawn = withdraw_candles(warehouse, suspects.bars, suspects.quarantined)
    written = Intake(count.n_inserted, count.n_updated, n_withdrawn, n_refused, n_markets)
    return Taken(written, sound, refused, verdicts.extended(suspects))


def _one_by_one(earlier: pl.DataFrame) -> list[pl.DataFrame]:
    """Earlier answers for bars, so that each frame holds a bar once."""
    number = pl.int_range(pl.len()).over(list(CANDLE.key)).alias("number")
    numbered = earlier.with_columns(number)
    return [part.drop("number") for part in numbered.partition_by("number", maintain_order=True)]


def refresh_coverage(warehouse: Warehouse) -> int:
    """Recompute reference prices, gaps and coverage from the stored bars; returns rows that differ.

    Coverage comes last: that it fits the bars says that the others do too.
    """
    n_reference = refresh_reference(warehouse)
    n_gaps = warehouse.replace(GAP, warehouse.query("gaps"))
    return n_reference + n_gaps + warehouse.replace(COVERAGE, warehouse.query("coverage"))


def update_coverage(warehouse: Warehouse, n_written: int) -> int:
    """Like `refresh_coverage`, but for a run that wrote nothing only when an earlier one had stopped before it."""
    if not n_written and not warehouse.query("stale_coverage").height:
        return 0
    return refresh_coverage(warehouse)
