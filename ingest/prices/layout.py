"""Tables of candles as people write them become rows of one shape: names, time units, number texts."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ingest.errors import MalformedError, PermanentError
from ingest.prices.candles import ROW_SCHEMA, VALUES
from warehouse.tables.bars import NOT_KEPT
from warehouse.tables.contract import UTC

# Names seen in exports, in order of preference.
ALIASES: dict[str, tuple[str, ...]] = {
    "exchange": ("exchange", "venue", "exchange_id"),
    "symbol": ("symbol", "pair", "market"),
    "timeframe": ("timeframe", "interval"),
    "open_time_utc": ("open_time_utc", "open_time", "date", "time", "timestamp", "datetime"),
    "open_quote": ("open_quote", "open"),
    "high_quote": ("high_quote", "high"),
    "low_quote": ("low_quote", "low"),
    "close_quote": ("close_quote", "close"),
    "volume_base": ("volume_base", "volume", "vol"),
}
_TIME_FORMATS = (
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
)
# An integer stamp of this century has 19, 16, 13 or 10 digits: nano-, micro-, milliseconds or seconds.
NANO_FROM, MICRO_FROM, MILLI_FROM = 10**17, 10**14, 10**11


@dataclass(frozen=True, slots=True)
class Identity:
    """Which market and bar length rows belong to when they do not say so themselves."""

    exchange: str | None = None
    symbol: str | None = None
    timeframe: str | None = None


def to_rows(raw: pl.DataFrame, identity: Identity, source: str) -> pl.DataFrame:
    """`raw` in the columns of ROW_SCHEMA, line by line; unreadable times become null, unreadable numbers NaN.

    Stated columns win over `identity`. Raises MalformedError when time or close has no column, or when neither the
    table nor `identity` names exchange, symbol and timeframe; PermanentError when all its bars have a length that is
    not kept.
    """
    found = {name: _first(raw.columns, aliases) for name, aliases in ALIASES.items()}
    for name in ("open_time_utc", "close_quote"):
        if found[name] is None:
            raise MalformedError(
                source,
                f"no column for {name} among {raw.columns}",
                f"one of {', '.join(ALIASES[name])}",
                "rename the column, or convert the file",
            )
    _refuse_view(found["timeframe"], identity, source)
    names = {name: _name(found[name], getattr(identity, name), name, source) for name in Identity.__slots__}
    return raw.select(
        pl.format("{}:{}", names["exchange"], names["symbol"]).alias("market_id"),
        names["timeframe"].alias("timeframe"),
        _time(raw, str(found["open_time_utc"])).alias("open_time_utc"),
        *(_number(raw, found[name]).alias(name) for name in VALUES),
    ).select(*ROW_SCHEMA)


def _first(columns: list[str], aliases: tuple[str, ...]) -> str | None:
    by_lower = {column.strip().lower(): column for column in reversed(columns)}
    return next((by_lower[alias] for alias in aliases if alias in by_lower), None)


def _name(column: str | None, given: str | None, name: str, source: str) -> pl.Expr:
    if column is not None:
        return pl.col(column).cast(pl.String)
    if given is None:
        raise MalformedError(
            source, f"the rows do not say their {name}", f"a column {name}", f"or give it: --{name} VALUE"
        )
    return pl.lit(given)


def _refuse_view(column: str | None, identity: Identity, source: str) -> None:
    if column is None and identity.timeframe in NOT_KEPT:
        raise PermanentError(source, NOT_KEPT[identity.timeframe])


def _time(raw: pl.DataFrame, column: str) -> pl.Expr:
    dtype = raw.schema[column]
    if isinstance(dtype, pl.Datetime):
        stamp = pl.col(column) if dtype.time_zone else pl.col(column).dt.replace_time_zone("UTC")
        return stamp.dt.convert_time_zone("UTC").cast(UTC)
    if dtype == pl.Date:
        return pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if dtype.is_numeric():
        return _from_epoch(pl.col(column).cast(pl.Float64, strict=False).cast(pl.Int64, strict=False))
    text = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.coalesce(
        _from_epoch(text.cast(pl.Int64, strict=False)),
        *(_from_text(text, pattern) for pattern in _TIME_FORMATS),
        text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
    )


def _from_text(text: pl.Expr, pattern: str) -> pl.Expr:
    if pattern.endswith("z"):
        return text.str.to_datetime(pattern, time_unit="us", time_zone="UTC", strict=False)
    return text.str.to_datetime(pattern, time_unit="us", strict=False).dt.replace_time_zone("UTC")


def _from_epoch(stamp: pl.Expr) -> pl.Expr:
    scaled = pl.coalesce(
        pl.when(stamp >= NANO_FROM).then(stamp // 1_000),
        pl.when(stamp >= MICRO_FROM).then(stamp),
        pl.when(stamp >= MILLI_FROM).then(stamp * 1_000),
        stamp * 1_000_000,
    )
    return pl.from_epoch(scaled, time_unit="us").dt.replace_time_zone("UTC").cast(UTC)


def _number(raw: pl.DataFrame, column: str | None) -> pl.Expr:
    if column is None:
        return pl.lit(None, dtype=pl.Float64)
    if raw.schema[column] != pl.String:
        return pl.col(column).cast(pl.Float64)
    text = pl.col(column).str.strip_chars()
    number = text.cast(pl.Float64, strict=False)
    is_garbled = (text != "") & number.is_null()
    return pl.when(is_garbled).then(pl.lit(float("nan"))).otherwise(number)
