"""How a value of a unit is written for people."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from warehouse.tables.bars import DAY, HOURS_PER_DAY
from warehouse.tables.signing import signs

Writer = Callable[[float], str]

MINUS = "−"
ABSENT = "–"
# The same forms for a column of times.
ISO_DAY, ISO_MONTH, ISO_MINUTE = "%Y-%m-%d", "%Y-%m", "%Y-%m-%d %H:%M"
# A dollar price of ten and more is written in cents, one below with four decimals, one below this with four digits.
CENTS_FROM = 10.0
FINE_FROM = 0.1
SMALLEST_P = 0.001
SHOWN_DIGITS = 4
# From two days on, whole days are written as days.
DAYS_FROM_HOURS = 48
SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
BYTES_PER_MEGABYTE, BYTES_PER_GIGABYTE = 1e6, 1e9


@signs
def format_value(value: object, unit: str = "") -> str:
    """A value of a column in words, by the unit of its contract; absence is a dash.

    Fractions become signed percents, those "of" something a part without sign, log points signed percents too, as
    exp − 1; prices dollars; hours, days and bars keep their noun; a unit without a rule of its own stands behind the
    number. Times, dates and texts are written by their type.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, timedelta):
        return span(value)
    if not isinstance(value, (int, float)):
        return str(value)
    return _by_unit(float(value), unit) if unit else plain(value)


def _by_unit(value: float, unit: str) -> str:
    if unit in _WRITERS:
        return _WRITERS[unit](value)
    if unit.startswith("fraction of "):
        return f"{share(value)} {unit.removeprefix('fraction ')}"
    if unit.startswith("fraction "):
        return f"{percent(value)} {unit.removeprefix('fraction ')}"
    if unit.startswith("log points "):
        return f"{log_percent(value)} {unit.removeprefix('log points ')}"
    return f"{plain(value, SHOWN_DIGITS)} {unit}"


@signs
def signed(value: float, decimals: int) -> str:
    """`value` with its sign and `decimals` places; what rounds to zero is a bare 0."""
    return _with_sign(value, decimals)


def _with_sign(value: float, decimals: int) -> str:
    text = f"{abs(value):,.{decimals}f}"
    return f"{'+' if value > 0 else MINUS}{text}" if text.strip("0.") else "0"


@signs
def percent(fraction: float, decimals: int = 1) -> str:
    """A signed percentage of a fraction: 0.234 -> +23.4%."""
    text = _with_sign(fraction * 100, decimals)
    return text if text == "0" else f"{text}%"


@signs
def log_percent(log_points: float) -> str:
    """A log return as the percentage it stands for, exp − 1: 0.262 -> +30.0%."""
    return percent(math.expm1(log_points), 1)


@signs
def plain_percent(fraction: float, decimals: int = 0) -> str:
    """The size of a fraction without a sign, for sentences that carry the direction in a verb."""
    return f"{abs(fraction) * 100:,.{decimals}f}%"


@signs
def share(fraction: float) -> str:
    """A part of a whole without sign: 0.953 -> 95.3%, never rounded up to 100%."""
    text = f"{fraction * 100:.1f}"
    if text == "100.0" and fraction < 1:
        text = "99.9"
    return f"{text.removesuffix('.0')}%"


@signs
def percentage_points(fraction: float) -> str:
    """A difference of two percentages: +4.4 points."""
    return f"{signed(fraction * 100, 1)} points"


@signs
def price(value: float) -> str:
    """A price in dollars: cents from 10 up, four decimals below, four digits where those would hide it."""
    size = abs(value)
    if size >= CENTS_FROM:
        text = f"{size:,.2f}"
    elif size >= FINE_FROM or size == 0:
        text = f"{size:,.4f}"
    else:
        # The first digit that is not zero stands at this decimal place.
        first = -math.floor(math.log10(size))
        text = f"{size:.{first + SHOWN_DIGITS - 1}f}".rstrip("0")
    return f"{MINUS if value < 0 else ''}${text}"


def round_price(value: float) -> str:
    """A round price for the tick of an axis: $1,000 or $0.05."""
    return f"${value:,g}"


@signs
def number(value: float, decimals: int = 2) -> str:
    """A plain number with a typographic minus."""
    return f"{value:,.{decimals}f}".replace("-", MINUS)


