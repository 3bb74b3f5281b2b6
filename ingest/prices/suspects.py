"""Bars that are only wrong beside others: jumps from neighbours or from what is stored, and frozen prices."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ingest.prices.candles import KEY, ROW_SCHEMA, refuse_stored
from ingest.prices.levels import REACH_BARS, SERIES, STEP_FACTOR, find_runs
from ingest.source import Source
from warehouse.tables.bars import SECONDS_PER_DAY, STORED, STORED_SECONDS
from warehouse.tables.spikes import JUMP_FACTOR, spikes

# A close this far from its wider neighbours is of another unit, however many bars in a row are.
_UNIT_FACTOR = 500.0
# Shortest stretch without volume and without a price change that is no trading: a day, and at least five bars.
FROZEN_SECONDS = SECONDS_PER_DAY
FROZEN_BARS = 5
# A verdict is on a bar with this close.
IDENTITY = [*KEY, "close_quote"]


@dataclass(frozen=True, slots=True)
class Suspects:
    """Bars that should not be stored (ROW_SCHEMA), and the same as rows of raw.quarantine."""

    bars: pl.DataFrame
    quarantined: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Earlier verdicts on single bars (ROW_SCHEMA): withheld ones stay out, pardoned ones stay in."""

    withheld: pl.DataFrame
    pardoned: pl.DataFrame

    def extended(self, suspects: Suspects) -> Verdicts:
        """With new suspects among the withheld."""
        if not suspects.bars.height:
            return self
        # Copied value by value: a part of a text column would keep the texts of its whole batch in memory.
        copied = pl.DataFrame(suspects.bars.rows(), schema=ROW_SCHEMA, orient="row")
        return Verdicts(pl.concat([self.withheld, copied]), self.pardoned)


def context_seconds(timeframe: str) -> int:
    """How far around new bars stored ones are needed to judge them."""
    return max(2 * FROZEN_SECONDS, REACH_BARS * STORED_SECONDS[timeframe])


def spans_around(candles: pl.DataFrame) -> pl.DataFrame:
    """Per series of `candles` the first and last bar, and how far around them stored bars are needed."""
    reach = pl.duration(
        seconds=pl.col("timeframe").replace_strict({t: context_seconds(t) for t in STORED}, return_dtype=pl.Int64)
    )
    first, last = pl.col("open_time_utc").min(), pl.col("open_time_utc").max()
    spans = candles.group_by(SERIES).agg(first.alias("first_utc"), last.alias("last_utc"))
    return spans.with_columns(
        (pl.col("first_utc") - reach).alias("from_utc"), (pl.col("last_utc") + reach).alias("to_utc")
    )


def without_withheld(candles: pl.DataFrame, verdicts: Verdicts) -> pl.DataFrame:
    """`candles` less those that were withdrawn before with the same close; a corrected bar passes."""
    return candles.join(verdicts.withheld.select(IDENTITY).unique(), on=IDENTITY, how="anti")


def find_suspects(
    candles: pl.DataFrame,
    around: pl.DataFrame,
    verdicts: Verdicts,
    source: Source,
    differing: pl.DataFrame | None = None,
) -> Suspects:
    """Bars of `candles` and of the stored bars `around` them that should not stand, withheld and pardoned ones aside.

    All frames have at least the columns of ROW_SCHEMA; `differing` has the bars of `candles` that are stored otherwise,
    with `stored_close_quote`. The verdict on a bar depends on its series and on what is stored of itself, not on how
    its bars arrived: withheld bars still count as neighbours.
    """
    series = candles.select(SERIES).unique()
    known = verdicts.withheld.join(series, on=SERIES, how="semi")
    bars = pl.concat([frame.select(*ROW_SCHEMA) for frame in (candles, around, known)])
    judged = _judge(_of_risky_series(bars).unique(KEY, keep="first").sort(KEY))
    settled = pl.concat([verdicts.withheld, verdicts.pardoned]).select(IDENTITY).unique()
    beside = judged.filter(pl.col("reason").is_not_null()).select(*ROW_SCHEMA, "reason", "detail")
    suspect = pl.concat([beside, _far_from_stored(candles, differing)]).unique(IDENTITY, keep="first")
    suspect = suspect.join(settled, on=IDENTITY, how="anti").sort(KEY)
    return Suspects(suspect.select(*ROW_SCHEMA), refuse_stored(suspect, pl.col("reason"), pl.col("detail"), source))


