"""Texts of times and numbers as people write them, turned into UTC instants and floats."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from warehouse.tables.contract import UTC

_ZONED_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z", "%Y-%m-%d %H:%M%#z")
_FORMATS = (
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
)
_HOUR_WITH_HALF_DAY = "%Y-%m-%d %I-%p"
_DAY_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%b %d, %Y", "%d-%b-%Y", "%d %b %Y")
# Which of the two comes first is only known from all days of a file together.
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y")
DAY_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y")
# What may stand behind such a day.
_CLOCKS = (" %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
# An integer stamp of this century has 19, 16, 13 or 10 digits: nano-, micro-, milliseconds or seconds.
NANO_FROM, MICRO_FROM, MILLI_FROM = 10**17, 10**14, 10**11
_ABSENT = ("", "-", "null", "none", "nan", "n/a", "na")
_SUFFIXES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def read_times(column: pl.Series) -> pl.Series:
    """UTC instants of stamps in any unit, ISO texts, or days; null where a text is none of these.

    Days such as 03/04/2025 are read with the month first only when that alone fits, or gives the more even steps.
    """
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        stamp = column if dtype.time_zone else column.dt.replace_time_zone("UTC")
        return stamp.dt.convert_time_zone("UTC").cast(UTC)
    if dtype == pl.Date:
        return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if dtype.is_numeric():
        return _from_epoch(column.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False))
    text = column.cast(pl.String).str.strip_chars()
    found = _from_epoch(text.cast(pl.Int64, strict=False))
    if found.null_count() == text.null_count():
        return found
    found = _filled(found, _from_epoch(_whole(text.cast(pl.Float64, strict=False))))
    spelled = text.str.replace(r"\s*(UTC|GMT)$", "")
    for pattern in _ZONED_FORMATS:
        found = _filled(found, spelled.str.to_datetime(pattern, time_unit="us", time_zone="UTC", strict=False))
    for pattern in _FORMATS:
        found = _filled(found, _as_utc(spelled.str.to_datetime(pattern, time_unit="us", strict=False)))
    half_day = (spelled + " 00").str.to_datetime(f"{_HOUR_WITH_HALF_DAY} %M", time_unit="us", strict=False)
    found = _filled(found, _as_utc(half_day))
    for pattern in _DAY_FORMATS:
        found = _filled(found, _from_day(spelled, pattern))
    return _filled(found, _days_in_some_order(spelled))


def are_days_ambiguous(column: pl.Series) -> bool:
    """Whether days such as 03/04/2025 can be read both ways and neither reading has the more even steps."""
    if column.dtype != pl.String:
        return False
    text = column.str.strip_chars()
    month_first, day_first = _day_readings(text)
    both = [reading for reading in (month_first, day_first) if reading.null_count() == text.null_count()]
    return len(both) > 1 and _n_odd_steps(both[0]) == _n_odd_steps(both[1]) and not both[0].equals(both[1])


def read_numbers(column: pl.Series, *, is_decimal_comma: bool = False) -> pl.Series:
    """Floats of number texts: with thousands marks, a dollar sign, K, M or B behind; NaN where a text is no number."""
    if column.dtype != pl.String:
        return column.cast(pl.Float64)
    text = column.str.strip_chars()
    number = (
        text.cast(pl.Float64, strict=False)
        if not is_decimal_comma
        else pl.Series(column.name, [None] * len(column), dtype=pl.Float64)
    )
    if number.null_count() == text.null_count():
        return number
    spelled = text.str.replace_all(r"[$€\s\u00a0]", "")
    spelled = (
        spelled.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        if is_decimal_comma
        else spelled.str.replace_all(r",(\d{3})", "$1")
    )
    frame = pl.DataFrame({"text": text, "number": number, "spelled": spelled})
    factor = pl.col("spelled").str.extract(r"([KMBT])$").replace_strict(_SUFFIXES, default=1.0, return_dtype=pl.Float64)
    bare = pl.col("spelled").str.replace(r"[KMBT]$", "").cast(pl.Float64, strict=False) * factor
    is_absent = pl.col("text").is_null() | pl.col("text").str.to_lowercase().is_in(_ABSENT)
    read = pl.when(~is_absent).then(pl.coalesce("number", bare, pl.lit(float("nan"))))
    return frame.select(read.alias(column.name)).to_series()


def _filled(found: pl.Series, more: pl.Series) -> pl.Series:
    return found if not found.null_count() else found.zip_with(found.is_not_null(), more.cast(UTC))


def _whole(stamp: pl.Series) -> pl.Series:
    return stamp.round().cast(pl.Int64, strict=False)


def _as_utc(stamp: pl.Series) -> pl.Series:
    return stamp.dt.replace_time_zone("UTC")


def _from_day(text: pl.Series, pattern: str) -> pl.Series:
    return text.str.to_date(pattern, strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _day_readings(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    readings = []
    for patterns in (MONTH_FIRST, DAY_FIRST):
        found = pl.Series(text.name, [None] * len(text), dtype=UTC)
        for pattern in patterns:
            found = _filled(found, _from_day(text, pattern))
            for clock in _CLOCKS if found.null_count() else ():
                at = text.str.to_datetime(pattern + clock, time_unit="us", strict=False)
                found = _filled(found, _as_utc(at))
        readings.append(found)
    return readings[0], readings[1]


def _days_in_some_order(text: pl.Series) -> pl.Series:
    month_first, day_first = _day_readings(text)
    if month_first.null_count() != day_first.null_count():
        return month_first if month_first.null_count() < day_first.null_count() else day_first
    return day_first if _n_odd_steps(day_first) < _n_odd_steps(month_first) else month_first


def _n_odd_steps(instants: pl.Series) -> int:
    """How many steps between instants are longer than their shortest one, and at least a day is no bar: all of them."""
    steps = instants.drop_nulls().unique().sort().diff().drop_nulls()
    shortest = steps.min()
    if not isinstance(shortest, timedelta) or shortest > timedelta(days=1):
        return len(steps)
    return int((steps > shortest).sum())


def _from_epoch(stamp: pl.Series) -> pl.Series:
    frame = stamp.alias("stamp").to_frame()
    number = pl.col("stamp")
    scaled = pl.coalesce(
        pl.when(number >= NANO_FROM).then(number // 1_000),
        pl.when(number >= MICRO_FROM).then(number),
        pl.when(number >= MILLI_FROM).then(number * 1_000),
        number * 1_000_000,
    )
    return frame.select(pl.from_epoch(scaled, time_unit="us").dt.replace_time_zone("UTC").cast(UTC)).to_series()
