"""Tables of candles as people write them become rows of one shape: names, time units, number texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from ingest.errors import MalformedError, PermanentError
from ingest.prices.candles import FIRST_BLOCK, ROW_SCHEMA, VALUES
from ingest.prices.files.layouts import (
    FLOW,
    GENERIC,
    TAKER,
    TRADES,
    VOLUME,
    VOLUME_QUOTE,
    Label,
    Layout,
    Unit,
    layout_names,
)
from ingest.prices.files.names import QUOTES, Identity, Names, split_symbol
from ingest.prices.files.numbers import are_days_ambiguous, read_numbers, read_times
from ingest.prices.registry import AGGREGATORS
from warehouse.tables.bars import HOUR, MICROSECOND, NAMES, NOT_KEPT, bar_length, bar_of, spelled_bar
from warehouse.tables.contract import UTC
from warehouse.tables.units import plain

# Names seen in exports, in order of preference.
ALIASES: dict[str, tuple[str, ...]] = {
    "exchange": ("exchange", "venue", "exchange_id"),
    "symbol": ("symbol", "pair", "market", "instrument", "instrument_name"),
    "timeframe": ("timeframe", "interval"),
    "open_time_utc": (
        "open_time_utc",
        "open_time",
        "date",
        "time",
        "timestamp",
        "datetime",
        "index",
        "unix",
        "snapped_at",
    ),
    "open_quote": ("open_quote", "open", "o"),
    "high_quote": ("high_quote", "high", "h"),
    "low_quote": ("low_quote", "low", "l"),
    "close_quote": ("close_quote", "close", "c"),
    VOLUME: ("volume_base", "volume", "vol", "v", "vol."),
    VOLUME_QUOTE: ("volume_quote", "quote_volume", "quote_asset_volume", "turnover", "vol_quote"),
    TRADES: ("n_trades", "count", "trades", "tradecount", "number_of_trades"),
    TAKER: ("taker_volume_base", "taker_buy_volume", "taker_buy_base_volume"),
}
# Rates are paid at instants: they have no length.
FUNDING_LENGTH = "funding"
# What a name says of the bar it stands for.
_CLOSE_NAMES = ("close_time", "close_time_utc", "end", "stop")
_NAMED_VOLUME = re.compile(r"^volume[ _(]+([a-z0-9]+)\)?$")
_COINS = ("BTC", "ETH", "BNB")
_NO_UNITS = ("BASE", "QUOTE", "MA", "SMA", "EMA")


@dataclass(frozen=True, slots=True)
class Instructions:
    """What a person says about a file beside its market: layout, which end names a bar, its clock before UTC."""

    layout: str | None = None
    label: Label | None = None
    price_kind: str | None = None
    clock_hours: float = 0.0
    is_decimal_comma: bool = False


_UNNAMED = Identity()
_NOTHING_TOLD = Instructions()


@dataclass(frozen=True, slots=True)
class TableReading:
    """How a table is read: its layout, what was given and what is only guessed, and the registry's spellings."""

    layout: Layout = GENERIC
    given: Identity = _UNNAMED
    guess: Identity = _UNNAMED
    told: Instructions = _NOTHING_TOLD
    names: Names | None = None
    is_funding: bool = False


def read_rows(raw: pl.DataFrame, reading: TableReading, source: str) -> pl.DataFrame:
    """`raw` in the columns of ROW_SCHEMA, line by line; unreadable times become null, unreadable numbers NaN.

    What was given wins over stated columns, these over what is guessed. Raises MalformedError when time or close has no
    column, or when nothing names exchange, symbol and timeframe; PermanentError when all its bars have a length that is
    not kept, or several markets stand where one was given.
    """
    found = find_columns(raw.columns, reading.layout)
    for name in ("open_time_utc", "close_quote"):
        if found[name] is None:
            raise MalformedError(
                source,
                f"no column for {name} among {raw.columns}",
                f"one of {', '.join(ALIASES[name])}",
                f"rename the column, or say which layout it is: --layout ({', '.join(layout_names())})",
            )
    stamps = read_times(raw[str(found["open_time_utc"])])
    if are_days_ambiguous(raw[str(found["open_time_utc"])]):
        raise MalformedError(
            source,
            "days can be read with the month first and with the day first",
            "days such as 2025-03-04",
            "write them so",
        )
    market = _markets(raw, found, reading, source)
    lengths = _lengths(raw, found["timeframe"], reading, stamps, source)
    comma = reading.told.is_decimal_comma
    volume = _base_volume(raw, found, reading, market)
    return pl.DataFrame(
        {
            "market_id": market,
            "timeframe": lengths,
            "open_time_utc": _opens(stamps, lengths, label_of(found, reading), reading.told.clock_hours),
            **{name: _numbers(raw, found[name], comma) for name in VALUES if name != VOLUME},
            VOLUME: volume,
        },
        schema_overrides=dict(ROW_SCHEMA),
    ).select(*ROW_SCHEMA)


