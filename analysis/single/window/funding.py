"""Studies of what a long position in a perpetual contract earned: returns after funding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from analysis.single.study import PlannedEvent
from analysis.single.window.pair import Pair
from analysis.tape.funding import FundingRecord, is_perpetual, why_no_rates
from analysis.tape.markets import StudyMarkets
from analysis.tape.series import AlignedSeries

PAYMENTS = {
    "event_id": pl.String,
    "market_id": pl.String,
    "window_end_hours": pl.Float64,
    "funding_return": pl.Float64,
    "funding_words": pl.String,
}


def add_funding(markets: StudyMarkets, records: Mapping[str, FundingRecord]) -> StudyMarkets:
    """The markets with the returns of perpetuals after funding, and without perpetuals of which no rate is stored.

    A bar over which funding is not known has no return. Spot markets and benchmarks stay as they are: nobody who holds
    the contract pays the funding of the benchmark.
    """
    series = {
        market_id: tuple(_after(item, records[market_id]) for item in own) if is_perpetual(market_id) else own
        for market_id, own in markets.series.items()
        if not is_perpetual(market_id) or market_id in records
    }
    return replace(markets, series=series)


def missing_funding(markets: StudyMarkets, records: Mapping[str, FundingRecord]) -> list[tuple[str, str]]:
    """(market_id, reason) of the perpetuals of which no rate is stored."""
    without = sorted(name for name in markets.series if is_perpetual(name) and name not in records)
    return [(name, why_no_rates(name)) for name in without]


def list_payments(planned: Iterable[PlannedEvent], records: Mapping[str, FundingRecord]) -> pl.DataFrame:
    """What funding added to a long position over each window of each perpetual: a fraction, null where not known.

    Key (event_id, market_id, window_end_hours); `funding_words` says it, or why it is not known.
    """
    rows = [
        (item.event.event_id, pair.market_id, hours, *_payment(pair, hours, records[pair.market_id]))
        for item in planned
        for pair in item.pairs
        if pair.market_id in records
        for hours in pair.specification.windows_hours
    ]
    return pl.DataFrame(rows, schema=PAYMENTS, orient="row")


def say_payments(results: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """out.study_result rows with `funding_return` and `funding_words`: by how much each is adjusted, or why it is not.

    Rows of other markets than perpetuals have neither; the reason of a row without a number is that of its funding,
    where that is not known.
    """
    said = results.join(payments, on=["event_id", "market_id", "window_end_hours"], how="left", validate="m:1")
    is_unknown = pl.col("funding_words").is_not_null() & pl.col("funding_return").is_null()
    return said.with_columns(
        pl.when(is_unknown & pl.col("reason").is_not_null()).then("funding_words").otherwise("reason").alias("reason"),
        pl.concat_str("conventions", "funding_words", separator="; ", ignore_nulls=True).alias("conventions"),
    )


def _payment(pair: Pair, hours: float, record: FundingRecord) -> tuple[float | None, str]:
    stretch = pair.base_close_us, pair.base_close_us + pair.bars(hours) * pair.series.step_us
    return record.simple_return(*stretch), record.words_of(*stretch)


def _after(series: AlignedSeries, record: FundingRecord) -> AlignedSeries:
    return replace(series, asset=series.asset + record.log_return(series.close_us - series.step_us, series.close_us))
