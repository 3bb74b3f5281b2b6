"""Contracts of what one event says on its own: timing, jumps, counterfactuals, specification curve."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.keys import (
    ASSET_ID,
    DATA_AS_OF,
    EVENT_ID,
    HOURS_AFTER_EVENT,
    OF_PAIR,
    SPEC_SHA256,
    STUDY_ID,
)

REACTION_TIME = Table(
    "out.reaction_time",
    "When a market first moved abnormally after an event, what it did before and after, and who moved first.",
    "analysis.single.timing.reaction_time",
    ("study_id", "event_id", "market_id"),
    (
        *OF_PAIR,
        Column("bar_hours", pl.Float64, "Length of the bars, which bounds every time below", "hours"),
        Column("first_bar_open_utc", UTC, "Open of the first significant abnormal bar", is_nullable=True),
        Column("first_bar_close_utc", UTC, "Its close: the market moved in between", is_nullable=True),
        Column(
            "first_bar_open_hours",
            pl.Float64,
            "Open of that bar after the event (negative: the event fell into it)",
            "hours",
            True,
        ),
        Column("first_bar_close_hours", pl.Float64, "Close of that bar after the event", "hours", True),
        Column("first_bar_return", pl.Float64, "Abnormal log return of that bar", "log points", True),
        Column("first_bar_statistic", pl.Float64, "Lee–Mykland statistic of that bar, signed", is_nullable=True),
        Column(
            "critical_value",
            pl.Float64,
            "What the largest of the searched bars passes by chance once in twenty",
            is_nullable=True,
        ),
        Column(
            "critical_basis",
            pl.String,
            "What the critical value rests on: Lee–Mykland, or the largest bars of earlier windows",
        ),
        Column("n_searched", pl.Int64, "Bars searched after the event", "bars"),
        Column(
            "onset_open_utc",
            UTC,
            "Open of the unbroken run of same-sign abnormal bars that ends in the first significant one",
            is_nullable=True,
        ),
        Column("quiet_hours", pl.Float64, "From the event to the onset", "hours", True),
        Column("quiet_car", pl.Float64, "CAR over those quiet hours", "log points", True),
        Column("drift_before", pl.Float64, "CAR over the 24 hours before the event (leak)", "log points", True),
        Column(
            "drift_before_z",
            pl.Float64,
            "The same over its standard deviation at the event's volatility",
            is_nullable=True,
        ),
        Column("drift_after", pl.Float64, "CAR over the 24 hours after the first significant bar", "log points", True),
        Column(
            "drift_after_z",
            pl.Float64,
            "The same over its standard deviation at the event's volatility",
            is_nullable=True,
        ),
        Column("drift_word", pl.String, "went on (under-reaction), reversed, held, no reaction, not measured"),
        Column(
            "peak_hours",
            pl.Float64,
            "Largest CAR in the direction of the first bar: hours after the event",
            "hours",
            True,
        ),
        Column("peak_car", pl.Float64, "CAR there", "log points", True),
        Column(
            "half_life_hours",
            pl.Float64,
            "From the peak until half of it was gone; null when not within the data",
            "hours",
            True,
        ),
        Column(
            "false_alarm_share",
            pl.Float64,
            "Share of placebo windows of the same length in which a bar passes the same test",
            "fraction",
            True,
        ),
        Column("n_placebo", pl.Int64, "Those placebo windows, not overlapping", is_nullable=True),
        Column(
            "mover_rank",
            pl.Int64,
            "Place among the markets that reacted, by close of the first significant bar",
            is_nullable=True,
        ),
        Column(
            "lag_lower_hours",
            pl.Float64,
            "Least lag behind the first mover that the bars allow (negative: order not proven)",
            "hours",
            True,
        ),
        Column("lag_upper_hours", pl.Float64, "Greatest lag behind the first mover that the bars allow", "hours", True),
        Column(
            "is_order_proven",
            pl.Boolean,
            "Whether the bars prove that this market was not first (true for the first)",
            is_nullable=True,
        ),
        Column("finding", pl.String, "The result in words"),
        DATA_AS_OF,
    ),
)

JUMP = Table(
    "out.jump",
    "Bars around an event that a path without jumps would hardly print (Lee–Mykland).",
    "analysis.single.timing.jumps",
    ("study_id", "event_id", "market_id", "close_time_utc"),
    (
        *OF_PAIR,
        Column("close_time_utc", UTC, "Close of the bar"),
        HOURS_AFTER_EVENT,
        Column("log_return", pl.Float64, "Return of the bar", "log points"),
        Column("abnormal_return", pl.Float64, "Abnormal part of it", "log points", True),
        Column("local_volatility", pl.Float64, "Jump-robust volatility before the bar", "log points per bar"),
        Column("statistic", pl.Float64, "Return over local volatility"),
        Column("p_value", pl.Float64, "Chance that the largest of the tested bars is as large without a jump"),
        Column("n_tested", pl.Int64, "Bars tested", "bars"),
        DATA_AS_OF,
    ),
)

TIMING_BAND = Table(
    "out.timing_band",
    "The same measure from every bar in which the event may have become public, and from each known announcement.",
    "analysis.single.timing.band",
    ("study_id", "event_id", "market_id", "window_end_hours", "anchor_utc"),
    (
        *OF_PAIR,
        Column("window_end_hours", pl.Float64, "Length of the window", "hours"),
        Column("anchor_utc", UTC, "Last close before the assumed time: the window starts here"),
        Column("is_best", pl.Boolean, "Whether this is the start the study uses"),
        Column("raw_return", pl.Float64, "Simple return over the window", "fraction", True),
        Column("car", pl.Float64, "Abnormal return over the window", "fraction", True),
        Column("lower_95", pl.Float64, "Lower end of its 95 % interval", "fraction", True),
        Column("upper_95", pl.Float64, "Upper end of its 95 % interval", "fraction", True),
        Column("reason", pl.String, "Why the number is absent", is_nullable=True),
        DATA_AS_OF,
    ),
)

COUNTERFACTUAL = Table(
    "out.counterfactual",
    "Where the price would have gone without the event, by method, beside where it went.",
    "analysis.single",
    ("study_id", "event_id", "market_id", "method", "close_time_utc"),
    (
        *OF_PAIR,
        Column("method", pl.String, "state_space or synthetic_control"),
        Column("close_time_utc", UTC, "When the bar's close was known"),
        HOURS_AFTER_EVENT,
        Column("raw_return", pl.Float64, "Simple return since the last close before the event", "fraction"),
        Column("expected_return", pl.Float64, "The same without the event", "fraction"),
        Column("lower_95", pl.Float64, "Lower end of the forecast interval", "fraction", True),
        Column("upper_95", pl.Float64, "Upper end of the forecast interval", "fraction", True),
        DATA_AS_OF,
    ),
)

SPECIFICATION = Table(
    "out.specification",
    "One event measured under every sensible combination of choices.",
    "analysis.single.choices.curve",
    ("study_id", "event_id", "asset_id", "specification_id"),
    (
        STUDY_ID,
        SPEC_SHA256,
        EVENT_ID,
        ASSET_ID,
        Column("specification_id", pl.String, "The choices in short, unique per event and asset"),
        Column("rank", pl.Int64, "Place by estimate, smallest first"),
        Column("market_id", pl.String, "Venue"),
        Column("bar_hours", pl.Float64, "Bar length", "hours"),
        Column("model", pl.String, "raw, mean_adjusted, market_adjusted, market_model, market_model_drift"),
        Column("benchmark", pl.String, "Benchmark asset, or none"),
        Column("estimation_days", pl.Float64, "Estimation window", "days"),
        Column("return_kind", pl.String, "log or simple"),
        Column("timing_rule", pl.String, "Start: private, first_report, statement, latest, ..."),
        Column("window_hours", pl.Float64, "Window", "hours"),
        Column("estimate", pl.Float64, "Abnormal return over the window", "fraction"),
        Column("standard_error", pl.Float64, "Prediction-error standard deviation", "fraction"),
        Column("p_value", pl.Float64, "Two-sided, this specification alone"),
        Column("is_significant", pl.Boolean, "p below 0.05"),
        Column("is_headline", pl.Boolean, "The choices of the main study"),
        DATA_AS_OF,
    ),
)

SPECIFICATION_SUMMARY = Table(
    "out.specification_summary",
    "What all specifications of one event say together, and how often ordinary dates say as much.",
    "analysis.single.choices.curve",
    ("study_id", "event_id", "asset_id"),
    (
        STUDY_ID,
        SPEC_SHA256,
        EVENT_ID,
        ASSET_ID,
        Column("n_specifications", pl.Int64, "Specifications with an estimate of their own that the record can fill"),
        Column("share_significant", pl.Float64, "Share with p below 0.05 and the median's sign", "fraction"),
        Column("median_estimate", pl.Float64, "Median abnormal return", "fraction"),
        Column("smallest_estimate", pl.Float64, "Smallest", "fraction"),
        Column("largest_estimate", pl.Float64, "Largest", "fraction"),
        Column("share_same_sign", pl.Float64, "Share with the median's sign", "fraction"),
        Column("p_median", pl.Float64, "Placebo dates with a median at least as far from zero", is_nullable=True),
        Column(
            "p_share_significant", pl.Float64, "Placebo dates with at least that share significant", is_nullable=True
        ),
        Column(
            "p_average_z", pl.Float64, "Placebo dates with an average z at least as far from zero", is_nullable=True
        ),
        Column("n_placebo", pl.Int64, "Placebo dates"),
        Column("n_placebo_independent", pl.Float64, "Dates whose longest windows do not overlap"),
        Column("finding", pl.String, "The result in words"),
        DATA_AS_OF,
    ),
)
