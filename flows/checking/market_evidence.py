"""Read every stored price as evidence for statements about the market."""

from __future__ import annotations

from datetime import UTC, datetime

from analysis.claims.judging.market import MarketEvidence, gather_market
from warehouse.store.connection import Reader
from warehouse.tables.prices import ASSET
from warehouse.tables.units import iso_day

# Before and after every stored price.
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def load_price_evidence(reader: Reader, from_utc: datetime = _FIRST, to_utc: datetime = _LAST) -> MarketEvidence:
    """The candles and the observed prices between two instants (by default all), per unit of each asset."""
    candles = reader.query("candles_with_assets", from_utc=from_utc, to_utc=to_utc)
    assets = reader.frame(ASSET)
    known = sorted({*assets["asset_id"], *reader.query("observed_assets")["asset_id"]})
    observations = reader.query("study_observations", asset_ids=known, as_of=None)
    ended = {
        row["asset_id"]: f"{row['asset_id']} ended on {iso_day(row['valid_to_utc'])}"
        + (f" and became {row['successor_asset_id']}" if row["successor_asset_id"] else "")
        for row in assets.iter_rows(named=True)
        if row["valid_to_utc"] is not None
    }
    return gather_market(candles, observations, ended)
