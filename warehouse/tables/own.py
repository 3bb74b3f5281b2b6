"""Contracts of what a person brings for a study of their own: its prices and its events, apart from the record."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.keys import OPEN_TIME, RUN_ID

_STUDY_ID = Column("study_id", pl.String, "Study of config/studies.toml that alone uses the row")
_SOURCE = (
    Column("source_id", pl.String, "The file's name"),
    RUN_ID,
)

STUDY_BAR = Table(
    "core.study_bar",
    "Closes of a study's own price and market files; no reference price and no other study uses them.",
    "aftershock study new",
    ("study_id", "market_id", "open_time_utc"),
    (
        _STUDY_ID,
        Column("market_id", pl.String, "own:ASSET, the column of the file"),
        Column("asset_id", pl.String, "The column of the file"),
        Column("is_benchmark", pl.Boolean, "Whether the column came in the market file"),
        Column("timeframe", pl.String, "Bar length: the step of the file"),
        OPEN_TIME,
        Column("close_quote", pl.Float64, "Last price of the bar", "quote currency"),
        *_SOURCE,
    ),
)

STUDY_EVENT = Table(
    "core.study_event",
    "Events of a study's own event file; they are no events of the record, and mask no estimation window but their own.",
    "aftershock study new",
    ("study_id", "event_id"),
    (
        _STUDY_ID,
        Column("event_id", pl.String, "Id in the file, unique within the study"),
        Column("asset_id", pl.String, "The asset it is about: a column of the price file"),
        Column("title", pl.String, "Title in the file, else the id"),
        Column("at_utc", UTC, "When it was public"),
        Column("time_precision", pl.String, "second, or day for a date without a time on finer bars"),
        Column("selected_from", pl.String, "news or price: how the event was chosen"),
        *_SOURCE,
    ),
)
