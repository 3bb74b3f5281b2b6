"""Contract of the decision which market stands for an asset."""

import polars as pl

from warehouse.tables.contract import Column, Table
from warehouse.tables.keys import ASSET_ID

RECORD = "record"  # purpose and event of a choice that is about the whole stored record
ANY_TIMEFRAME = "any"  # of a choice over bars of every length together

MARKET_CHOICE = Table(
    "out.market_choice",
    "Which market stands for an asset, decided once a run: at each event of a study, and over the whole record.",
    "analysis.tape.choice",
    ("asset_id", "purpose", "event_id", "timeframe"),
    (
        ASSET_ID,
        Column("purpose", pl.String, "record, or the study at whose event the market was chosen"),
        Column("event_id", pl.String, "The event; record where it is about the whole record"),
        Column("timeframe", pl.String, "Bar length used; any where bars of every length count together"),
        Column("market_id", pl.String, "The market that stands for the asset"),
        Column("n_bars", pl.Int64, "Its bars: usable ones before the event, or stored ones (days, for any length)"),
        Column("n_candidates", pl.Int64, "Series it was chosen from"),
        Column("reason", pl.String, "Why this one"),
    ),
)
