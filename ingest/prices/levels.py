"""Stretches of a series between jumps of its close: runs in another unit that come back, and changes that stay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from warehouse.tables.bars import STORED_SECONDS
from warehouse.tables.contract import UTC
from warehouse.tables.spikes import JUMP_FACTOR
from warehouse.tables.units import count, iso_minute, plain

# A step of this size ends a stretch. What the price itself did beside the fault takes or adds this share of the factor.
STEP_FACTOR = 4.0
_LEAST_FACTOR = 0.95 * JUMP_FACTOR
# Bars between which a move is a jump; over a longer hole in the record a price may have gone anywhere.
REACH_BARS = 49
# Wrong stretches in a row between two that fit.
_MOST_BETWEEN = 8
# What is stored was judged before: it outweighs any file.
_STORED_WEIGHT = 10**9
# A documented change of the unit explains a jump so many days around it, of its ratio within this factor.
_NEAR_CHANGE = timedelta(days=7)
_CHANGE_FACTOR = 2.0
SERIES = ["market_id", "timeframe"]
_KEY = pl.Schema({"market_id": pl.String(), "timeframe": pl.String(), "open_time_utc": UTC})
_RUN = pl.Schema(
    {
        "market_id": pl.String(),
        "timeframe": pl.String(),
        "stretch": pl.Int64(),
        "run_factor": pl.Float64(),
        "run_length": pl.Int64(),
    }
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bars of one series without a jump among them; `row` is where a file has the first of them, None if stored."""

    market_id: str
    timeframe: str
    first_utc: datetime
    last_utc: datetime
    first_quote: float
    last_quote: float
    open_quote: float  # of the first bar; its close where no open is stated
    n_bars: int
    row: int | None = None

    @property
    def weight(self) -> int:
        """How much it is trusted beside others."""
        return self.n_bars + (_STORED_WEIGHT if self.row is None else 0)

    def jump_to(self, later: Stretch) -> float:
        """The first close of a later stretch over the last one of this."""
        return later.first_quote / self.last_quote

    def fits(self, later: Stretch) -> bool:
        """Whether a later stretch of the series goes on where this one ends."""
        return 1 / STEP_FACTOR < self.jump_to(later) < STEP_FACTOR

    def is_far_before(self, later: Stretch) -> bool:
        """Whether the next stretch begins after a hole so long that a price may have gone anywhere."""
        return later.first_utc - self.last_utc > timedelta(seconds=REACH_BARS * STORED_SECONDS[self.timeframe])


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A jump after which the series stays, or before which it had never been, where it is."""

    before: Stretch
    after: Stretch

    @property
    def words(self) -> str:
        """Which row, by how much, for how long."""
        row = "" if self.after.row is None else f"row {count(self.after.row)}, "
        return (
            f"{row}{self.after.market_id} {self.after.timeframe} {iso_minute(self.after.first_utc)}: the close is "
            f"{plain(self.before.jump_to(self.after), 3)} times the bar before ({plain(self.before.last_quote)} to "
            f"{plain(self.after.first_quote)}), and {count(self.after.n_bars)} bars stay there after "
            f"{count(self.before.n_bars)} bars"
        )


def with_stretches(bars: pl.DataFrame) -> pl.DataFrame:
    """`bars` (the key, open_quote, close_quote) in the order of the key, with `stretch`: its number in the series."""
    ordered = bars.sort(*SERIES, "open_time_utc")
    ratio = pl.col("close_quote") / pl.col("close_quote").shift(1)
    reach = pl.duration(
        seconds=REACH_BARS * pl.col("timeframe").replace_strict(STORED_SECONDS, default=0, return_dtype=pl.Int64)
    )
    is_near = pl.col("open_time_utc") - pl.col("open_time_utc").shift(1) <= reach
    is_jump = is_near & ((ratio >= STEP_FACTOR) | (ratio <= 1 / STEP_FACTOR))
    return ordered.with_columns(is_jump.fill_null(value=False).cum_sum().over(SERIES).alias("stretch"))


def list_stretches(bars: pl.DataFrame) -> list[Stretch]:
    """The stretches of every series of `bars`, which may have `row`, in order."""
    opened, close = pl.col("open_time_utc"), pl.col("close_quote")
    row = pl.col("row").first() if "row" in bars.columns else pl.lit(None)
    found = (
        with_stretches(bars)
        .group_by([*SERIES, "stretch"], maintain_order=True)
        .agg(
            opened.first().alias("first"),
            opened.last().alias("last"),
            close.first().alias("first_quote"),
            close.last().alias("last_quote"),
            pl.coalesce("open_quote", close).first().alias("open_quote"),
            pl.len().alias("n_bars"),
            row.alias("row"),
        )
    )
    return [Stretch(*values) for values in found.drop("stretch").iter_rows()]


def ends_of(stretches: Sequence[Stretch]) -> pl.DataFrame:
    """market_id, timeframe, open_time_utc of the first and last bar of each stretch."""
    rows = [(item.market_id, item.timeframe, at) for item in stretches for at in (item.first_utc, item.last_utc)]
    return pl.DataFrame(rows, schema=_KEY, orient="row")


def find_runs(bars: pl.DataFrame) -> pl.DataFrame:
    """The key of every bar in a run that jumps away and comes back, with `run_factor` over the closes beside it."""
    numbered = with_stretches(bars)
    several = numbered.filter((pl.col("stretch").max() > 0).over(SERIES))
    rows = []
    for own in _by_series(list_stretches(several)):
        chain = _main_chain(own)
        for number in range(chain[0], chain[-1]):
            if number not in chain:
                before = own[max(place for place in chain if place < number)]
                after = own[min(place for place in chain if place > number)]
                item = own[number]
                factor = math.sqrt(before.jump_to(item) / item.jump_to(after))
                if _is_large(factor):
                    rows.append((item.market_id, item.timeframe, number, factor, item.n_bars))
    runs = pl.DataFrame(rows, schema=_RUN, orient="row").cast({"stretch": numbered.schema["stretch"]})
    return several.join(runs, on=[*SERIES, "stretch"], how="inner", validate="m:1").select(
        *SERIES, "open_time_utc", "run_factor", "run_length"
    )


def find_level_changes(stretches: Sequence[Stretch]) -> list[LevelChange]:
    """Jumps to another level that stay, from stretches of a file in any order, stored ones among them.

    A run that comes back only after more bars than a price is judged beside is one too. A move that happened inside a
    bar, which opens where the last one closed, is a move: a change of the unit changes the open too.
    """
    changes = []
    for own in _by_series(stretches):
        joined = _joined(own)
        chain = _main_chain(joined)
        for number in range(1, len(joined)):
            is_outside = number <= chain[0] or number > chain[-1]
            is_long = number not in chain and joined[number].n_bars > REACH_BARS
            if is_outside or is_long:
                changes.append(LevelChange(joined[number - 1], joined[number]))
    return [
        change
        for change in changes
        if (change.before.row is not None or change.after.row is not None)
        and _is_large(change.before.jump_to(change.after))
        and _is_large(change.after.open_quote / change.before.last_quote)
    ]


def is_documented(change: LevelChange, markets: pl.DataFrame, assets: pl.DataFrame) -> bool:
    """Whether the registry (core.market, core.asset) dates a change of the asset's unit by about this ratio."""
    base = change.after.market_id.partition(":")[2].partition("/")[0]
    asset = markets.filter(pl.col("market_id") == change.after.market_id)["asset_id"].first() or base
    known = assets.filter(
        (pl.col("asset_id") == asset) | (pl.col("successor_asset_id") == asset),
        pl.col("successor_ratio").is_not_null() & pl.col("valid_to_utc").is_not_null(),
    )
    jump = change.before.jump_to(change.after)
    return any(
        change.before.last_utc - _NEAR_CHANGE <= at <= change.after.first_utc + _NEAR_CHANGE
        and any(1 / _CHANGE_FACTOR < jump / expected < _CHANGE_FACTOR for expected in (ratio, 1 / ratio))
        for at, ratio in known.select("valid_to_utc", "successor_ratio").iter_rows()
    )


