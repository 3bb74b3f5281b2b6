"""Measure the claim that a kind of news, and more of it, lifts an asset: over all events of that kind."""

from __future__ import annotations

import polars as pl

from analysis.claims.finding import Finding, Reading, Weight, unknown
from analysis.claims.language import Premium
from analysis.claims.statement import StatementVerdict
from warehouse.tables.units import ascii_number, day, hours_short, listing, log_percent

LOG_POINTS = "log points"


def measure_premium(claim: Premium, responses: pl.DataFrame) -> Finding:
    """The mean reaction to such events (decisive) and its growth with duration, severity and provider (alternatives).

    A reading holds when its estimate lies on the claimed side and its 95 % interval, from placebo calendars, leaves
    zero out. Supported when the mean does, overstated when no growth that was
    measured does with it; another reading when only a growth does. `responses`: out.dose_response.
    """
    rows = responses.filter(
        pl.col("category") == claim.category,
        pl.col("asset_id") == claim.asset,
        pl.col("provider") == "all",
        pl.col("window_end_hours") == claim.hours,
    )
    means = rows.filter(pl.col("dose") == "none").rows(named=True)
    if not means:
        what = f"{claim.category} events over {hours_short(claim.hours)}"
        reason = f"no market of {claim.asset} beside its benchmark to measure {what}"
        return unknown(reason, 0.0, LOG_POINTS)
    mean = means[0]
    if mean["estimate"] is None or mean["lower_95"] is None or mean["n_events"] < claim.least_events:
        reason = mean["reason"] or f"{mean['n_events']} events; at least {claim.least_events} are needed"
        return unknown(f"{claim.asset}, {claim.category} events: {reason}", 0.0, LOG_POINTS)
    readings = [
        _reading(row, claim, Weight.DECISIVE if row["dose"] == "none" else Weight.ALTERNATIVE)
        for row in rows.sort("dose").iter_rows(named=True)
    ]
    others = responses.filter(
        pl.col("category") == claim.category,
        pl.col("asset_id") == claim.asset,
        pl.col("provider") == "all",
        pl.col("dose") == "none",
        pl.col("window_end_hours") != claim.hours,
    ).sort("window_end_hours")
    readings += [_reading(row, claim, Weight.CONTEXT) for row in others.iter_rows(named=True)]
    readings.sort(key=lambda reading: list(Weight).index(reading.weight))
    slopes = [r.detail for r in readings if r.weight is Weight.ALTERNATIVE and r.value is not None]
    dates = f"{day(mean['first_event_utc'])} to {day(mean['last_event_utc'])}"
    scope = f"{mean['n_events']} events on {mean['n_days']} days, {dates}"
    tail = f"; {listing(slopes)}" if slopes else ""
    statement = f"{readings[0].detail} ({scope}){tail}."
    return Finding(
        _verdict(readings),
        tuple(readings),
        f"{readings[0].detail} ({scope})",
        statement,
        0.0,
        LOG_POINTS,
        n_comparable=mean["n_placebo"],
        data_as_of=mean["data_as_of_utc"],
    )


def _verdict(readings: list[Reading]) -> StatementVerdict:
    growths = [item.is_satisfied for item in readings if item.weight is Weight.ALTERNATIVE and item.value is not None]
    if any(reading.is_satisfied for reading in readings if reading.weight is Weight.DECISIVE):
        return StatementVerdict.OVERSTATED if growths and not any(growths) else StatementVerdict.SUPPORTED
    return StatementVerdict.ANOTHER_READING if any(growths) else StatementVerdict.NOT_SUPPORTED


def _reading(row: dict[str, object], claim: Premium, weight: Weight) -> Reading:
    value, lower, upper, dose = row["estimate"], row["lower_95"], row["upper_95"], row["dose"]
    hours = row["window_end_hours"]
    length, name = (hours_short(hours), ascii_number(hours)) if isinstance(hours, float) else ("", "")
    reading_id = f"mean_{name}_h" if dose == "none" else f"by_{dose}"
    what = "mean abnormal move" if dose == "none" else f"change of the abnormal move per {row['dose_unit']}"
    description = f"{what} over {length} after {claim.category} events"
    if not isinstance(value, float) or not isinstance(lower, float) or not isinstance(upper, float):
        return Reading(reading_id, description, weight, LOG_POINTS, None, f"{what}: {row['reason']}")
    interval = f"95% interval {log_percent(lower)} to {log_percent(upper)}"
    said = (
        f"{claim.asset} moved {log_percent(value)} on average in {length}"
        if dose == "none"
        else f"{log_percent(value)} per {row['dose_unit']}"
    )
    return Reading(
        reading_id=reading_id,
        description=description,
        weight=weight,
        unit=LOG_POINTS,
        value=value,
        detail=f"{said} ({interval})",
        is_satisfied=value < 0 and upper < 0 if claim.direction == "down" else value > 0 and lower > 0,
        market_id=str(row["market_id"]),
    )
