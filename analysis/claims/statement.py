"""One statement about a market as it is read from words, and what the tape says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What is said: the move, the level, the extreme, the comparison."""

    PERCENT_MOVE = "percent_move"
    SWING = "swing"  # from a low to a later high, or from a high to a later low
    LEVEL_CROSSED = "level_crossed"
    LEVEL_HELD = "level_held"
    N_PERIOD_EXTREME = "n_period_extreme"
    ALL_TIME_EXTREME = "all_time_extreme"
    DRAWDOWN = "drawdown"
    MULTIPLE = "multiple"
    RANGE = "range"
    DIRECTION_ONLY = "direction_only"
    RELATIVE = "relative"
    NOT_BROAD_MOVE = "not_broad_move"
    MOVED_WITH = "moved_with"
    REACTED_TO = "reacted_to"
    LEAD_SUSTAINED = "lead_sustained"
    PREMIUM = "premium"
    INCIDENT = "incident"
    OTHER_QUANTITY = "other_quantity"


class Direction(StrEnum):
    """Which way."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


class Comparator(StrEnum):
    """How a number is meant."""

    EXACT = "exact"  # to the digits quoted
    ABOUT = "about"
    NEARLY = "nearly"
    MORE_THAN = "more_than"  # beyond, in the statement's direction
    AT_LEAST = "at_least"
    UP_TO = "up_to"


class Held(StrEnum):
    """For how much of its window a price is said to have kept to one side of a level."""

    THROUGHOUT = "throughout"  # "has been above", "stayed above"
    AT_THE_END = "at_the_end"  # "is above"
    AT_SOME_TIME = "at_some_time"  # "was briefly above", "was above … at one point"
    UNSAID = "unsaid"  # "was above"


class StatementVerdict(StrEnum):
    """The six answers of DESIGN §10."""

    SUPPORTED = "supported"
    ANOTHER_READING = "another_reading"
    OVERSTATED = "overstated"
    UNDERSTATED = "understated"
    NOT_SUPPORTED = "not_supported"
    CANNOT_BE_TOLD = "cannot_be_told"


@dataclass(frozen=True, slots=True)
class StatedWindow:
    """The stretch of time that is said; `token` as words are filed (`PT24H`, `weekend`, `ytd`, `since_event` …).

    `from_utc` and `to_utc` are None until `resolve_window` has placed the token on the calendar; a window that comes
    with both stays where it is. `is_clipped`: it was said to reach beyond the time of saying.
    """

    token: str
    from_utc: datetime | None = None
    to_utc: datetime | None = None
    is_clipped: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement about one asset; sizes are fractions (a multiple: the factor), prices US dollars.

    `asset` is a registry id, or the name of a declared group. None stands for what was not said.
    """

    asset: str
    kind: Kind
    direction: Direction
    said_at: datetime | None
    size: float | None = None
    size_high: float | None = None
    size_quoted: str | None = None  # as written, for its digits
    price: float | None = None
    price_high: float | None = None
    price_quoted: str | None = None
    comparator: Comparator | None = None
    window: StatedWindow | None = None
    versus: tuple[str, ...] = ()
    peak: float | None = None  # a price that is counted from: a high, a low, where a move began, US dollars
    amount: float | None = None  # a move in US dollars
    as_amount: Comparator | None = None  # how `price` is meant where it may be a move in dollars: "lost $7"
    held: Held | None = None  # of a level with a direction; None is throughout
    quantity: str | None = None  # of `other_quantity`
    event_id: str | None = None
    event_utc: datetime | None = None
    as_of: datetime | None = None  # when an extreme is said to have been set, where not at publication
    is_negated: bool = False
    is_range_bound: bool = False  # of `direction_only` without direction: range-bound or consolidating, not flat
    market_id: str | None = None  # judge on this market and no other
    tolerance: float | None = None  # allowed beside the digits quoted: of a size in its measure, of a level as a share
    within: StatedWindow | None = None  # where an extreme was set, when that is not the day before it was said
    swing_hours: float | None = None  # the most that may lie between the ends of a swing


@dataclass(frozen=True, slots=True)
class TriedReading:
    """One plain reading of a statement: its window, what the tape gives (signed as the asset moved), if it fits."""

    name: str
    from_utc: datetime | None
    to_utc: datetime | None
    value: float | None
    unit: str  # a unit of `warehouse.tables.units`
    fits: bool | None
    market_id: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one statement with its proof; `measured` and `closest_true` are sentences."""

    verdict: StatementVerdict
    measured: str
    closest_true: str
    readings: tuple[TriedReading, ...]
    venues: tuple[TriedReading, ...] = ()  # the same reading on other venues, spot against perpetual
    reason: str | None = None  # why it cannot be told
    is_near_miss: bool = False  # within a tenth of the size, or half a point, of another verdict
