"""What the event study says about one market after one event, as readings beside a claim's own."""

from __future__ import annotations

import polars as pl

from analysis.claims.finding import Reading, Weight
from warehouse.tables.units import hours_short, p_value, percent


def study_row(
    studies: pl.DataFrame, event_id: str | None, market_id: str, hours: float, statistic: str
) -> dict[str, object] | None:
    """The row of one statistic of the claim's study over [0, hours), or None when it was not run."""
    rows = studies.filter(
        pl.col("event_id") == (event_id or ""),
        pl.col("market_id") == market_id,
        pl.col("statistic") == statistic,
        (pl.col("window_end_hours") - hours).abs() < 0.01,
        pl.col("window_start_hours").abs() < 0.01,
    )
    return rows.row(0, named=True) if rows.height else None


def study_readings(studies: pl.DataFrame, event_id: str | None, market_id: str, hours: float) -> list[Reading]:
    """The abnormal return with its interval and the placebo rank, where the study has them."""
    readings = []
    car = study_row(studies, event_id, market_id, hours, "car")
    if car is not None and isinstance(car["estimate"], float):
        readings.append(
            Reading(
                reading_id="abnormal",
                description=f"cumulative abnormal return over {hours_short(hours)}; benchmark: {car['benchmark']}",
                weight=Weight.CONTEXT,
                unit="fraction",
                value=car["estimate"],
                detail=f"{percent(car['estimate'])} beyond the benchmark{_interval(car)}",
                market_id=market_id,
            )
        )
    rank = study_row(studies, event_id, market_id, hours, "placebo_rank")
    if rank is not None and isinstance(rank["p_value"], float):
        readings.append(
            Reading(
                reading_id="placebo_rank",
                description="p from the rank among volatility-scaled placebo windows",
                weight=Weight.CONTEXT,
                unit="probability",
                value=rank["p_value"],
                detail=f"{p_value(rank['p_value'], 3)} among {rank['n']} placebo windows",
                market_id=market_id,
            )
        )
    return readings


def _interval(row: dict[str, object]) -> str:
    lower, upper = row["lower_95"], row["upper_95"]
    if not isinstance(lower, float) or not isinstance(upper, float):
        return ""
    return f" (95% interval {percent(lower)} to {percent(upper)})"
