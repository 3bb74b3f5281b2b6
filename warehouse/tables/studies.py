"""Contracts of study results: statistics, paths and exclusions."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.keys import DATA_AS_OF, EVENT_ID, HOURS_AFTER_EVENT, MARKET_ID, OF_PAIR, SPEC_SHA256, STUDY_ID

# The declared study whose windows events are known by.
REACTION_STUDY = "reaction"

_EVENT_ID = Column("event_id", pl.String, "Event; null for a group", is_nullable=True)
_MARKET_ID = Column("market_id", pl.String, "Market; null for a group", is_nullable=True)

STUDY_RESULT = Table(
    "out.study_result",
    "One row per study, subject, window and statistic: a number with its uncertainty, or the reason why there is none.",
    "analysis",
    ("result_id",),
    (
        Column("result_id", pl.String, "sha256 over study, group, event, market, window and statistic"),
        STUDY_ID,
        SPEC_SHA256,
        Column("group_id", pl.String, "event (one event, one market) or a group such as category:outage"),
        _EVENT_ID,
        _MARKET_ID,
        Column("window_start_hours", pl.Float64, "Start of the window after the event", "hours"),
        Column("window_end_hours", pl.Float64, "End of the window after the event (half-open)", "hours"),
        Column("statistic", pl.String, "Statistic id, e.g. raw_return, car, placebo_rank, kp_bmp"),
        Column("estimate", pl.Float64, "The quantity itself (returns are fractions)", "fraction", True),
        Column("standard_error", pl.Float64, "Standard error of the estimate", "fraction", True),
        Column("lower_95", pl.Float64, "Lower end of the 95 % interval", "fraction", True),
        Column("upper_95", pl.Float64, "Upper end of the 95 % interval", "fraction", True),
        Column("value", pl.Float64, "Value of the test statistic", is_nullable=True),
        Column("p_value", pl.Float64, "Two-sided p", is_nullable=True),
        Column(
            "p_adjusted",
            pl.Float64,
            "p adjusted over the study's family, of one event over its windows and tokens (Holm)",
            is_nullable=True,
        ),
        Column(
            "p_false_discovery",
            pl.Float64,
            "The same family by its false-discovery rate under any dependence (Benjamini-Yekutieli); single events only",
            is_nullable=True,
        ),
        Column("n", pl.Int64, "Observations (events, windows or placebos)", is_nullable=True),
        Column("n_effective", pl.Float64, "Independent observations they are worth", is_nullable=True),
        Column(
            "mean_residual_correlation", pl.Float64, "r-bar of calendar-aligned estimation residuals", is_nullable=True
        ),
        Column("n_estimation", pl.Int64, "Bars in the estimation window", "bars", True),
        Column("benchmark", pl.String, "Benchmark in words", is_nullable=True),
        Column("conventions", pl.String, "Model, estimation window, return kind, timing rule, in words"),
        Column("reason", pl.String, "Why the number is absent", is_nullable=True),
        DATA_AS_OF,
    ),
)

STUDY_PATH = Table(
    "out.study_path",
    "Abnormal and cumulative paths around an event, bar by bar, with placebo bands.",
    "analysis",
    ("study_id", "event_id", "market_id", "close_time_utc"),
    (
        *OF_PAIR,
        Column("close_time_utc", UTC, "When the bar's close was known"),
        HOURS_AFTER_EVENT,
        Column("close_quote", pl.Float64, "Close", "quote currency", True),
        Column(
            "raw_return", pl.Float64, "Cumulative simple return since the last close before the event", "fraction", True
        ),
        Column("expected_return", pl.Float64, "Cumulative expected simple return", "fraction", True),
        Column("abnormal_return", pl.Float64, "Abnormal log return of this bar", "log points", True),
        Column(
            "car",
            pl.Float64,
            "Cumulative abnormal log return since the event (before it: back from it)",
            "log points",
            True,
        ),
        Column("band_50_lower", pl.Float64, "Placebo quantile 25 %", "log points", True),
        Column("band_50_upper", pl.Float64, "Placebo quantile 75 %", "log points", True),
        Column("band_80_lower", pl.Float64, "Placebo quantile 10 %", "log points", True),
        Column("band_80_upper", pl.Float64, "Placebo quantile 90 %", "log points", True),
        Column("band_95_lower", pl.Float64, "Placebo quantile 2.5 %", "log points", True),
        Column("band_95_upper", pl.Float64, "Placebo quantile 97.5 %", "log points", True),
    ),
)

PLACEBO = Table(
    "out.placebo",
    "The placebo windows behind a rank: the same measure at ordinary times.",
    "analysis.single.window.placebo",
    ("study_id", "event_id", "market_id", "window_end_hours", "placebo_start_utc"),
    (
        *OF_PAIR,
        Column("window_end_hours", pl.Float64, "Length of the window", "hours"),
        Column("placebo_start_utc", UTC, "Where the placebo window starts"),
        Column("car", pl.Float64, "CAR of that window", "log points"),
        Column("car_scaled", pl.Float64, "The same, scaled to the volatility at the event", "log points"),
    ),
)

EXCLUSION = Table(
    "out.study_exclusion",
    "Events and markets a study left out, with the reason.",
    "analysis",
    ("study_id", "event_id", "market_id"),
    (
        STUDY_ID,
        EVENT_ID,
        MARKET_ID,
        Column("reason", pl.String, "Why, in words"),
    ),
)

INCLUSION = Table(
    "out.inclusion",
    "The mean reaction of one kind of event under every rule of which events count.",
    "analysis.groups.inclusion",
    ("study_id", "group_id", "window_end_hours", "rule_id"),
    (
        STUDY_ID,
        SPEC_SHA256,
        Column("group_id", pl.String, "Kind of event, e.g. category:outage"),
        Column("window_end_hours", pl.Float64, "End of the window after the event (half-open)", "hours"),
        Column("rule_id", pl.String, "The choices in short, unique per kind"),
        Column("rank", pl.Int64, "Place by estimate, smallest first", is_nullable=True),
        Column("least_severity", pl.Int64, "Events of at least this severity; 1: any, unknown too"),
        Column("least_outlets", pl.Int64, "Events that so many outlets carry; 1: any, unknown too"),
        Column("precision", pl.String, "any, or hour known"),
        Column("origin", pl.String, "all, curated (ledgers) or mechanical (detected, incidents)"),
        Column("days_apart", pl.Float64, "Of events closer together than this the earlier one counts", "days"),
        Column("masking", pl.String, "Whether estimation leaves out the hours after other events"),
        Column("left_out_event_id", pl.String, "The one event left out", is_nullable=True),
        Column("n_events", pl.Int64, "Events that count"),
        Column("n_pairs", pl.Int64, "Pairs of event and token"),
        Column("estimate", pl.Float64, "Mean abnormal return over the window", "fraction", True),
        Column("standard_error", pl.Float64, "Standard error that knows of dependence", "fraction", True),
        Column("lower_95", pl.Float64, "Lower end of the 95 % interval", "fraction", True),
        Column("upper_95", pl.Float64, "Upper end of the 95 % interval", "fraction", True),
        Column("p_value", pl.Float64, "Two-sided, this rule alone", is_nullable=True),
        Column("is_significant", pl.Boolean, "p below 0.05", is_nullable=True),
        Column("is_headline", pl.Boolean, "The main study's rule: every event counts, others masked"),
        DATA_AS_OF,
    ),
)