def read_flow(raw: pl.DataFrame, rows: pl.DataFrame, reading: TableReading) -> pl.DataFrame:
    """The key of each of `rows` with what the file says beside price and base volume; no rows where it says nothing."""
    found = find_columns(raw.columns, reading.layout)
    has_quote = found[VOLUME_QUOTE] is not None or (reading.layout.volume == "quote" and found[VOLUME] is not None)
    if not has_quote and found[TRADES] is None and found[TAKER] is None:
        return (
            rows.select("market_id", "timeframe", "open_time_utc")
            .clear()
            .with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in FLOW)
        )
    quote = found[VOLUME_QUOTE] or (found[VOLUME] if reading.layout.volume == "quote" else None)
    comma = reading.told.is_decimal_comma
    columns = {VOLUME_QUOTE: quote, TRADES: found[TRADES], TAKER: found[TAKER]}
    return rows.select("market_id", "timeframe", "open_time_utc").with_columns(
        _numbers(raw, column, comma).alias(name) for name, column in columns.items()
    )


def find_columns(columns: list[str], layout: Layout) -> dict[str, str | None]:
    """By our name the column of a table that holds it, as its layout says, else by the names seen in exports."""
    by_lower = {column.strip().lower(): column for column in reversed(columns)}
    found: dict[str, str | None] = {}
    for name, aliases in ALIASES.items():
        stated = layout.names.get(name)
        wanted = (stated,) if stated is not None else aliases
        found[name] = next((by_lower[alias] for alias in wanted if alias in by_lower), None)
    units = {named[1].upper(): column for lower, column in by_lower.items() if (named := _NAMED_VOLUME.match(lower))}
    # Of BTC and USD it is the dollars that are the quote.
    quote = min((unit for unit in units if unit in QUOTES), key=lambda u: (u in _COINS, QUOTES.index(u)), default="")
    for unit, column in units.items():
        name = VOLUME_QUOTE if unit == quote else VOLUME
        # An indicator beside the volume, such as its moving average, is not the volume.
        if found[name] is None and unit not in _NO_UNITS:
            found[name] = column
    return found


def volume_unit(reading: TableReading, market_id: str) -> Unit:
    """What the volume of a market counts in this layout."""
    symbol = market_id.partition(":")[2]
    if ":" in symbol and reading.layout.contract_volume is not None:
        return reading.layout.contract_volume
    return reading.layout.volume


def guessed_timeframe(stamps: pl.Series) -> str | None:
    """The bar length by the most frequent step between instants; None where that is none of ours."""
    steps = stamps.drop_nulls().unique().sort().diff().drop_nulls()
    if not len(steps):
        return None
    step = steps.mode().sort()[0]
    try:
        return bar_of(step).name
    except ValueError:
        return None


def label_of(found: dict[str, str | None], reading: TableReading) -> Label:
    """Whether a bar of this table is named by its open or by its close."""
    if reading.told.label is not None:
        return reading.told.label
    column = found["open_time_utc"] or ""
    return "close" if column.strip().lower() in _CLOSE_NAMES else reading.layout.label


