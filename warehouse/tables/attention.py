"""Contracts of attention to AI policy and of how markets answer it."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table

_MARKET_ID = Column("market_id", pl.String, "Market of the token")
_ASSET_ID = Column("asset_id", pl.String, "Asset of market_id")
_TIMEFRAME = Column("timeframe", pl.String, "Bar length: 1h, 4h, 1d")
_REASON = Column("reason", pl.String, "Why a number is absent", is_nullable=True)
_CONVENTIONS = Column("conventions", pl.String, "Estimator, interval, window and return kind, in words")
_AS_OF = Column("data_as_of_utc", UTC, "Close of the last bar used")

ATTENTION = Table(
    "out.attention",
    "Attention to AI policy: relevant coverage over what each outlet's usual share would give; 100 is ordinary.",
    "analysis.together.attention.attention",
    ("frequency", "kind", "subject_id", "start_utc"),
    (
        Column("frequency", pl.String, "hourly, daily or weekly (weeks start on Monday)"),
        Column("kind", pl.String, "all, category, entity or jurisdiction"),
        Column("subject_id", pl.String, "all, or the category, entity or jurisdiction"),
        Column("start_utc", UTC, "Start of the period"),
        Column("attention_index", pl.Float64, "100 x headlines over expected headlines", "100 is ordinary", True),
        Column(
            "attention_index_lower_95",
            pl.Float64,
            "Lower end if headlines came independently (Poisson)",
            is_nullable=True,
        ),
        Column(
            "attention_index_upper_95",
            pl.Float64,
            "Upper end if headlines came independently (Poisson)",
            is_nullable=True,
        ),
        Column("n_headlines", pl.Int64, "Relevant headlines, one per outlet and story"),
        Column("expected_headlines", pl.Float64, "What the outlets' usual shares give for their coverage"),
        Column("n_stories", pl.Int64, "Distinct stories"),
        Column("n_outlets", pl.Int64, "Outlets with a known usual share and coverage in this period"),
        Column("n_coverage", pl.Int64, "All headlines of those outlets"),
        Column("is_outcome", pl.Boolean, "True for price commentary: an effect of prices, never used as a cause"),
    ),
)

ATTENTION_RESPONSE = Table(
    "out.attention_response",
    "How returns, volatility and volume move after attention shocks, and attention after price moves; with placebos.",
    "analysis.together.attention.response",
    ("direction", "method", "subject_id", "market_id", "timeframe", "outcome", "horizon_bars"),
    (
        Column("direction", pl.String, "news_to_market or market_to_news"),
        Column("method", pl.String, "local_projection or distributed_lag"),
        Column("subject_id", pl.String, "Category of attention, or all (price commentary left out)"),
        _MARKET_ID,
        _ASSET_ID,
        _TIMEFRAME,
        Column(
            "outcome",
            pl.String,
            "abnormal_return (beyond Bitcoin, cumulative log points), volatility (mean absolute abnormal return) or "
            "volume (mean log); for market_to_news the cause, and attention is the outcome",
        ),
        Column("horizon_bars", pl.Int64, "Bars after the bar of the shock; 0 is that bar itself, direction unknown"),
        Column("horizon_hours", pl.Float64, "The same in hours", "hours"),
        Column("estimate", pl.Float64, "Response to a shock of one standard deviation", is_nullable=True),
        Column("standard_error", pl.Float64, "Autocorrelation-robust standard error", is_nullable=True),
        Column("lower_95", pl.Float64, "Lower end of the 95 % interval", is_nullable=True),
        Column("upper_95", pl.Float64, "Upper end of the 95 % interval", is_nullable=True),
        Column("p_value", pl.Float64, "Two-sided p from the standard error", is_nullable=True),
        Column(
            "p_adjusted", pl.Float64, "The same, false-discovery rate over all rows of the direction", is_nullable=True
        ),
        Column("placebo_lower_95", pl.Float64, "2.5 % quantile of time-shifted attention", is_nullable=True),
        Column("placebo_upper_95", pl.Float64, "97.5 % quantile of time-shifted attention", is_nullable=True),
        Column("p_placebo", pl.Float64, "Share of time shifts with a response at least as large", is_nullable=True),
        Column("n_placebo", pl.Int64, "Time shifts tried", is_nullable=True),
        Column("n", pl.Int64, "Bars in the regression", "bars"),
        Column("n_shocks", pl.Int64, "Bars whose shock exceeds two standard deviations"),
        _REASON,
        _CONVENTIONS,
        _AS_OF,
    ),
)

ATTENTION_FORECAST = Table(
    "out.attention_forecast",
    "Whether attention predicts anything out of sample beyond a simple benchmark, and what that would be worth.",
    "analysis.together.attention.forecast",
    ("subject_id", "market_id", "timeframe", "outcome", "horizon_bars"),
    (
        Column("subject_id", pl.String, "Category of attention, or all"),
        _MARKET_ID,
        _ASSET_ID,
        _TIMEFRAME,
        Column("outcome", pl.String, "abnormal_return, volatility or volume"),
        Column("horizon_bars", pl.Int64, "Bars ahead"),
        Column("benchmark", pl.String, "Benchmark forecast, in words"),
        Column(
            "clark_west", pl.Float64, "Clark-West statistic; above 1.645 beats the benchmark at 5 %", is_nullable=True
        ),
        Column("p_value", pl.Float64, "One-sided p", is_nullable=True),
        Column("p_adjusted", pl.Float64, "The same, false-discovery rate over all rows", is_nullable=True),
        Column("r2_out_of_sample", pl.Float64, "1 - squared error over the benchmark's", "fraction", True),
        Column(
            "gain_per_year",
            pl.Float64,
            "Certainty-equivalent gain a year of a trader with risk aversion 5 after costs; returns only",
            "fraction",
            True,
        ),
        Column("n", pl.Int64, "Out-of-sample forecasts"),
        Column("n_first_fit", pl.Int64, "Bars of the first fit", "bars"),
        _REASON,
        _CONVENTIONS,
        _AS_OF,
    ),
)
