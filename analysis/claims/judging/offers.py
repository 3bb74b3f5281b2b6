"""Search the window in which everything that is said of an asset is true, as an offer and never as support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analysis.claims.judging.judge import judge_statement
from analysis.claims.judging.market import MarketEvidence, micros
from analysis.claims.judging.question import moved_words
from analysis.claims.judging.rarity import chance_of_searched
from analysis.claims.judging.windows import DAY_NAMES, last_new_york_close
from analysis.claims.statement import Comparator, Kind, StatedWindow, Statement, StatementVerdict
from warehouse.tables.bars import DAY, HOUR
from warehouse.tables.units import close_moment, moment, plural, span

# How far around the news a start is looked for, and how long a window may be.
_DAYS_BEFORE, _DAYS_AFTER = 3, 1
_LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Offer:
    """A window in which all parts are true; `n_tried` windows were looked at."""

    from_utc: datetime
    to_utc: datetime
    start_words: str
    move: float
    n_tried: int
    chance: tuple[int, int] | None = (
        None  # earlier stretches as long as the one searched that held as much, of how many
    )

    @property
    def sentence(self) -> str:
        """The offer in words."""
        start = f"{self.start_words} ({moment(self.from_utc)})"
        length = span(self.to_utc - self.from_utc)
        found = ""
        if self.chance is not None:
            n_as_large, n_stretches = self.chance
            found = (
                f" (a move as large in a window as long was to be found in {n_as_large} of "
                f"{plural(n_stretches, 'earlier stretch', 'earlier stretches')} as long as the one searched)"
            )
        return (
            f"All of it is true, a size to within a tenth, from {start} to {close_moment(self.to_utc)}, {length}, in "
            f"which it {moved_words(self.move)}. That window was looked for among "
            f"{plural(self.n_tried, 'window')}{found}: an offer, not support"
        )


def find_window(statements: Sequence[Statement], market: MarketEvidence, around: datetime) -> Offer | None:
    """The shortest window from a plain start near `around` in which every statement is supported; None without one.

    Starts: the news, midnights UTC, the closes of New York. Ends: every full hour until the statements were said.
    """
    statements = [loose for item in statements for loose in _loosened(item)]
    said_at = min((item.said_at for item in statements if item.said_at is not None), default=None)
    if said_at is None or not statements:
        return None
    n_tried = 0
    found: tuple[timedelta, datetime, str] | None = None
    for start, words in _starts(around):
        for end in _ends(start, said_at, found[0] if found else _LONGEST):
            n_tried += 1
            window = StatedWindow("forward", start, end)
            if all(_holds(item, window, said_at, market) for item in statements):
                found = end - start, start, words
                break
    if found is None:
        return None
    length, start, words = found
    first, end = statements[0], start + length
    series = market.covering(first.asset, micros(start), micros(end), first.market_id)
    if series is None:
        return None
    move = series.move(micros(start), micros(end))
    searched = min(at for at, _ in _starts(around)), said_at
    chance = chance_of_searched(series, micros(searched[0]), micros(searched[1]), micros(end) - micros(start), move)
    return Offer(start, end, words, move, n_tried, chance)


def _holds(statement: Statement, window: StatedWindow, said_at: datetime, market: MarketEvidence) -> bool:
    """Whether the statement is supported in another window; an extreme keeps its period and is set in that window."""
    moved = replace(statement, said_at=said_at)
    moved = replace(moved, within=window) if statement.within is not None else replace(moved, window=window)
    verdict = judge_statement(moved, market).verdict
    # A four-week high is a three-week high as well.
    is_extreme = statement.kind is Kind.N_PERIOD_EXTREME
    return verdict is StatementVerdict.SUPPORTED or (is_extreme and verdict is StatementVerdict.UNDERSTATED)


def _loosened(statement: Statement) -> list[Statement]:
    """The statement as an offer reads it: a size to within a tenth; an extreme apart from the price said with it."""
    if statement.size is not None and statement.comparator in (None, Comparator.EXACT):
        return [replace(statement, comparator=Comparator.ABOUT)]
    if statement.kind is Kind.N_PERIOD_EXTREME and statement.price is not None:
        level = replace(statement, kind=Kind.LEVEL_CROSSED, window=statement.within, within=None)
        return [replace(statement, price=None), level]
    return [statement]


def _starts(around: datetime) -> Iterator[tuple[datetime, str]]:
    yield around, "the first public report"
    midnight = around.replace(hour=0, minute=0, second=0, microsecond=0)
    for days in range(-_DAYS_BEFORE, _DAYS_AFTER + 1):
        start = midnight + days * DAY
        close = last_new_york_close(start + DAY)
        yield close, f"{DAY_NAMES[close.weekday()]} 16:00 New York"
        yield start, f"{DAY_NAMES[start.weekday()]} 00:00 UTC"


def _ends(start: datetime, said_at: datetime, longest: timedelta) -> Iterator[datetime]:
    """Full hours after the start, at most `longest` away and before it was said."""
    end = start.replace(minute=0, second=0, microsecond=0) + HOUR
    while end <= said_at and end - start < longest:
        yield end
        end += HOUR
