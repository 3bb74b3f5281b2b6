"""One market's bars over one stretch of time: chosen, complete, and asked for prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.tape.choice import Candidate, Preference
from warehouse.tables.bars import BAR_LENGTHS, HOUR, MICROSECONDS_PER_SECOND, bar_length, parse_bar
from warehouse.tables.units import iso_day, iso_minute

# How far back windows are compared with: the longest stretch that still looks like the market at the event.
HISTORY_DAYS = 180.0
# A stretch shorter than this many bars says too little about what happened inside it.
LEAST_BARS = 2

Floats = npt.NDArray[np.float64]
Choice = tuple[str, str]  # market and bar length that stand for an asset at an event


@dataclass(frozen=True, slots=True)
class Absence:
    """Why there are no prices, in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Swing:
    """A rise between two bars: prices, the bars' opens, and the least and most time it can have taken."""

    rise: float
    from_price: float
    to_price: float
    from_bar: datetime
    to_bar: datetime
    least_hours: float
    most_hours: float


@dataclass(frozen=True, slots=True)
class Tape:
    """The bars of one market, without a gap; times are opens, a close is known one bar length later."""

    market_id: str
    timeframe: str
    opens_at: tuple[datetime, ...]
    closes_us: npt.NDArray[np.int64]  # when each close was known, microseconds since 1970
    highs: Floats
    lows: Floats
    closes: Floats
    has_ranges: bool

    @property
    def bar(self) -> timedelta:
        """Length of a bar."""
        return bar_length(self.timeframe)

    @property
    def bar_hours(self) -> float:
        """Length of a bar in hours."""
        return self.bar / HOUR

    def index_closed_by(self, at: datetime) -> int:
        """Position of the last bar whose close was known at `at`; -1 when none was."""
        return int(np.searchsorted(self.closes_us, _micros(at), side="right")) - 1

    def close_time(self, index: int) -> datetime:
        """When the close of a bar was known."""
        return self.opens_at[index] + self.bar

    def within(self, start: datetime, end: datetime) -> slice:
        """Positions of the bars that close after `start` and no later than `end`."""
        return slice(self.index_closed_by(start) + 1, self.index_closed_by(end) + 1)


