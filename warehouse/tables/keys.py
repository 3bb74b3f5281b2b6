"""Columns that tables are keyed and joined by, spelled once."""

import polars as pl

from warehouse.tables.contract import UTC, Column

EVENT_ID = Column("event_id", pl.String, "Event")
MARKET_ID = Column("market_id", pl.String, "Market")
ASSET_ID = Column("asset_id", pl.String, "Asset")
TOKEN_ID = Column("asset_id", pl.String, "Token")
ENTRY_ID = Column("entry_id", pl.String, "Headline")
CLAIM_ID = Column("claim_id", pl.String, "Claim")
DATA_AS_OF = Column("data_as_of_utc", UTC, "Close of the last bar used")
OPEN_TIME = Column("open_time_utc", UTC, "Open of the bar")
HOURS_AFTER_EVENT = Column("hours_after_event", pl.Float64, "Close time minus event time", "hours")
EXCHANGE = Column("exchange", pl.String, "ccxt id of the venue")
SYMBOL = Column("symbol", pl.String, "ccxt unified symbol")
RUN_ID = Column("run_id", pl.String, "The run that wrote the row")
STUDY_ID = Column("study_id", pl.String, "Study of flows/studies.toml")
SPEC_SHA256 = Column("spec_sha256", pl.String, "Hash of the whole specification and of the data it saw")
OF_PAIR = (STUDY_ID, SPEC_SHA256, EVENT_ID, MARKET_ID)
