"""Numbers, dates and spans as a reader expects them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from markupsafe import Markup

MINUS = "−"
# Below this price four decimals are shown, above it two (both in the quote currency).
FINE_PRICE_LIMIT = 10.0
_SMALLEST_P = 0.001
_SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def signed(value: float, decimals: int) -> str:
    """`value` with its sign and `decimals` places; what rounds to zero is a bare 0."""
    text = f"{abs(value):,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        return "0"
    return f"{'+' if value > 0 else MINUS}{text}"


def percent(fraction: float, decimals: int = 1) -> str:
    """A signed percentage of a fraction: 0.234 -> +23.4%."""
    text = signed(fraction * 100, decimals)
    return text if text == "0" else f"{text}%"


def plain_percent(fraction: float, decimals: int = 0) -> str:
    """The size of a fraction without a sign, for sentences that carry the direction in a verb."""
    return f"{abs(fraction) * 100:,.{decimals}f}%"


def share(fraction: float) -> str:
    """A part of a whole without sign: 0.953 -> 95.3%, never rounded up to 100%."""
    text = f"{fraction * 100:.1f}"
    if text == "100.0" and fraction < 1:
        text = "99.9"
    return f"{text.removesuffix('.0')}%"


def price(value: float) -> str:
    """A price in dollars: thousands comma and cents; below 10 four decimals."""
    return f"${value:,.4f}" if abs(value) < FINE_PRICE_LIMIT else f"${value:,.2f}"


def number(value: float, decimals: int = 2) -> str:
    """A plain number with a typographic minus."""
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def count(value: int | float) -> str:
    """A count with thousands comma."""
    return f"{round(value):,}"


def number_word(value: int) -> str:
    """Zero to ten in words, larger counts in figures."""
    return _SMALL_NUMBERS[value] if 0 <= value < len(_SMALL_NUMBERS) else count(value)


def p_value(value: float) -> str:
    """`p = 0.03`, or `p < 0.001`."""
    if value < _SMALLEST_P:
        return "p < 0.001"
    return f"p = {value:.3f}" if value < 0.01 else f"p = {value:.2f}"


def day(value: datetime | date) -> str:
    """12 Jun 2026."""
    return f"{value.day} {value:%b %Y}"


def short_day(value: datetime | date) -> str:
    """12 Jun."""
    return f"{value.day} {value:%b}"


def moment(value: datetime, precision: str = "minute", with_year: bool = True) -> str:
    """12 Jun 2026 23:56 UTC; seconds only where known, a day alone for dates, "at latest" for upper bounds."""
    date_text = day(value) if with_year else short_day(value)
    if precision == "day":
        return date_text
    clock = f"{value:%H:%M:%S}" if precision == "second" else f"{value:%H:%M}"
    suffix = " at latest" if precision == "upper_bound" else ""
    return f"{date_text} {clock} UTC{suffix}"


def close_moment(value: datetime, with_year: bool = True) -> str:
    """The moment a bar closed; midnight is written as 24:00 of the day it ended."""
    if (value.hour, value.minute) == (0, 0):
        before = value - timedelta(days=1)
        return f"{day(before) if with_year else short_day(before)} 24:00 UTC"
    return moment(value, with_year=with_year)


def time_tag(value: datetime, text: str | None = None, precision: str = "minute") -> Markup:
    """A `<time>` element whose machine value is ISO 8601 UTC."""
    stamp = f"{value:%Y-%m-%d}" if precision == "day" else f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return Markup('<time datetime="{}">{}</time>').format(stamp, text or moment(value, precision))


def span(length: timedelta) -> str:
    """A length of time: 41 s, 53 min, 2 h 36 min, 6 days."""
    seconds = abs(round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours and days < 7 else f"{days} days"


def hours_in_words(hours: float) -> str:
    """A horizon: 12 -> 12 hours, 168 -> 7 days."""
    if hours >= 48 and hours % 24 == 0:
        return f"{int(hours // 24)} days"
    return f"{hours:g} hours" if hours != 1 else "1 hour"


def hours_short(hours: float) -> str:
    """A horizon for labels: 12 h, 24 h, 7 days."""
    return f"{int(hours // 24)} days" if hours >= 48 and hours % 24 == 0 else f"{hours:g} h"


def limit_words(text: str, n_characters: int) -> str:
    """`text` cut at a word before `n_characters`, with an ellipsis when cut."""
    if len(text) <= n_characters:
        return text
    return text[:n_characters].rsplit(" ", 1)[0].rstrip(" ,;:–-") + "…"


def listing(names: list[str]) -> str:
    """FET, NEAR and WLD."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