def candles_by_asset(candles: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Candles with an asset_id column, split once so that each question touches one asset's rows."""
    parts = candles.partition_by("asset_id", as_dict=True)
    return {str(key[0]): frame for key, frame in parts.items()}


def select_tape(
    candles: pl.DataFrame,
    asset_id: str,
    start: datetime,
    end: datetime,
    market_id: str | None = None,
    finest_hours: float = 0.0,
    chosen: Choice | None = None,
) -> Tape | Absence:
    """The series that stands for an asset from the last close by `start` to the last close by `end`.

    The market that was `chosen` at the event comes first, on bars at least as fine as those it was chosen on; else the
    rule of choice decides among the complete series. `candles` are the core.candle rows of that asset; bars shorter
    than `finest_hours` are passed over, so that two assets can be set side by side on equal bars. Absence says what is
    stored instead.
    """
    mine = candles.filter(pl.col("timeframe").is_in([bar.name for bar in BAR_LENGTHS if bar.hours >= finest_hours]))
    if market_id is not None:
        mine = mine.filter(pl.col("market_id") == market_id)
    series = mine.group_by("market_id", "timeframe").len().rows()
    for market, timeframe, _ in sorted(series, key=lambda row: _preference(row[0], row[1], row[2], chosen)):
        bars = mine.filter(pl.col("market_id") == market, pl.col("timeframe") == timeframe)
        tape = _complete_tape(bars, market, timeframe, start, end)
        if tape is not None:
            return tape
    return Absence(_why_nothing(mine, asset_id, start, end))


def steepest_rise(tape: Tape, start: datetime, end: datetime, hours: float) -> Swing | None:
    """The largest rise from a bar's low to the high of a later bar that opens at most `hours` after it."""
    return _steepest(tape, tape.lows, tape.highs, start, end, hours, is_close=False)


def steepest_close_rise(tape: Tape, start: datetime, end: datetime, hours: float) -> Swing | None:
    """The largest rise from one close to a close at most `hours` later."""
    return _steepest(tape, tape.closes, tape.closes, start, end, hours, is_close=True)


def earlier_windows(
    candles: pl.DataFrame, tape: Tape, before: datetime, hours: float, days: float = HISTORY_DAYS
) -> pl.DataFrame:
    """Simple returns over `hours` in the tape's market, one per bar, of all windows that end by `before`.

    Columns open_time_utc (of the bar whose close begins the window) and simple_return. Windows overlap; one with a gap
    at either end is left out. At most `days` back.
    """
    bars = candles.filter(
        pl.col("market_id") == tape.market_id,
        pl.col("timeframe") == tape.timeframe,
        pl.col("open_time_utc") <= before - tape.bar,
        pl.col("open_time_utc") >= before - timedelta(days=days),
    ).select("open_time_utc", "close_quote")
    ends = bars.select((pl.col("open_time_utc") - timedelta(hours=hours)).alias("open_time_utc"), end="close_quote")
    pairs = bars.join(ends, on="open_time_utc", how="inner", validate="1:1").sort("open_time_utc")
    return pairs.select("open_time_utc", (pl.col("end") / pl.col("close_quote") - 1.0).alias("simple_return"))


def earlier_returns(candles: pl.DataFrame, tape: Tape, before: datetime, hours: float) -> Floats:
    """The returns of `earlier_windows`, in time order."""
    return earlier_windows(candles, tape, before, hours)["simple_return"].to_numpy()


def _steepest(
    tape: Tape, bottoms: Floats, tops: Floats, start: datetime, end: datetime, hours: float, *, is_close: bool
) -> Swing | None:
    chosen = tape.within(start, end)
    low, high = bottoms[chosen], tops[chosen]
    reach = int(hours / tape.bar_hours + 1e-9)
    best: tuple[float, int, int] | None = None
    for lag in range(1, min(reach, low.size - 1) + 1):
        rises = high[lag:] / low[:-lag] - 1.0
        at = int(np.argmax(rises))
        if best is None or rises[at] > best[0]:
            best = (float(rises[at]), at, at + lag)
    if best is None:
        return None
    rise, i, j = best
    first, last = tape.opens_at[chosen.start + i], tape.opens_at[chosen.start + j]
    nominal, bar = (last - first) / HOUR, tape.bar_hours
    slack = 0.0 if is_close else bar
    return Swing(rise, float(low[i]), float(high[j]), first, last, nominal - slack, nominal + slack)


def _complete_tape(bars: pl.DataFrame, market: str, timeframe: str, start: datetime, end: datetime) -> Tape | None:
    bar = bar_length(timeframe)
    closes_at = pl.col("open_time_utc") + bar
    inside = bars.filter(closes_at > start - bar, closes_at <= end).sort("open_time_utc")
    if inside.height < LEAST_BARS:
        return None
    opens = inside["open_time_utc"].to_list()
    expected = int((end - opens[0] - bar) / bar) + 1
    if opens[0] + bar > start or inside.height != expected:
        return None
    closes = inside["close_quote"]
    return Tape(
        market_id=market,
        timeframe=timeframe,
        opens_at=tuple(opens),
        closes_us=np.array([_micros(at + bar) for at in opens], dtype=np.int64),
        highs=inside.select(pl.coalesce("high_quote", "close_quote"))["high_quote"].to_numpy(),
        lows=inside.select(pl.coalesce("low_quote", "close_quote"))["low_quote"].to_numpy(),
        closes=closes.to_numpy(),
        has_ranges=not inside["high_quote"].has_nulls(),
    )


def _preference(market: str, timeframe: str, n: int, chosen: Choice | None) -> tuple[bool, Preference]:
    hours = parse_bar(timeframe).hours
    is_chosen = chosen is not None and market == chosen[0] and hours <= parse_bar(chosen[1]).hours
    return not is_chosen, Candidate(market, hours, n).preference


def _why_nothing(mine: pl.DataFrame, asset_id: str, start: datetime, end: datetime) -> str:
    wanted = f"{iso_minute(start)} to {iso_minute(end)} UTC"
    if not mine.height:
        return f"no candles of {asset_id} are stored"
    stored = mine.group_by("market_id", "timeframe").agg(
        pl.col("open_time_utc").min().alias("first"), pl.col("open_time_utc").max().alias("last")
    )
    spans = [
        f"{row['market_id']} {row['timeframe']} {iso_day(row['first'])} to {iso_day(row['last'])}"
        for row in stored.sort("market_id", "timeframe").iter_rows(named=True)
    ]
    shown = "; ".join(spans[:3]) + (f" and {len(spans) - 3} more" if len(spans) > 3 else "")
    return f"no complete candles of {asset_id} from {wanted}; stored: {shown}"


def _micros(at: datetime) -> int:
    return int(at.timestamp() * MICROSECONDS_PER_SECOND)
