"""Contracts of what outages and restrictions did to tokens over many events: dose and response, and value as a hedge."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table

_ASSET_ID = Column("asset_id", pl.String, "Token")
_MARKET_ID = Column("market_id", pl.String, "Market the returns come from")
_WINDOW = Column("window_end_hours", pl.Float64, "Length of the window after each event", "hours")
N_EVENTS = Column("n_events", pl.Int64, "Events measured")
_REASON = Column("reason", pl.String, "Why the number is absent, or what weakens it", is_nullable=True)
_CONVENTIONS = Column("conventions", pl.String, "Model, windows, exclusions and inference, in words")
_SPEC_SHA256 = Column("spec_sha256", pl.String, "Hash of the method, the events and the data")
_DATA_AS_OF = Column("data_as_of_utc", UTC, "Close of the last bar used", is_nullable=True)

DOSE_RESPONSE = Table(
    "out.dose_response",
    "Do tokens react to outages, and more to longer, graver ones and those of weightier providers?",
    "analysis.groups.dose_response",
    ("category", "provider", "market_id", "window_end_hours", "dose"),
    (
        Column("category", pl.String, "Kind of event"),
        Column("provider", pl.String, "Entity id of the provider, or all"),
        _ASSET_ID,
        _MARKET_ID,
        _WINDOW,
        Column("dose", pl.String, "none (the mean reaction), duration, severity or provider_weight"),
        Column("dose_unit", pl.String, "What one unit of dose is", is_nullable=True),
        Column("estimate", pl.Float64, "Mean abnormal log return, or its change per unit of dose", "log points", True),
        Column("lower_95", pl.Float64, "Lower end of the 95 % interval, by inverting the placebo", "log points", True),
        Column("upper_95", pl.Float64, "Upper end of the 95 % interval, by inverting the placebo", "log points", True),
        Column("p_value", pl.Float64, "Two-sided p among placebo calendars", is_nullable=True),
        Column("n_placebo", pl.Int64, "Placebo calendars: the same events moved in time together"),
        N_EVENTS,
        Column("n_days", pl.Int64, "Different days on which these events lie"),
        Column("n_excluded", pl.Int64, "Events left out: too near a graver event of another kind, or without data"),
        Column("first_event_utc", UTC, "First event measured", is_nullable=True),
        Column("last_event_utc", UTC, "Last event measured", is_nullable=True),
        _REASON,
        _CONVENTIONS,
        _SPEC_SHA256,
        _DATA_AS_OF,
    ),
)

HEDGE = Table(
    "out.hedge",
    "What a portfolio with a share of a token gained around shocks, and what holding it cost between them.",
    "analysis.groups.hedge",
    ("shock", "market_id", "funded_from", "weight", "window_end_hours"),
    (
        Column("shock", pl.String, "restriction or outage"),
        _ASSET_ID,
        _MARKET_ID,
        Column("funded_from", pl.String, "What was sold for the token: cash, or the benchmark asset"),
        Column("weight", pl.Float64, "Share of the portfolio in the token", "fraction"),
        _WINDOW,
        N_EVENTS,
        Column("n_excluded", pl.Int64, "Shocks without data, or inside the window of the one before"),
        Column("mean_gain", pl.Float64, "Mean gain of the portfolio per shock", "fraction", True),
        Column("lower_95", pl.Float64, "Lower end of the 95 % interval over events", "fraction", True),
        Column("upper_95", pl.Float64, "Upper end of the 95 % interval over events", "fraction", True),
        Column("worst_gain", pl.Float64, "Smallest gain", "fraction", True),
        Column("best_gain", pl.Float64, "Largest gain", "fraction", True),
        Column("hit_rate", pl.Float64, "Share of shocks with a gain", "fraction", True),
        Column("hit_lower_95", pl.Float64, "Lower end of its exact 95 % interval", "fraction", True),
        Column("hit_upper_95", pl.Float64, "Upper end of its exact 95 % interval", "fraction", True),
        Column(
            "between_return_per_year", pl.Float64, "Mean yearly gain outside the windows", "fraction per year", True
        ),
        Column(
            "between_volatility_per_year", pl.Float64, "Yearly volatility of that gain", "fraction per root year", True
        ),
        Column("between_drawdown", pl.Float64, "Deepest fall of that gain from its peak", "fraction", True),
        Column("between_beta", pl.Float64, "Beta of the token on the benchmark outside the windows", is_nullable=True),
        Column("n_between_days", pl.Float64, "Days outside the windows", "days"),
        _REASON,
        _CONVENTIONS,
        _SPEC_SHA256,
        _DATA_AS_OF,
    ),
)
