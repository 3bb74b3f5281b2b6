"""Contract of the measured size and power of every test."""

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