@signs
def plain(value: float, digits: int = 6) -> str:
    """A number as short as it can be said with `digits` significant ones: 24, 0.25, −3.5."""
    return f"{MINUS if value < 0 else ''}{abs(value):,.{digits}g}"


@signs
def ascii_number(value: float) -> str:
    """A number with six significant digits as programs read it too: in ids, and in tables people paste elsewhere."""
    return f"{value:g}"


@signs
def pattern(value: float, spec: str) -> str:
    """A number by a format of Python's."""
    return format(float(value) if isinstance(value, float) else int(value), spec)


@signs
def count(value: int | float) -> str:
    """A count with thousands comma."""
    return f"{round(value):,}"


@signs
def number_word(value: int) -> str:
    """Zero to ten in words, larger counts in figures."""
    return SMALL_NUMBERS[value] if 0 <= value < len(SMALL_NUMBERS) else count(value)


@signs
def plural(n: int, noun: str, nouns: str | None = None) -> str:
    """A count with its noun: 1 source, 2 sources; `nouns` where the plural is not the noun with an s."""
    return f"{count(n)} {noun if n == 1 else nouns or f'{noun}s'}"


@signs
def multiple(ratio: float, decimals: int = 1) -> str:
    """A ratio to the usual: 3.2×."""
    return f"{number(ratio, decimals)}×"


@signs
def probability(value: float, decimals: int | None = None) -> str:
    """A p value alone: 0.03, 0.004, < 0.001; two decimals from 0.01 up unless more are asked for."""
    if value < SMALLEST_P:
        return f"< {SMALLEST_P}"
    return f"{value:.{decimals or (3 if value < 0.01 else 2)}f}"


@signs
def p_value(value: float, decimals: int | None = None) -> str:
    """`p = 0.03`, or `p < 0.001`."""
    text = probability(value, decimals)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


@signs
def day(value: datetime | date) -> str:
    """12 Jun 2026."""
    return f"{value.day} {value:%b %Y}"


@signs
def short_day(value: datetime | date) -> str:
    """12 Jun."""
    return f"{value.day} {value:%b}"


@signs
def month(value: datetime | date) -> str:
    """Jun 2026."""
    return f"{value:%b %Y}"


@signs
def long_month(value: datetime | date) -> str:
    """June 2026."""
    return f"{value:%B %Y}"


@signs
def clock(value: datetime) -> str:
    """23:56."""
    return f"{value:%H:%M}"


@signs
def exact_clock(value: datetime) -> str:
    """23:56, or 23:56:07 where there are seconds."""
    return f"{value:%H:%M:%S}" if value.second else clock(value)


@signs
def moment(value: datetime, precision: str = "minute", with_year: bool = True) -> str:
    """12 Jun 2026 23:56 UTC; seconds only where known, a day alone for dates, "at latest" for upper bounds."""
    date_text = day(value) if with_year else short_day(value)
    if precision == "day":
        return date_text
    time_text = f"{value:%H:%M:%S}" if precision == "second" else clock(value)
    suffix = " at latest" if precision == "upper_bound" else ""
    return f"{date_text} {time_text} UTC{suffix}"


@signs
def close_moment(value: datetime) -> str:
    """The moment a bar closed; midnight is written as 24:00 of the day it ended."""
    if (value.hour, value.minute) == (0, 0):
        before = value - DAY
        return f"{day(before)} 24:00 UTC"
    return moment(value)


@signs
def iso_day(value: datetime | date) -> str:
    """2026-06-12."""
    return value.strftime(ISO_DAY)


@signs
def iso_month(value: datetime | date) -> str:
    """2026-06."""
    return value.strftime(ISO_MONTH)


@signs
def iso_minute(value: datetime) -> str:
    """2026-06-12 23:56, of a time in UTC."""
    return value.isoformat(" ", "minutes")[: len("2026-06-12 23:56")]


@signs
def iso_second(value: datetime) -> str:
    """2026-06-12 23:56:07, of a time in UTC."""
    return value.isoformat(" ", "seconds")[: len("2026-06-12 23:56:07")]


