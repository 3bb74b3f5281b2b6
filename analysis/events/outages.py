"""Provider incidents as outage events: overlapping reports of one provider are one outage."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from warehouse.tables.bars import HOUR
from warehouse.tables.contract import UTC
from warehouse.tables.units import clock, iso_day

# Reports that start this soon after the previous one ended belong to the same outage.
_GAP = timedelta(minutes=30)
# An incident without an end is taken to touch its neighbours for this long, and gets no end time.
ASSUMED_LENGTH = timedelta(hours=2)
# A reader's post about an outage comes after its start by minutes to hours.
POST_DELAY = timedelta(hours=6)
# Shares of a day in which only the date is known.
_DAY = timedelta(hours=24)
NOT_OUTAGES = ("none", "maintenance")
IMPACT_SEVERITY = {"unknown": 1, "minor": 1, "major": 2, "critical": 3}
LONG_OUTAGE_HOURS = 4.0

OUTAGE_SCHEMA = pl.DataFrame(
    schema=[
        ("outage_id", pl.String),
        ("provider", pl.String),
        ("title", pl.String),
        ("impact", pl.String),
        ("started_at_utc", UTC),
        ("resolved_at_utc", UTC),
        ("first_seen_at_utc", UTC),
        ("time_basis", pl.String),
        ("url", pl.String),
        ("n_incidents", pl.Int64),
        ("incident_ids", pl.List(pl.String)),
        ("severity", pl.Int64),
    ]
).schema


def merge_incidents(incidents: pl.DataFrame) -> pl.DataFrame:
    """One row per outage from `core.incident` rows: start, end, worst impact, severity 1 to 5 and the incidents merged.

    Incidents of one provider that overlap, or nearly, are one outage; one known only by its date joins one of that
    day, and a reader's post joins an outage that began in the hours before. Incidents without impact are no outages.
    """
    rows = incidents.filter(~pl.col("impact").is_in(list(NOT_OUTAGES))).sort(
        "provider", "started_at_utc", "incident_id"
    )
    exact = rows.filter(~pl.col("time_basis").is_in(["date_only", "submission"]))
    vague = rows.filter(pl.col("time_basis").is_in(["date_only", "submission"]))
    groups: list[list[dict[str, object]]] = []
    for row in exact.iter_rows(named=True):
        if groups and _touches(groups[-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    for row in vague.iter_rows(named=True):
        home = next((group for group in groups if _explains(group, row)), None)
        if home is None:
            groups.append([row])
        else:
            home.append(row)
    outages = pl.DataFrame([_outage(group) for group in groups], schema=OUTAGE_SCHEMA, orient="row")
    return outages.sort("started_at_utc", "provider", "outage_id")


def _end(row: dict[str, object]) -> datetime:
    resolved = row["resolved_at_utc"]
    return resolved if isinstance(resolved, datetime) else _start(row) + ASSUMED_LENGTH


def _start(row: dict[str, object]) -> datetime:
    started = row["started_at_utc"]
    if not isinstance(started, datetime):
        raise TypeError(f"incident {row['incident_id']} has no start")
    return started


def _touches(group: list[dict[str, object]], row: dict[str, object]) -> bool:
    return group[0]["provider"] == row["provider"] and _start(row) <= max(_end(member) for member in group) + _GAP


def _explains(group: list[dict[str, object]], row: dict[str, object]) -> bool:
    if group[0]["provider"] != row["provider"]:
        return False
    first, at = min(_start(member) for member in group), _start(row)
    if row["time_basis"] == "date_only":
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        return day <= first < day + _DAY
    return first - _GAP <= at <= max(_end(member) for member in group) + POST_DELAY


def _outage(group: list[dict[str, object]]) -> dict[str, object]:
    timed = [row for row in group if row["time_basis"] not in ("date_only", "submission")] or group
    worst = max(timed, key=lambda row: (IMPACT_SEVERITY.get(str(row["impact"]), 1), str(row["title"])))
    started = min(_start(row) for row in timed)
    ends = [row["resolved_at_utc"] for row in timed]
    resolved = max(end for end in ends if isinstance(end, datetime)) if all(ends) else None
    seen = [row["first_seen_at_utc"] for row in group if isinstance(row["first_seen_at_utc"], datetime)]
    hours = (resolved - started) / HOUR if resolved is not None else 0.0
    severity = IMPACT_SEVERITY.get(str(worst["impact"]), 1) + (1 if hours >= LONG_OUTAGE_HOURS else 0)
    return {
        "outage_id": f"{iso_day(started)}-outage-{worst['provider']}-{clock(started).replace(':', '')}",
        "provider": worst["provider"],
        "title": worst["title"],
        "impact": worst["impact"],
        "started_at_utc": started,
        "resolved_at_utc": resolved,
        "first_seen_at_utc": min(seen) if seen else None,
        "time_basis": timed[0]["time_basis"],
        "url": worst["url"],
        "n_incidents": len(group),
        "incident_ids": [str(row["incident_id"]) for row in group],
        "severity": severity,
    }
