"""Rows of any source become closed candles, or quarantine with a reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC as TZ_UTC
from datetime import datetime, timedelta

import polars as pl

from ingest.refusals import refuse_frame
from ingest.source import Source
from warehouse.tables.bars import NOT_KEPT, STORED, STORED_SECONDS
from warehouse.tables.contract import UTC
from warehouse.tables.prices import CANDLE, QUARANTINE

# No coin traded before the first Bitcoin block; an earlier stamp is a wrong time unit.
FIRST_BLOCK = datetime(2009, 1, 3, tzinfo=TZ_UTC)

# No run asks for longer.
LONGEST_RUN = timedelta(hours=6)
KEY = ("market_id", "timeframe", "open_time_utc")
PRICES = ("open_quote", "high_quote", "low_quote", "close_quote")
VALUES = (*PRICES, "volume_base")
ROW_SCHEMA = pl.Schema({name: CANDLE.schema[name] for name in (*KEY, *VALUES)})

DETAILS = {
    "timeframe_not_kept": "the bar length is not kept; resample the bars",
    "unknown_timeframe": "the bar length is not one of " + ", ".join(STORED),
    "unreadable_time": "the open time cannot be read",
    "wrong_time_unit": "the open time lies before 2009: seconds, milli- and microseconds were mixed up",
    "missing_close": "the close is absent or not a number",
    "not_finite": "a price or the volume is infinite or not a number",
    "not_positive": "a price is zero or negative, or the volume is negative",
    "high_below_low": "the high is below the low",
    "price_outside_range": "open or close lies outside low to high",
    "out_of_grid": "the open time is not a multiple of the bar length",
    "from_the_future": "the bar opens after the moment at which it was read",
    "unfinished": "the bar had not closed when it was read",
    "after_delisting": "the venue had ended this market when the bar opened",
    "conflicting_duplicate": "the same bar stands more than once in this source, with different values",
}
# Everything a candle may be refused for; the last three are found beside stored bars.
REASONS = (*DETAILS, "unit_jump", "frozen", "contested")


@dataclass(frozen=True, slots=True)
class CandleBatch:
    """`candles` matches core.candle, `quarantined` raw.quarantine; n_* rows are in neither and need not be.

    `superseded` (core.candle) are earlier answers of a live venue for bars of which `candles` has the latest.
    """

    candles: pl.DataFrame
    quarantined: pl.DataFrame
    n_unfinished: int = 0  # open bars of a live venue, which will show them again
    n_repeated: int = 0  # exact repeats
    superseded: pl.DataFrame = field(default_factory=CANDLE.empty)


def parse_candles(
    rows: pl.DataFrame,
    source: Source,
    *,
    raw: pl.DataFrame | None = None,
    ends: pl.DataFrame | None = None,
    is_live: bool = False,
    first_row_number: int = 0,
    is_rate: bool = False,
) -> CandleBatch:
    """Closed candles and refused rows of `rows` (columns of ROW_SCHEMA, any order, repeats allowed).

    Null open, high, low or volume mean that the source does not state them; a null close or time is refused. `raw`
    holds the rows as received, line by line beside `rows`, for the quarantine; without it the parsed values are kept.
    `ends` gives `market_id` and `delisted_at_utc`. `is_live` leaves the open bar out without quarantine: the venue will
    show it again. `is_rate` allows zero and negative values, as of a premium. Every row is found again in exactly one
    of: candles, superseded, quarantined, n_unfinished, n_repeated.
    """
    numbered = rows.select(*ROW_SCHEMA).with_row_index("row")
    judged = _judge(_with_ends(numbered, ends), source.received_at, is_rate=is_rate)
    sound = judged.filter(pl.col("reason").is_null())
    # Of two answers of one venue the later one stands, and the earlier is its revision; in a file neither is known.
    conflicting = _conflicting(sound.clear() if is_live else sound)
    judged = judged.join(conflicting, on="row", how="left", validate="1:1").with_columns(
        pl.coalesce("reason", "conflict").alias("reason")
    )
    kept = judged.filter(pl.col("reason").is_null())
    unique = kept.unique(KEY, keep="last" if is_live else "first", maintain_order=True)
    earlier = kept.join(unique.select("row"), on="row", how="anti").unique([*KEY, *VALUES], keep="last")
    superseded = earlier.join(unique.select(*KEY, *VALUES), on=[*KEY, *VALUES], how="anti", nulls_equal=True)
    refused = judged.filter(pl.col("reason").is_not_null())
    n_unfinished = 0
    if is_live:
        # Bars that open while a long run is still asking are early, not wrong.
        near = pl.col("open_time_utc") <= pl.lit(source.received_at + LONGEST_RUN).cast(UTC)
        is_early = (pl.col("reason") == "unfinished") | ((pl.col("reason") == "from_the_future") & near)
        n_unfinished = refused.filter(is_early).height
        refused = refused.filter(~is_early)
    return CandleBatch(
        candles=_candle_frame(unique, source),
        quarantined=_quarantine_frame(refused, raw, source, first_row_number),
        n_unfinished=n_unfinished,
        n_repeated=kept.height - unique.height - superseded.height,
        superseded=_candle_frame(superseded, source),
    )


def refuse_stored(candles: pl.DataFrame, reason: pl.Expr, detail: pl.Expr, source: Source) -> pl.DataFrame:
    """Rows of raw.quarantine for candles that were stored before and are now withdrawn."""
    judged = candles.select(*ROW_SCHEMA, reason.alias("reason"), detail.alias("detail")).with_row_index("row")
    frame = _quarantine_frame(judged, None, source, 0)
    return frame.with_columns(pl.lit(None, dtype=pl.Int64).alias("row_number"))


def _with_ends(rows: pl.DataFrame, ends: pl.DataFrame | None) -> pl.DataFrame:
    if ends is None:
        return rows.with_columns(pl.lit(None, dtype=UTC).alias("delisted_at_utc"))
    return rows.join(
        ends.select("market_id", pl.col("delisted_at_utc").cast(UTC)), on="market_id", how="left", validate="m:1"
    )


def _judge(rows: pl.DataFrame, now: datetime, *, is_rate: bool) -> pl.DataFrame:
    """Adds `reason`: the first objection to each row, null when there is none."""
    bar = pl.col("timeframe").replace_strict(STORED_SECONDS, default=None, return_dtype=pl.Int64)
    opened, at = pl.col("open_time_utc"), pl.lit(now).cast(UTC)
    low, high = pl.col("low_quote"), pl.col("high_quote")
    stated = [pl.col(name) for name in VALUES]
    is_outside = pl.any_horizontal(
        pl.col("open_quote") > high,
        pl.col("open_quote") < low,
        pl.col("close_quote") > high,
        pl.col("close_quote") < low,
    )
    objections = {
        "timeframe_not_kept": pl.col("timeframe").is_in(list(NOT_KEPT)),
        "unknown_timeframe": bar.is_null(),
        "unreadable_time": opened.is_null(),
        "wrong_time_unit": opened < pl.lit(FIRST_BLOCK).cast(UTC),
        "missing_close": pl.col("close_quote").is_null(),
        "not_finite": pl.any_horizontal(~column.is_finite() for column in stated),
        "not_positive": pl.any_horizontal(*(pl.col(name) <= 0 for name in PRICES), pl.col("volume_base") < 0),
        "high_below_low": high < low,
        "price_outside_range": is_outside,
        "out_of_grid": opened.dt.epoch("us") % (bar * 1_000_000) != 0,
        "from_the_future": opened > at,
        "unfinished": opened + pl.duration(seconds=bar) > at,
        "after_delisting": opened >= pl.col("delisted_at_utc"),
    }
    if is_rate:
        objections.pop("not_positive")
    reason = pl.coalesce(
        pl.when(is_objected.fill_null(False)).then(pl.lit(name)) for name, is_objected in objections.items()
    )
    return rows.with_columns(reason.alias("reason"))


def _conflicting(kept: pl.DataFrame) -> pl.DataFrame:
    """Row numbers of bars that stand more than once with different values (columns row, conflict)."""
    marked = kept.filter(pl.struct(KEY).is_duplicated()) if kept.height else kept
    distinct = marked.group_by(KEY).agg(pl.struct(VALUES).n_unique().alias("n")).filter(pl.col("n") > 1)
    return marked.join(distinct, on=list(KEY), how="semi").select(
        "row", pl.lit("conflicting_duplicate").alias("conflict")
    )


def _candle_frame(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    return rows.select(
        *KEY,
        *VALUES,
        pl.lit(source.source_id).alias("source_id"),
        pl.lit(source.received_at).cast(UTC).alias("first_seen_at_utc"),
        pl.lit(source.run_id).alias("run_id"),
        pl.lit(False).alias("is_revised"),
    ).select(CANDLE.column_names)


def _detail_words() -> pl.Expr:
    words = pl.col("reason").replace_strict(DETAILS, default="refused")
    not_kept = pl.col("timeframe").replace_strict(NOT_KEPT, default=words)
    return pl.when(pl.col("reason") == "timeframe_not_kept").then(not_kept).otherwise(words)


def _quarantine_frame(
    refused: pl.DataFrame, raw: pl.DataFrame | None, source: Source, first_row_number: int
) -> pl.DataFrame:
    if not refused.height:
        return QUARANTINE.empty()
    given = refused.select(*ROW_SCHEMA) if raw is None else raw[refused["row"]]
    payloads = given.select(pl.struct(pl.all()).struct.json_encode().alias("payload_json"))["payload_json"]
    detail = pl.col("detail") if "detail" in refused.columns else _detail_words()
    frame = refused.select(
        pl.format("{} {}", "market_id", "timeframe").alias("subject_id"),
        "reason",
        detail.alias("detail"),
        payloads,
        (pl.col("row").cast(pl.Int64) + first_row_number).alias("row_number"),
    )
    return refuse_frame(frame, CANDLE.name, source)