def iso_instant(value: datetime) -> str:
    """2026-06-12T23:56:07Z, as programs read it."""
    return f"{value.isoformat(timespec='seconds')[: len('2026-06-12T23:56:07')]}Z"


def compact_instant(value: datetime) -> str:
    """20260612T235607Z, for names of runs and files."""
    return f"{value:%Y%m%dT%H%M%SZ}"


@signs
def span(length: timedelta) -> str:
    """A length of time: 41 s, 53 min, 2 h 36 min, 6 days."""
    seconds = abs(round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < DAYS_FROM_HOURS:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(hours, HOURS_PER_DAY)
    return f"{days} days {hours} h" if hours and days < 7 else f"{days} days"


@signs
def hours_and_minutes(hours: float) -> str:
    """Hours to the minute, however many: 6 h 3 min, 45 min, 60 h."""
    whole, rest = divmod(round(hours * 60), 60)
    if not whole:
        return f"{rest} min"
    return f"{whole} h {rest} min" if rest else f"{whole} h"


@signs
def hours_plain(hours: float, decimals: int | None = None) -> str:
    """Hours as a number with its unit: 720 h, 1.5 h."""
    return f"{plain(hours) if decimals is None else number(hours, decimals)} h"


@signs
def hours_in_words(hours: float) -> str:
    """A horizon: 12 -> 12 hours, 168 -> 7 days."""
    if hours >= DAYS_FROM_HOURS and hours % HOURS_PER_DAY == 0:
        return f"{int(hours // HOURS_PER_DAY)} days"
    return f"{plain(hours)} hours" if hours != 1 else "1 hour"


@signs
def hours_short(hours: float) -> str:
    """A horizon for labels: 12 h, 24 h, 7 days."""
    if hours >= DAYS_FROM_HOURS and hours % HOURS_PER_DAY == 0:
        return f"{int(hours // HOURS_PER_DAY)} days"
    return hours_plain(hours)


@signs
def hours_adjective(hours: float) -> str:
    """A horizon before its noun: 24-hour, 7-day."""
    return hours_short(hours).replace(" h", "-hour").replace(" days", "-day")


@signs
def seconds_words(seconds: float) -> str:
    """How long work took: 5.2 s."""
    return f"{seconds:.1f} s"


@signs
def file_size(n_bytes: float) -> str:
    """The size of a file or disk: 12.5 MB, 1.2 GB."""
    if n_bytes >= BYTES_PER_GIGABYTE:
        return f"{n_bytes / BYTES_PER_GIGABYTE:.1f} GB"
    return f"{n_bytes / BYTES_PER_MEGABYTE:.1f} MB"


@signs
def limit_words(text: str, n_characters: int) -> str:
    """`text` cut at a word before `n_characters`, with an ellipsis when cut."""
    if len(text) <= n_characters:
        return text
    return text[:n_characters].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"


@signs
def until(text: str, end: str) -> str:
    """`text` up to `end`; all of it where `end` does not stand in it."""
    return text.split(end, 1)[0]


@signs
def sentence(text: str) -> str:
    """A note as a sentence: a capital at its start, a full stop at its end; empty for an empty one."""
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""


def listing(names: Sequence[str]) -> str:
    """FET, NEAR and WLD."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _counted(noun: str) -> Writer:
    return lambda value: f"{plain(round(value, 1))} {noun if value == 1 else f'{noun}s'}"


# By unit of a contract's column; "residual standard deviations" and others without an entry follow the number.
_WRITERS: dict[str, Writer] = {
    "fraction": percent,
    "log points": log_percent,
    "quote currency": price,
    "US dollar": price,
    "US dollar or dollar token": price,
    "base currency": lambda value: number(value, 0 if abs(value) >= 1_000 else 2),
    "-1 to 1": number,
    "0 to 1": number,
    "0 to 100": lambda value: number(value, 1),
    "100 is ordinary": lambda value: number(value, 0),
    "probability": lambda value: probability(value),
    "hours": lambda value: hours_in_words(round(value, 1)),
    "minutes": lambda value: hours_and_minutes(value / 60),
    "seconds": seconds_words,
    "days": _counted("day"),
    "weeks": _counted("week"),
    "bars": lambda value: plural(round(value), "bar"),
    "bytes": file_size,
}