def _is_large(factor: float) -> bool:
    return factor >= _LEAST_FACTOR or factor <= 1 / _LEAST_FACTOR


def _by_series(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    found: dict[tuple[str, str], list[Stretch]] = {}
    for item in sorted(stretches, key=lambda item: item.first_utc):
        found.setdefault((item.market_id, item.timeframe), []).append(item)
    return list(found.values())


def _joined(own: Sequence[Stretch]) -> list[Stretch]:
    """Neighbours that fit made one: a file is read in batches."""
    joined = [own[0]]
    for item in own[1:]:
        last = joined[-1]
        if (last.fits(item) or last.is_far_before(item)) and (last.row is None) == (item.row is None):
            last_quote = item.last_quote if item.last_utc > last.last_utc else last.last_quote
            joined[-1] = replace(
                last,
                last_utc=max(last.last_utc, item.last_utc),
                last_quote=last_quote,
                n_bars=last.n_bars + item.n_bars,
            )
        else:
            joined.append(item)
    return joined


def _main_chain(own: Sequence[Stretch]) -> list[int]:
    """Numbers of the stretches that go on from one another and hold most bars, stored ones above all."""
    best = [item.weight for item in own]
    came_from: list[int | None] = [None] * len(own)
    for later in range(len(own)):
        for earlier in range(max(later - 1 - _MOST_BETWEEN, 0), later):
            goes_on = own[earlier].fits(own[later]) or (earlier == later - 1 and own[earlier].is_far_before(own[later]))
            if goes_on and best[earlier] + own[later].weight > best[later]:
                best[later], came_from[later] = best[earlier] + own[later].weight, earlier
    place: int | None = max(range(len(own)), key=best.__getitem__)
    chain: list[int] = []
    while place is not None:
        chain.append(place)
        place = came_from[place]
    return chain[::-1]
