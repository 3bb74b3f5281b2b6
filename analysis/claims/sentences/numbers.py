"""Numbers as people write them: percents, prices, ranges, factors and number words, with the digits quoted."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGITS = r"\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)|\d[\d,]*(?:\.\d+)?|\.\d+"
# "23,4", "1.234,50", "0,215": a comma before the last one or two digits, or behind a lone 0, is a decimal point;
# before three it parts thousands.
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.?\d{3})*),(\d{1,2}|(?<=\b0,)\d{3,})(?![\d,])")
_UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
NUMBER_WORDS = {word: number for number, word in enumerate(_UNITS, start=1)} | {"fifteen": 15} | _TENS
_WORD = "|".join(NUMBER_WORDS)
_MAGNITUDES = {"k": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9}
_MAGNITUDES |= {"t": 1e12, "trillion": 1e12, "thousand": 1e3}
_MAGNITUDE = r"(?:\s?(?:million|billion|trillion|thousand|mln|mn|bn|[kKmMbBtT])\b)?"
_DASH = r"\s?[-–—‑]\s?"
# A price of a coin: a magnitude from here on is somebody's money, not a level.
_LEAST_MONEY = 1e6
_FRACTIONS = {"half": 0.5, "third": 1 / 3, "quarter": 0.25, "fifth": 0.2, "sixth": 1 / 6, "tenth": 0.1}
_FOLD = rf"(?:{_WORD}|\d+)[- ]?fold"
_PER_CENT = r"\s?(?:%|percent\b|per cent\b|pct\b)"

NUMBER = re.compile(
    rf"(?P<spread>between (?P<s0>{_DIGITS})(?:{_PER_CENT})? and (?P<s1>{_DIGITS}){_PER_CENT})"
    rf"|(?P<percents>(?P<p0>[+−-]?(?:{_DIGITS}))(?:{_PER_CENT})?{_DASH}(?P<p1>{_DIGITS}){_PER_CENT})"
    rf"|(?P<percent>[+−-]?(?:{_DIGITS})\+?{_PER_CENT}\+?)"
    rf"|(?P<worded>\b(?:{_WORD})(?:[- ](?:{_WORD}))?(?:percent|{_PER_CENT}))"
    rf"|(?P<digits>\b(?:double|triple)[- ]digits?\b)"
    rf"|(?P<fraction>\b(?:a|one|two)[- ](?:third|quarter|fifth|sixth|tenth)s?\b"
    rf"(?! (?:straight|consecutive|successive|hour|day|week|month|year|session|time|place)\b))"
    rf"|(?P<prices>(?:US)?\$(?P<r0>(?:{_DIGITS}){_MAGNITUDE}){_DASH}\$?(?P<r1>(?:{_DIGITS}){_MAGNITUDE}))"
    rf"|(?P<price>(?:US|USD ?)?\$\s?(?:{_DIGITS}){_MAGNITUDE}\+?)"
    rf"|(?P<fold>\b(?:{_FOLD})\b)"
    rf"|(?P<times>\b\d+(?:\.\d+)?[xX]\b)"
    rf"|(?P<bare>\b\d+(?:\.\d+)?[kK]\b)"
    rf"|(?P<signed_price>\b(?:{_DIGITS}) (?:dollars|USD)\b)"
    rf"|(?P<number>(?<![A-Za-z0-9])(?:{_DIGITS})(?![A-Za-z0-9]))",
    re.IGNORECASE,
)

# Letters without which no NUMBER stands in a text.
HAS_NUMBER = re.compile(r"\d|%|per ?cent|pct|digit|third|quarter|fifth|sixth|tenth|fold", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a text: a fraction for percents, US dollars for prices, a factor for multiples."""

    kind: str  # PERCENT, SIGNED, PRICE, RANGE, MONEY, TIMES, NUMBER
    value: float
    high: float | None
    quoted: str
    is_open: bool = False  # written with a plus, or as "double digits": at least


def read_number(found: re.Match[str]) -> Quantity:
    """What a match of NUMBER states."""
    written = decimal_point(found.group().strip())
    kind = str(found.lastgroup)
    if kind in ("p1", "percents", "s1", "spread"):
        low, high = _plain(found["p0"] or found["s0"]) / 100, _plain(found["p1"] or found["s1"]) / 100
        return Quantity("PERCENT", abs(low), abs(high), written)
    if kind in ("r1", "prices"):
        return _price_range(found["r0"], found["r1"], written)
    if kind == "percent":
        value = _plain(re.split(r"[%A-Za-z]", written, maxsplit=1)[0].rstrip("+")) / 100
        is_signed = written[0] in "+-−"
        return Quantity("SIGNED" if is_signed else "PERCENT", value, None, written, written.endswith("+"))
    if kind == "worded":
        words = re.findall(_WORD, written.lower())
        return Quantity("PERCENT", sum(NUMBER_WORDS[word] for word in words) / 100, None, written)
    if kind == "digits":
        return Quantity("PERCENT", 0.10 if written.lower().startswith("double") else 1.0, None, "+10%", is_open=True)
    if kind == "fraction":
        words = written.lower().replace("-", " ").split()
        return Quantity("PERCENT", _FRACTIONS[words[1].rstrip("s")] * (2 if words[0] == "two" else 1), None, written)
    if kind in ("price", "bare", "signed_price"):
        value = _amount(written.rstrip("+"))
        return Quantity("MONEY" if value >= _LEAST_MONEY else "PRICE", value, None, written, written.endswith("+"))
    if kind in ("fold", "times"):
        head = written[:-1] if kind == "times" else written.lower().removesuffix("fold").strip("- ")
        factor = float(NUMBER_WORDS.get(head) or head)
        return Quantity("DOUBLE" if kind == "fold" else "TIMES", factor, None, written)
    return Quantity("NUMBER", _plain(written), None, written)


def decimal_point(written: str) -> str:
    """The words with the decimal comma of their numbers as a point, as in English: "23,4%" is "23.4%"."""
    return _DECIMAL_COMMA.sub(lambda found: f"{found[1].replace('.', '')}.{found[2]}", written)


def _price_range(low: str, high: str, written: str) -> Quantity:
    if not low.strip()[-1].isalpha() and high.strip()[-1].isalpha():
        low += high.strip()[-1]
    first, last = _amount(low), _amount(high)
    return Quantity("MONEY" if last >= _LEAST_MONEY else "RANGE", first, last, written)


def _amount(written: str) -> float:
    text = re.sub(r"[^0-9.,a-z]", "", written.lower()).removeprefix("usd").removeprefix("us")
    digits = re.match(r"[\d.,]+", text)
    if digits is None:
        return 0.0
    return _plain(digits.group()) * _MAGNITUDES.get(text[digits.end() :], 1.0)


def _plain(written: str) -> float:
    return float(decimal_point(written.strip()).replace(",", "").replace("−", "-").rstrip("."))
