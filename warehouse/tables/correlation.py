"""Contracts of how tokens move together and with their benchmarks."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.keys import DATA_AS_OF, EVENT_ID

_MARKET_ID = Column("market_id", pl.String, "Market of the token")
OTHER_MARKET_ID = Column("other_market_id", pl.String, "Market it is compared with (for beta: the regressor)")
_ASSET_ID = Column("asset_id", pl.String, "Asset of market_id")
OTHER_ASSET_ID = Column("other_asset_id", pl.String, "Asset of other_market_id; BASKET is the equal-weighted basket")
_TIMEFRAME = Column("timeframe", pl.String, "Bar length: 1h, 4h, 1d")
_REASON = Column("reason", pl.String, "Why a number is absent", is_nullable=True)
_CONVENTIONS = Column("conventions", pl.String, "Estimator, interval, window and return kind, in words")


_INTERVAL = (
    Column("estimate", pl.Float64, "Point estimate, in the unit the measure has", is_nullable=True),
    Column("lower_95", pl.Float64, "Lower end of the 95 % interval", is_nullable=True),
    Column("upper_95", pl.Float64, "Upper end of the 95 % interval", is_nullable=True),
)

CORRELATION_PAIR = Table(
    "out.correlation_pair",
    "How strongly two markets move together over a whole span, by several measures, each with an interval.",
    "analysis.together.moving.dependence",
    ("market_id", "other_market_id", "timeframe", "span_id", "measure"),
    (
        _MARKET_ID,
        OTHER_MARKET_ID,
        _ASSET_ID,
        OTHER_ASSET_ID,
        _TIMEFRAME,
        Column("span_id", pl.String, "all (every common bar) or last_90d"),
        Column("measure", pl.String, "pearson, spearman, kendall, distance or beta (of market_id on other_market_id)"),
        *_INTERVAL,
        Column("n", pl.Int64, "Common bars", "bars"),
        Column("n_effective", pl.Float64, "Independent normal bars they are worth", "bars", True),
        Column("from_utc", UTC, "Open of the first common bar", is_nullable=True),
        Column("to_utc", UTC, "Close of the last common bar", is_nullable=True),
        _REASON,
        _CONVENTIONS,
        DATA_AS_OF,
    ),
)

CORRELATION_ROLLING = Table(
    "out.correlation_rolling",
    "Correlation and beta of a token with a benchmark over a moving window, named by the close of its last bar.",
    "analysis.together.moving.rolling and analysis.together.moving.dcc",
    ("market_id", "other_market_id", "timeframe", "estimator", "window_hours", "close_time_utc"),
    (
        _MARKET_ID,
        OTHER_MARKET_ID,
        _ASSET_ID,
        OTHER_ASSET_ID,
        _TIMEFRAME,
        Column("estimator", pl.String, "rolling, ewma (window_hours is the half-life) or dcc (window_hours is 0)"),
        Column("window_hours", pl.Float64, "Window length", "hours"),
        Column("close_time_utc", UTC, "When the last bar of the window was known"),
        Column("correlation", pl.Float64, "Pearson correlation of log returns", "-1 to 1", True),
        Column("correlation_lower_95", pl.Float64, "Lower end of the 95 % interval", "-1 to 1", True),
        Column("correlation_upper_95", pl.Float64, "Upper end of the 95 % interval", "-1 to 1", True),
        Column("beta", pl.Float64, "Slope of the token's return on the benchmark's", is_nullable=True),
        Column("beta_lower_95", pl.Float64, "Lower end of the 95 % interval", is_nullable=True),
        Column("beta_upper_95", pl.Float64, "Upper end of the 95 % interval", is_nullable=True),
        Column("n", pl.Int64, "Bars present in the window", "bars"),
        Column("n_effective", pl.Float64, "Independent normal bars they are worth", "bars", True),
    ),
)

CORRELATION_EPISODE = Table(
    "out.correlation_episode",
    "Correlation and beta of a token with its benchmark in equal windows before and after an event, and the change.",
    "analysis.together.around.contagion",
    ("event_id", "market_id", "other_market_id", "timeframe", "window_hours"),
    (
        EVENT_ID,
        Column("event_at_utc", UTC, "First public evidence; bars that contain it belong to neither side"),
        _MARKET_ID,
        OTHER_MARKET_ID,
        _ASSET_ID,
        OTHER_ASSET_ID,
        _TIMEFRAME,
        Column("window_hours", pl.Float64, "Length of each side", "hours"),
        Column("before_correlation", pl.Float64, "Correlation before", "-1 to 1", True),
        Column("before_correlation_lower_95", pl.Float64, "Lower end of its 95 % interval", "-1 to 1", True),
        Column("before_correlation_upper_95", pl.Float64, "Upper end of its 95 % interval", "-1 to 1", True),
        Column("after_correlation", pl.Float64, "Correlation after", "-1 to 1", True),
        Column("after_correlation_lower_95", pl.Float64, "Lower end of its 95 % interval", "-1 to 1", True),
        Column("after_correlation_upper_95", pl.Float64, "Upper end of its 95 % interval", "-1 to 1", True),
        Column("change_correlation", pl.Float64, "After minus before", is_nullable=True),
        Column("change_correlation_lower_95", pl.Float64, "Lower end (block bootstrap)", is_nullable=True),
        Column("change_correlation_upper_95", pl.Float64, "Upper end (block bootstrap)", is_nullable=True),
        Column(
            "after_correlation_adjusted",
            pl.Float64,
            "After, had the benchmark been as volatile as before (Forbes and Rigobon 2002)",
            "-1 to 1",
            True,
        ),
        Column("change_adjusted_lower_95", pl.Float64, "Adjusted after minus before, lower end", is_nullable=True),
        Column("change_adjusted_upper_95", pl.Float64, "Adjusted after minus before, upper end", is_nullable=True),
        Column(
            "benchmark_variance_ratio", pl.Float64, "Variance of the benchmark, after over before", is_nullable=True
        ),
        Column("token_variance_ratio", pl.Float64, "Variance of the token, after over before", is_nullable=True),
        Column("before_beta", pl.Float64, "Beta before", is_nullable=True),
        Column("before_beta_lower_95", pl.Float64, "Lower end of its 95 % interval", is_nullable=True),
        Column("before_beta_upper_95", pl.Float64, "Upper end of its 95 % interval", is_nullable=True),
        Column("after_beta", pl.Float64, "Beta after", is_nullable=True),
        Column("after_beta_lower_95", pl.Float64, "Lower end of its 95 % interval", is_nullable=True),
        Column("after_beta_upper_95", pl.Float64, "Upper end of its 95 % interval", is_nullable=True),
        Column("change_beta", pl.Float64, "After minus before", is_nullable=True),
        Column("change_beta_lower_95", pl.Float64, "Lower end (block bootstrap)", is_nullable=True),
        Column("change_beta_upper_95", pl.Float64, "Upper end (block bootstrap)", is_nullable=True),
        Column(
            "placebo_rank",
            pl.Float64,
            "Share of earlier dates whose change of correlation was at least as large, either way",
            "0 to 1",
            True,
        ),
        Column("n_placebo", pl.Int64, "Earlier dates compared with", is_nullable=True),
        Column("n_placebo_independent", pl.Int64, "How many of them do not overlap", is_nullable=True),
        Column("n_before", pl.Int64, "Bars before", "bars"),
        Column("n_after", pl.Int64, "Bars after", "bars"),
        Column("n_effective_before", pl.Float64, "Independent normal bars before", "bars", True),
        Column("n_effective_after", pl.Float64, "Independent normal bars after", "bars", True),
        _REASON,
        _CONVENTIONS,
        DATA_AS_OF,
    ),
)

CORRELATION_CONTAGION = Table(
    "out.correlation_contagion",
    "Correlation with the benchmark in the hours after events of a category against calm hours, with the volatility "
    "adjustment.",
    "analysis.together.around.contagion",
    ("market_id", "other_market_id", "timeframe", "category", "after_hours"),
    (
        _MARKET_ID,
        OTHER_MARKET_ID,
        _ASSET_ID,
        OTHER_ASSET_ID,
        _TIMEFRAME,
        Column("category", pl.String, "Event category, or all"),
        Column("after_hours", pl.Float64, "Hours after an event that count as its aftermath", "hours"),
        Column("n_events", pl.Int64, "Events with bars in their aftermath"),
        Column("n_calm", pl.Int64, "Bars outside every aftermath", "bars"),
        Column("n_after", pl.Int64, "Bars inside an aftermath", "bars"),
        Column("calm_correlation", pl.Float64, "Correlation in calm bars", "-1 to 1", True),
        Column("after_correlation", pl.Float64, "Correlation in aftermath bars", "-1 to 1", True),
        Column("after_correlation_adjusted", pl.Float64, "The same at calm volatility", "-1 to 1", True),
        Column("change", pl.Float64, "Unadjusted after minus calm", is_nullable=True),
        Column("change_lower_95", pl.Float64, "Lower end of its 95 % interval", is_nullable=True),
        Column("change_upper_95", pl.Float64, "Upper end of its 95 % interval", is_nullable=True),
        Column("change_adjusted", pl.Float64, "Adjusted after minus calm", is_nullable=True),
        Column("change_adjusted_lower_95", pl.Float64, "Lower end of its 95 % interval", is_nullable=True),
        Column("change_adjusted_upper_95", pl.Float64, "Upper end of its 95 % interval", is_nullable=True),
        Column("p_value", pl.Float64, "Two-sided p of the adjusted change", is_nullable=True),
        Column("p_adjusted", pl.Float64, "The same, false-discovery rate over all rows", is_nullable=True),
        Column("variance_ratio", pl.Float64, "Variance of the benchmark, aftermath over calm", is_nullable=True),
        _REASON,
        _CONVENTIONS,
        DATA_AS_OF,
    ),
)

CORRELATION_REGIME = Table(
    "out.correlation_regime",
    "Spans in which the correlation with the benchmark held one level; each row after the first begins at a break.",
    "analysis.together.moving.regimes",
    ("market_id", "other_market_id", "timeframe", "regime_number"),
    (
        _MARKET_ID,
        OTHER_MARKET_ID,
        _ASSET_ID,
        OTHER_ASSET_ID,
        _TIMEFRAME,
        Column("regime_number", pl.Int64, "1 is the earliest"),
        Column("start_utc", UTC, "Start of the span; its precision is the block length"),
        Column("end_utc", UTC, "End of the span (exclusive)"),
        Column("correlation", pl.Float64, "Correlation inside the span", "-1 to 1"),
        Column("correlation_lower_95", pl.Float64, "Lower end of its 95 % interval", "-1 to 1", True),
        Column("correlation_upper_95", pl.Float64, "Upper end of its 95 % interval", "-1 to 1", True),
        Column("beta", pl.Float64, "Beta inside the span", is_nullable=True),
        Column("n", pl.Int64, "Bars in the span", "bars"),
        Column("n_blocks", pl.Int64, "Blocks in the span, the observations of the search"),
        Column("block_hours", pl.Float64, "Block length: the precision of a break", "hours"),
        _CONVENTIONS,
        DATA_AS_OF,
    ),
)

CORRELATION_NETWORK = Table(
    "out.correlation_network",
    "Every pair of tokens per period: correlation, beyond-Bitcoin correlation, and whether the spanning tree keeps it.",
    "analysis.together.network",
    ("timeframe", "period_start_utc", "market_id", "other_market_id"),
    (
        _TIMEFRAME,
        Column("period_start_utc", UTC, "Start of the period"),
        Column("period_end_utc", UTC, "End of the period (exclusive)"),
        _MARKET_ID,
        OTHER_MARKET_ID,
        _ASSET_ID,
        OTHER_ASSET_ID,
        Column("correlation", pl.Float64, "Correlation of log returns", "-1 to 1"),
        Column("partial_correlation", pl.Float64, "The same after taking Bitcoin out of both", "-1 to 1", True),
        Column("is_in_tree", pl.Boolean, "Whether the minimum spanning tree of the period keeps this edge"),
        Column("n", pl.Int64, "Common bars", "bars"),
        DATA_AS_OF,
    ),
)

CORRELATION_CLUSTER = Table(
    "out.correlation_cluster",
    "The cluster of each token per period, and its place in the spanning tree.",
    "analysis.together.network",
    ("timeframe", "period_start_utc", "market_id"),
    (
        _TIMEFRAME,
        Column("period_start_utc", UTC, "Start of the period"),
        Column("period_end_utc", UTC, "End of the period (exclusive)"),
        _MARKET_ID,
        _ASSET_ID,
        Column("cluster_number", pl.Int64, "1 is the largest cluster of the period"),
        Column("n_in_cluster", pl.Int64, "Tokens in the cluster"),
        Column("tree_degree", pl.Int64, "Edges of the spanning tree at this token; the hub has most"),
        Column("mean_correlation", pl.Float64, "Mean correlation with the other tokens", "-1 to 1"),
        Column(
            "tree_survival", pl.Float64, "Share of this period's tree edges that the previous tree had", "0 to 1", True
        ),
        DATA_AS_OF,
    ),
)

LEAD_LAG = Table(
    "out.lead_lag",
    "Who moves first in each pair, by several methods, with false-discovery control over all pairs of a method.",
    "analysis.together.leads.order and analysis.together.moving.observations",
    ("market_id", "other_market_id", "timeframe", "method"),
    (
        _MARKET_ID,
        OTHER_MARKET_ID,
        _ASSET_ID,
        OTHER_ASSET_ID,
        _TIMEFRAME,
        Column(
            "method",
            pl.String,
            "cross_correlation (best non-zero lag), granger (past of market_id helps to predict other_market_id, "
            "given Bitcoin where it is neither) or hayashi_yoshida (prices at uneven times; p of a lopsided lead)",
        ),
        Column(
            "lag_hours",
            pl.Float64,
            "cross_correlation, hayashi_yoshida: market_id leads by this (negative: it follows); granger: lags used",
            "hours",
            True,
        ),
        Column("estimate", pl.Float64, "Correlation at that lag; granger: added in-sample R2", is_nullable=True),
        Column("band_95", pl.Float64, "Half width of the 95 % band that covers all lags at once", is_nullable=True),
        Column(
            "p_value", pl.Float64, "p of the strongest lag over all lags tried, or of the Wald test", is_nullable=True
        ),
        Column("p_adjusted", pl.Float64, "p with the false-discovery rate controlled over all pairs", is_nullable=True),
        Column("n", pl.Int64, "Common bars or observations"),
        Column("n_lags_tried", pl.Int64, "Lags examined"),
        _REASON,
        _CONVENTIONS,
        DATA_AS_OF,
    ),
)

LEAD_LAG_PATH = Table(
    "out.lead_lag_path",
    "Cross-correlation of each pair at every lag, with pointwise and simultaneous bands.",
    "analysis.together.leads.leadlag",
    ("market_id", "other_market_id", "timeframe", "lag_hours"),
    (
        _MARKET_ID,
        OTHER_MARKET_ID,
        _ASSET_ID,
        OTHER_ASSET_ID,
        _TIMEFRAME,
        Column("lag_hours", pl.Float64, "market_id leads by this much (negative: it follows)", "hours"),
        Column("correlation", pl.Float64, "Correlation at this lag", "-1 to 1"),
        Column("band_pointwise_95", pl.Float64, "Half width of the band for this lag alone, around 0"),
        Column("band_simultaneous_95", pl.Float64, "Half width of the band for all lags together, around 0"),
        Column("n", pl.Int64, "Pairs of bars", "bars"),
    ),
)