def _is_far(ratio: pl.Expr) -> pl.Expr:
    return (ratio >= JUMP_FACTOR) | (ratio <= 1 / JUMP_FACTOR)


def _far_from_stored(candles: pl.DataFrame, differing: pl.DataFrame | None) -> pl.DataFrame:
    """Bars of `candles` whose stored close is another one by a factor, with reason and detail."""
    stored = candles.select(*IDENTITY, pl.col("close_quote").alias("stored_close_quote")).clear()
    if differing is not None:
        stored = differing.select(*IDENTITY, "stored_close_quote")
    far = stored.filter(_is_far(pl.col("close_quote") / pl.col("stored_close_quote")))
    return candles.join(far, on=IDENTITY, how="inner", validate="1:1").select(
        *ROW_SCHEMA,
        pl.lit("unit_jump").alias("reason"),
        pl.format(
            "the close is {} times the stored one, {}",
            (pl.col("close_quote") / pl.col("stored_close_quote")).round_sig_figs(3),
            "stored_close_quote",
        ).alias("detail"),
    )


def _of_risky_series(bars: pl.DataFrame) -> pl.DataFrame:
    """Bars of series that can hold a suspect at all: prices far apart, or a bar without volume. Most cannot."""
    is_wide = pl.col("close_quote").max() >= STEP_FACTOR * pl.col("close_quote").min()
    risky = bars.group_by(SERIES).agg((is_wide | (pl.col("volume_base") == 0).any()).alias("is_risky"))
    return bars.join(risky.filter("is_risky"), on=SERIES, how="semi")


def _judge(bars: pl.DataFrame) -> pl.DataFrame:
    median = pl.col("close_quote").rolling_median(REACH_BARS, center=True, min_samples=3).over(SERIES)
    ratio = pl.col("close_quote") / median
    is_spike = spikes(pl.col("close_quote"), SERIES)
    is_jump = is_spike | (ratio >= _UNIT_FACTOR) | (ratio <= 1 / _UNIT_FACTOR)
    judged = _with_frozen_runs(bars.with_columns(ratio.alias("ratio"), is_jump.fill_null(False).alias("is_jump")))
    judged = judged.join(find_runs(bars), on=list(KEY), how="left", validate="1:1")
    is_frozen = (pl.col("run_seconds") >= FROZEN_SECONDS) & (pl.col("run_bars") >= FROZEN_BARS)
    jump = pl.format("the close is {} times the median of its neighbours", pl.col("ratio").round_sig_figs(3))
    run = pl.format(
        "one of {} bars in a row {} times the closes before and after them",
        "run_length",
        pl.col("run_factor").round_sig_figs(3),
    )
    is_run = pl.col("run_factor").is_not_null()
    still = pl.format("part of a day or more without volume, the price standing at {}", "close_quote")
    return judged.with_columns(
        pl.when(pl.col("is_jump") | is_run)
        .then(pl.lit("unit_jump"))
        .when(is_frozen)
        .then(pl.lit("frozen"))
        .alias("reason"),
        pl.when(is_run).then(run).when("is_jump").then(jump).otherwise(still).alias("detail"),
    )


def _with_frozen_runs(bars: pl.DataFrame) -> pl.DataFrame:
    """Adds the length of the still stretch a bar is part of: `run_bars`, `run_seconds`; null outside of any."""
    is_still = (
        (pl.col("volume_base") == 0)
        & (pl.coalesce("high_quote", "close_quote") == pl.coalesce("low_quote", "close_quote"))
    ).fill_null(False)
    is_same = is_still & is_still.shift(1) & (pl.col("close_quote") == pl.col("close_quote").shift(1))
    run = (~is_same.over(SERIES).fill_null(False)).cum_sum().alias("run")
    seconds = pl.col("timeframe").replace_strict(STORED_SECONDS, default=0, return_dtype=pl.Int64)
    return bars.with_columns(run, is_still.alias("is_still")).with_columns(
        pl.when("is_still").then(pl.len().over([*SERIES, "run"])).cast(pl.Int64).alias("run_bars"),
        pl.when("is_still").then(pl.len().over([*SERIES, "run"]) * seconds).alias("run_seconds"),
    )
