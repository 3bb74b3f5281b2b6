"""The stored prices that statements are judged by, of all assets or of those that a text names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from analysis.claims.judging.market import GROUP_MEMBERS, MarketEvidence, gather_market
from warehouse.store.connection import Reader
from warehouse.tables.bars import STORED_SECONDS
from warehouse.tables.prices import ASSET
from warehouse.tables.units import iso_day


def load_market(reader: Reader, assets: Iterable[str] | None = None, as_of: datetime | None = None) -> MarketEvidence:
    """The candles and the observed prices, per unit of each asset; of some `assets` and groups, or by default of all.

    `data_as_of` is the last price of the whole file either way; with `as_of` of what was believed at that instant.
    """
    registry = reader.frame(ASSET)
    wanted = None if assets is None else sorted({part for name in assets for part in GROUP_MEMBERS.get(name, (name,))})
    candles = reader.query("candles_with_assets", asset_ids=wanted, as_of=as_of)
    known = {*registry["asset_id"], *reader.query("observed_assets")["asset_id"]}
    asked = sorted(known if wanted is None else known.intersection(wanted))
    observations = reader.query("study_observations", asset_ids=asked, as_of=as_of)
    ended = {
        row["asset_id"]: f"{row['asset_id']} ended on {iso_day(row['valid_to_utc'])}"
        + (f" and became {row['successor_asset_id']}" if row["successor_asset_id"] else "")
        for row in registry.iter_rows(named=True)
        if row["valid_to_utc"] is not None
    }
    market = gather_market(candles, observations, ended)
    return market if as_of is not None else replace(market, data_as_of=last_price_at(reader))


def last_price_at(reader: Reader) -> datetime | None:
    """When the last stored price was known, UTC; None without prices."""
    found = reader.query("last_price_at", timeframes=list(STORED_SECONDS), seconds=list(STORED_SECONDS.values()))
    at: datetime | None = found["last_at_utc"].item()
    return at


def last_run(reader: Reader) -> str | None:
    """The id of the last run that finished; None in a file without runs."""
    found = reader.query("recent_runs")
    done = found.filter(found["finished_at_utc"].is_not_null())
    return str(done["run_id"][0]) if done.height else None
