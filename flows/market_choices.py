"""Store which market stands for an asset, so that pages, claims and SQL read the decision."""

from __future__ import annotations

import polars as pl

from analysis.tape.choice import choose_over_record
from warehouse.store.connection import Reader, Warehouse
from warehouse.tables.choice import MARKET_CHOICE, RECORD
from warehouse.tables.prices import MARKET

OF_PURPOSE = "purpose = $purpose"  # the part of the table that one study, or the record, owns


def store_choices(warehouse: Warehouse, purpose: str, choices: pl.DataFrame) -> int:
    """Make the stored choices of `purpose` those of `choices` (rows of out.market_choice); returns rows that differ."""
    return warehouse.replace_part(MARKET_CHOICE, choices, OF_PURPOSE, purpose=purpose)


def update_record_choices(warehouse: Warehouse) -> int:
    """Choose each asset's market over the whole stored record; returns rows that differ."""
    return store_choices(warehouse, RECORD, choose_record_markets(warehouse))


def choose_record_markets(reader: Reader, asset_id: str | None = None) -> pl.DataFrame:
    """The rows of out.market_choice over the record as it follows from the stored candles now, of one asset or all."""
    markets = reader.frame(MARKET).select("market_id", "asset_id")
    chosen = markets.filter(pl.col("asset_id") == asset_id) if asset_id is not None else markets
    return choose_over_record(reader.query("watermarks").join(chosen, on="market_id", how="inner", validate="m:1"))


def sweep_choices(warehouse: Warehouse, study_ids: list[str]) -> int:
    """Take out the choices of studies that are not declared any more; returns how many."""
    part = "not list_contains($known::varchar[], purpose)"
    return warehouse.replace_part(MARKET_CHOICE, MARKET_CHOICE.empty(), part, known=[*study_ids, RECORD])
