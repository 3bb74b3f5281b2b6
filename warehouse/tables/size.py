"""Contracts of the measured size and power of tests, and of the interval of one event."""

import polars as pl

from warehouse.tables.contract import Column, Table

TEST_SIZE = Table(
    "out.test_size",
    "How often each test rejects at random dates, where nothing happened or a known effect was planted.",
    "analysis.engine.size, by `aftershock study size --save`",
    ("scenario", "statistic", "level", "effect_sd", "n_events", "window_bars"),
    (
        Column("scenario", pl.String, "Simulated market or real returns, in words"),
        Column("statistic", pl.String, "Statistic id"),
        Column("level", pl.Float64, "Nominal level", "fraction"),
        Column(
            "effect_sd", pl.Float64, "Planted abnormal return per bar; 0 measures size", "residual standard deviations"
        ),
        Column("dependence", pl.String, "What the test declares about dependence between events"),
        Column("n_events", pl.Int64, "Events of one replication"),
        Column("window_bars", pl.Int64, "Length of the event window", "bars"),
        Column("estimation_bars", pl.Int64, "Length of the estimation window", "bars"),
        Column("n_replications", pl.Int64, "Replications with a p-value"),
        Column("n_absent", pl.Int64, "Replications without one"),
        Column("rejection", pl.Float64, "Share of replications with p at or below the level", "fraction", True),
        Column("lower_95", pl.Float64, "Lower end of the Monte-Carlo band", "fraction", True),
        Column("upper_95", pl.Float64, "Upper end of the Monte-Carlo band", "fraction", True),
        Column("seed", pl.Int64, "Seed of the run"),
    ),
)

SINGLE_SIZE = Table(
    "out.single_size",
    "How often the interval of one event covers what was planted and its rank rejects, in calm and wild simulated markets.",
    "analysis.single.size, by `aftershock study size --single --save`",
    ("scenario", "window_hours", "measure"),
    (
        Column("scenario", pl.String, "What is special about the market around the event, in words"),
        Column("window_hours", pl.Float64, "Length of the event window", "hours"),
        Column(
            "measure",
            pl.String,
            "covers (headline interval), covers_inside (from inside the window, mean of markets without and with the effect), covers_either (the one the row points "
            "to), covers_month (month's volatility), covers_betas, rejects (rank, nothing planted), finds (rank, 15 log "
            "percent planted), says_restless (the row names a burst or a far benchmark), width (of the headline over the "
            "month's t interval)",
        ),
        Column("estimate", pl.Float64, "Share of replications; for width the median ratio", "fraction", True),
        Column(
            "lower_95", pl.Float64, "Lower end of the Monte-Carlo band; for width the 2.5 % quantile", "fraction", True
        ),
        Column(
            "upper_95", pl.Float64, "Upper end of the Monte-Carlo band; for width the 97.5 % quantile", "fraction", True
        ),
        Column("n_replications", pl.Int64, "Simulated markets"),
        Column("seed", pl.Int64, "Seed of the run"),
    ),
)
