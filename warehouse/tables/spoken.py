"""A stored sentence as people read it: its markets, bar lengths and dates in words."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from warehouse.tables.bars import NAMES, bar_words
from warehouse.tables.terms import VENUE_TITLES, market_name
from warehouse.tables.units import day

# A page repeats the sentences of its rows; so many distinct ones are kept.
_KEPT = 4_096
_MARKET = re.compile(rf"\b(?:{'|'.join(map(re.escape, VENUE_TITLES))}):[A-Z0-9]+/[A-Z0-9]+(?::[A-Z0-9]+)?")
_BARS = re.compile(rf"(?<![\w.])({'|'.join(NAMES)})(?= (?:bars|closes)\b)")
# A date inside an identifier, such as that of an event, stays as it is.
_DATE = re.compile(r"(?<![\w-])(\d{4}-\d\d-\d\d)(?:T(?=\d\d:)|(?![\w-]))")


@lru_cache(maxsize=_KEPT)
def spoken(text: str) -> str:
    """`text` with market ids, names of bar lengths and ISO dates in words; speaking twice changes nothing more.

    JSON is no sentence and stays as it is.
    """
    if text.startswith(("{", "[")):
        return text
    named = _MARKET.sub(lambda found: market_name(found[0]), text)
    return _DATE.sub(_day, _BARS.sub(lambda found: bar_words(found[1]), named))


def _day(found: re.Match[str]) -> str:
    try:
        return f"{day(datetime.fromisoformat(found[1]))}{' ' if found[0].endswith('T') else ''}"
    except ValueError:
        return found[0]
