"""What a statement asks of the tape: its window in microseconds, its direction as a sign, the series that answer."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.claims.judging.market import MarketEvidence, PriceSeries
from analysis.claims.statement import (
    Direction,
    Judgement,
    StatedWindow,
    Statement,
    StatementVerdict,
    TriedReading,
)
from warehouse.tables.bars import MICROSECONDS_PER_DAY, bar_words, utc_instant
from warehouse.tables.terms import market_name
from warehouse.tables.units import close_moment, moment, percent, plain_percent, price, span

FRACTION, DOLLARS, DAYS = "fraction", "quote currency", "days"
NO_PRICE_OF_A_GROUP = "a group has no price"


@dataclass(frozen=True, slots=True)
class Question:
    """A statement with its window placed and the evidence at hand; `said_us` cuts everything."""

    statement: Statement
    window: StatedWindow
    market: MarketEvidence
    start_us: int
    end_us: int
    said_us: int
    is_open: bool  # no window was said

    @property
    def length_us(self) -> int:
        """Length of the window, microseconds."""
        return self.end_us - self.start_us

    @property
    def days(self) -> float:
        """Length of the window, days."""
        return self.length_us / MICROSECONDS_PER_DAY

    @property
    def sign(self) -> int:
        """+1 for up and none, −1 for down: a move times it is positive when it agrees with the statement."""
        return -1 if self.statement.direction is Direction.DOWN else 1

    @property
    def asset(self) -> str:
        """The asset or group of the statement."""
        return self.statement.asset

    @property
    def span_words(self) -> str:
        """The window in words."""
        return window_words(self.start_us, self.end_us)

    def closes(self) -> PriceSeries | None:
        """The series whose closes answer: the first that covers the window."""
        return self.market.covering(self.asset, self.start_us, self.end_us, self.statement.market_id)

    def ranges(self) -> PriceSeries | None:
        """The series whose highs and lows answer."""
        return self.market.with_ranges(self.asset, self.start_us, self.end_us, self.statement.market_id)

    def why_nothing(self) -> str:
        """Why no series answers."""
        return self.market.why_nothing(self.asset, self.start_us, self.end_us)

    def reading(
        self,
        name: str,
        value: float | None,
        detail: str,
        *,
        fits: bool | None = None,
        unit: str = FRACTION,
        start_us: int | None = None,
        end_us: int | None = None,
        market_id: str | None = None,
    ) -> TriedReading:
        """A reading over the window, or over another stretch where one is given."""
        from_utc = utc_instant(self.start_us if start_us is None else start_us)
        to_utc = utc_instant(self.end_us if end_us is None else end_us)
        return TriedReading(name, from_utc, to_utc, value, unit, fits, market_id, detail)


def cannot_be_told(reason: str) -> Judgement:
    """The judgement that says why there is none."""
    sentence = f"It cannot be told from the data at hand: {reason}."
    return Judgement(StatementVerdict.CANNOT_BE_TOLD, sentence, sentence, (), reason=reason)


def window_words(start_us: int, end_us: int) -> str:
    """in the 24 h to 12 Jun 2026 23:56 UTC; at an instant when it has no length."""
    end = utc_instant(end_us)
    if start_us == end_us:
        return f"at {moment(end)}"
    return f"in the {span(end - utc_instant(start_us))} to {close_moment(end)}"


def moved_words(value: float, from_price: float | None = None, to_price: float | None = None) -> str:
    """rose 12.4% ($1.51 to $1.32)."""
    prices = f" ({price(from_price)} to {price(to_price)})" if from_price is not None and to_price is not None else ""
    if percent(value) == "0":
        return f"did not move{prices}"
    return f"{'rose' if value > 0 else 'fell'} {plain_percent(value, 1)}{prices}"


def tape_words(series: PriceSeries) -> str:
    """BTC/USDT on Binance spot, hourly bars."""
    name = market_name(series.market_id)
    words = f"{name}, {bar_words(series.bar_name)} bars" if series.bar_us else name
    return f"{words}, after funding" if series.is_after_funding else words
