"""Benchmark series: single coins, baskets of the market, and the other AI tokens."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from analysis.tape.choice import Candidate, choose_market
from warehouse.tables.prices import BENCHMARK

# A basket of fewer members is a bet on single names.
MINIMUM_MEMBERS = 5
# The AI group is small: three others already carry its common move.
MINIMUM_AI_MEMBERS = 3
# Bars whose median quote volume weighs a member of the liquid basket: a month of hours.
LIQUIDITY_BARS = 720
BY_LIQUIDITY = "liquidity_weight"  # a kind of benchmark


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark; `roles` are those of core.asset, `asset_id` names a single coin."""

    benchmark_id: str
    name: str
    kind: str
    definition: str
    roles: tuple[str, ...] = ()
    asset_id: str | None = None
    leaves_out_subject: bool = False
    minimum_members: int = 1


BENCHMARKS = (
    Benchmark("BTC", "Bitcoin", "asset", "log return of Bitcoin's longest series", asset_id="BTC"),
    Benchmark("ETH", "Ether", "asset", "log return of Ether's longest series", asset_id="ETH"),
    Benchmark(
        "BASKET_EQUAL",
        "Equal-weighted market basket",
        "equal_weight",
        "mean log return of the basket's coins that have a bar, at least five",
        roles=("basket",),
        leaves_out_subject=True,
        minimum_members=MINIMUM_MEMBERS,
    ),
    Benchmark(
        "BASKET_LIQUID",
        "Liquidity-weighted market basket",
        BY_LIQUIDITY,
        "log returns weighted by each coin's median quote volume over the 720 bars before, at least five coins",
        roles=("basket",),
        leaves_out_subject=True,
        minimum_members=MINIMUM_MEMBERS,
    ),
    Benchmark(
        "AI_OTHERS",
        "The other AI tokens",
        "equal_weight",
        "mean log return of the AI tokens without the one under study, at least three",
        roles=("ai_token",),
        leaves_out_subject=True,
        minimum_members=MINIMUM_AI_MEMBERS,
    ),
)

BENCHMARK_IDS = tuple(benchmark.benchmark_id for benchmark in BENCHMARKS)


def benchmark_frame() -> pl.DataFrame:
    """The definitions as core.benchmark."""
    rows = [
        {
            "benchmark_id": benchmark.benchmark_id,
            "name": benchmark.name,
            "kind": benchmark.kind,
            "member_roles": ",".join(benchmark.roles),
            "member_asset_id": benchmark.asset_id,
            "leaves_out_subject": benchmark.leaves_out_subject,
            "definition": benchmark.definition,
        }
        for benchmark in BENCHMARKS
    ]
    return BENCHMARK.conform(pl.DataFrame(rows, schema=BENCHMARK.schema))


def represent_assets(candles: pl.DataFrame, markets: pl.DataFrame) -> pl.DataFrame:
    """The candles of the market that stands for each asset, that with the most bars, with its asset_id and role.

    `candles` are of one bar length; `markets` has market_id, asset_id and role: candles of other markets are left out.
    Ties go by the order of venues.
    """
    counts = candles.group_by("market_id").len().join(markets, on="market_id", how="inner", validate="1:1")
    chosen = [
        choose_market(
            [Candidate(market, 0.0, n) for market, n in part.select("market_id", "len").iter_rows()]
        ).market_id
        for part in counts.partition_by("asset_id")
    ]
    kept = candles.filter(pl.col("market_id").is_in(chosen))
    return kept.join(markets, on="market_id", how="inner", validate="m:1", maintain_order="left")


def member_returns(bars: pl.DataFrame, bar_seconds: int, *, has_weights: bool = True) -> pl.DataFrame:
    """asset_id, role, open_time_utc, log_return (log points) and weight of every asset and bar.

    `bars` has asset_id, role, open_time_utc, close_quote and volume_base of one bar length, one market an asset, as
    from `represent_assets`. A return exists only where the bar before is there
    too: nothing is filled. The weight is the median quote volume of the bars before; null without volume, and where
    none is asked for.
    """
    opened = pl.col("open_time_utc")
    is_next = opened - opened.shift(1) == pl.duration(seconds=bar_seconds)
    log_return = pl.when(is_next).then((pl.col("close_quote") / pl.col("close_quote").shift(1)).log())
    quote_volume = pl.col("close_quote") * pl.col("volume_base")
    # The weight is known before the bar: the bar's own volume does not count.
    weight = quote_volume.rolling_median(LIQUIDITY_BARS, min_samples=1).shift(1).over("asset_id")
    return (
        bars.sort("asset_id", "open_time_utc")
        .with_columns(
            log_return.over("asset_id").alias("log_return"),
            (weight if has_weights else pl.lit(None)).alias("weight"),
        )
        .filter(pl.col("log_return").is_not_null())
        .select("asset_id", "role", "open_time_utc", "log_return", "weight")
    )


def benchmark_returns(members: pl.DataFrame, benchmark: Benchmark, subject_asset_id: str | None) -> pl.DataFrame:
    """benchmark_id, open_time_utc, log_return (log points) and n_members of one benchmark, by time.

    `members` is as from `member_returns`. A bar with too few members has no row. Members without volume have no weight
    in the liquid basket. A basket that leaves out the asset under study does so where it is a member.
    """
    if benchmark.asset_id is not None:
        chosen = members.filter(pl.col("asset_id") == benchmark.asset_id)
    else:
        chosen = members.filter(pl.col("role").is_in(benchmark.roles))
    if benchmark.leaves_out_subject and subject_asset_id is not None:
        chosen = chosen.filter(pl.col("asset_id") != subject_asset_id)
    if benchmark.kind == BY_LIQUIDITY:
        chosen = chosen.filter(pl.col("weight") > 0)
        value = (pl.col("log_return") * pl.col("weight")).sum() / pl.col("weight").sum()
    else:
        value = pl.col("log_return").mean()
    return (
        chosen.group_by("open_time_utc")
        .agg(value.alias("log_return"), pl.len().cast(pl.Int64).alias("n_members"))
        .filter(pl.col("n_members") >= benchmark.minimum_members)
        .sort("open_time_utc")
        .select(pl.lit(benchmark.benchmark_id).alias("benchmark_id"), "open_time_utc", "log_return", "n_members")
    )