def _opens(stamps: pl.Series, lengths: pl.Series, label: Label, clock_hours: float) -> pl.Series:
    moved = stamps - timedelta(hours=clock_hours) if clock_hours else stamps
    if label == "open":
        return moved.cast(UTC)
    frame = pl.DataFrame({"stamp": moved, "timeframe": lengths})
    lasting = {name: bar_length(name) // MICROSECOND for name in NAMES}
    length = pl.col("timeframe").replace_strict(lasting, default=None, return_dtype=pl.Int64)
    # The last instant of the bar, on the grid of bars: a bar ends at 01:00 or at 00:59:59.999.
    inside = (pl.col("stamp") - MICROSECOND).dt.epoch("us")
    opened = pl.from_epoch(inside // length * length, "us").dt.replace_time_zone("UTC").cast(UTC)
    return frame.select(opened.alias("open_time_utc")).to_series()


def _lengths(raw: pl.DataFrame, column: str | None, reading: TableReading, stamps: pl.Series, source: str) -> pl.Series:
    if reading.is_funding:
        return pl.Series("timeframe", [FUNDING_LENGTH], dtype=pl.String).new_from_index(0, raw.height)
    if reading.given.timeframe is None and column is not None:
        texts = raw[column].cast(pl.String)
        known = {text: spelled_bar(text) for text in texts.drop_nulls().unique()}
        return texts.replace_strict(known, default=None, return_dtype=pl.String)
    stated, steps = reading.layout.timeframe or reading.guess.timeframe, guessed_timeframe(stamps)
    if stated == reading.layout.timeframe and stated and steps and bar_length(steps) < bar_length(stated):
        stated = steps  # a site of days that was asked for hours
    length = reading.given.timeframe or stated or steps
    if length is None and raw.height:
        raise _without_length(raw, stamps, source)
    length = length or ""
    if spelled_bar(length) in NOT_KEPT:
        raise PermanentError(source, NOT_KEPT[spelled_bar(length)])
    return pl.Series("timeframe", [spelled_bar(length)], dtype=pl.String).new_from_index(0, raw.height)


def _without_length(raw: pl.DataFrame, stamps: pl.Series, source: str) -> MalformedError:
    """Why the length of bars is not known: their times, their steps, or that there is one row."""
    texts = next((raw[name] for name in raw.columns if name.strip().lower() in ALIASES["open_time_utc"]), raw[:, 0])
    latest, form = stamps.max(), "UTC, as 2025-03-01T00:00:00Z, or a stamp in seconds to nanoseconds"
    if not isinstance(latest, datetime):
        return MalformedError(source, f"no time can be read, {str(texts[0])!r} for one", form, "write them so")
    if latest < FIRST_BLOCK:
        what = f"all times lie before 2009, {str(texts[0])!r} for one: dates of a spreadsheet?"
        return MalformedError(source, what, form, "write them so")
    steps = stamps.drop_nulls().unique().sort().diff().drop_nulls()
    if len(steps):
        what = f"bars of {plain(steps.mode().sort()[0] / HOUR)} h are not kept"
        return MalformedError(source, what, f"one of {', '.join(NAMES)}", "resample them, or give --timeframe")
    what = "the rows do not say their timeframe"
    return MalformedError(source, what, "a column timeframe", "or give it: --timeframe VALUE")


def _markets(raw: pl.DataFrame, found: dict[str, str | None], reading: TableReading, source: str) -> pl.Series:
    """market_id of every row, in the one spelling."""
    aggregator = reading.layout.exchange if reading.layout.exchange in AGGREGATORS else None
    exchange = _stated(raw, found["exchange"], reading.given.exchange, "exchange", source)
    exchange_guess = aggregator or reading.guess.exchange or reading.layout.exchange
    symbol = _stated(raw, found["symbol"], reading.given.symbol, "symbol", source)
    parts = pl.DataFrame(
        {
            "exchange": _or_guess(exchange, exchange_guess, "exchange", raw.height, source),
            "symbol": _or_guess(symbol, reading.guess.symbol, "symbol", raw.height, source),
        }
    )
    names = reading.names or Names()
    pairs = parts.unique().drop_nulls()
    ids = [":".join(names.market(venue, market)) for venue, market in pairs.iter_rows()]
    known = pairs.with_columns(pl.Series("market_id", ids, dtype=pl.String))
    return parts.join(known, on=["exchange", "symbol"], how="left", validate="m:1", maintain_order="left")["market_id"]


def _stated(raw: pl.DataFrame, column: str | None, given: str | None, name: str, source: str) -> pl.Series | str | None:
    if given is None:
        return None if column is None else raw[column].cast(pl.String)
    spelled = set() if column is None else {split_symbol(text) or text for text in raw[column].unique().drop_nulls()}
    if column is not None and len(spelled) > 1:
        raise PermanentError(
            source,
            f"holds {len(spelled)} different values in {column!r}, and --{name} {given} would make them one",
            "one market where one is given",
            f"leave out --{name}",
        )
    return given


def _or_guess(stated: pl.Series | str | None, guess: str | None, name: str, height: int, source: str) -> pl.Series:
    if isinstance(stated, pl.Series):
        return stated.alias(name)
    value = stated if stated is not None else guess
    if value is None:
        raise MalformedError(
            source, f"the rows do not say their {name}", f"a column {name}", f"or give it: --{name} VALUE"
        )
    return pl.Series(name, [value], dtype=pl.String).new_from_index(0, height)


def _base_volume(
    raw: pl.DataFrame, found: dict[str, str | None], reading: TableReading, market: pl.Series
) -> pl.Series:
    """Volume in units of the coin; null where it counts contracts or dollars over all venues."""
    column = found[VOLUME]
    unit = volume_unit(reading, str(market[0]) if len(market) else "")
    if unit != "base":
        column = None
    return _numbers(raw, column, reading.told.is_decimal_comma)


def _numbers(raw: pl.DataFrame, column: str | None, is_decimal_comma: bool) -> pl.Series:
    if column is None:
        return pl.Series([None], dtype=pl.Float64).new_from_index(0, raw.height)
    return read_numbers(raw[column], is_decimal_comma=is_decimal_comma)
