"""Check what is said of a provider's incident: that it was, when, and how long it lasted."""

from __future__ import annotations

from typing import Any

import polars as pl

from analysis.claims.finding import Finding, Reading, Weight, unknown
from analysis.claims.judging.quoted import allowed_hours
from analysis.claims.judging.sizes import is_near, size_verdict
from analysis.claims.language import IncidentClaim
from analysis.claims.statement import StatementVerdict
from warehouse.tables.bars import DAY, HOUR
from warehouse.tables.units import hours_and_minutes, moment, plural

HOURS = "hours"


def check_incident(claim: IncidentClaim, incidents: pl.DataFrame) -> Finding:
    """Whether the provider had an incident that began on the day of `at`, and lasted as long as is said.

    `incidents`: core.incident rows. Of several on that day the one whose length is nearest counts for the length, and
    all are readings. No status page of the provider on record: it cannot be told. Nothing that was over only after the
    claim was made counts as its length.
    """
    own = incidents.filter(pl.col("provider") == claim.provider)
    if claim.at is None or not own.height:
        return unknown(f"no incident of {claim.provider} is on record at any time")
    start = claim.at.replace(hour=0, minute=0, second=0, microsecond=0)
    that_day = own.filter(pl.col("started_at_utc").is_between(start, start + DAY, closed="left")).sort("started_at_utc")
    if not that_day.height:
        return _without(claim, own)
    rows = that_day.to_dicts()
    if claim.lasted_hours is None:
        readings = tuple(_reading(row, number, True) for number, row in enumerate(rows))
        return _finding(StatementVerdict.SUPPORTED, readings, None, rows)
    allowed = allowed_hours(claim.lasted_hours, claim.comparator)
    lengths = [(_length(row, claim), row) for row in rows]
    known = [(hours, row) for hours, row in lengths if hours is not None]
    if not known:
        return unknown(
            f"no end of the incidents of {claim.provider} on that day is on record", claim.lasted_hours, HOURS
        )
    nearest, lead = min(known, key=lambda item: abs(item[0] - allowed.size))
    ordered = [lead, *(row for row in rows if row is not lead)]
    readings = tuple(
        _reading(row, number, None if (hours := _length(row, claim)) is None else allowed.holds(hours))
        for number, row in enumerate(ordered)
    )
    verdict = size_verdict(nearest, allowed, another=False)
    return _finding(verdict, readings, claim.lasted_hours, ordered, is_near(nearest, allowed))


def _without(claim: IncidentClaim, own: pl.DataFrame) -> Finding:
    """Not supported, when the record of the provider spans that day."""
    first, last = own["started_at_utc"].min(), own["started_at_utc"].max()
    if claim.at is None or first is None or last is None or not first <= claim.at <= last:  # type: ignore[operator] # instants
        return unknown(f"the record of {claim.provider}'s incidents does not span that day", claim.lasted_hours, HOURS)
    words = f"no incident of {claim.provider} that began on that day is on record"
    reading = Reading("literal", "what the words say", Weight.DECISIVE, HOURS, None, words, False)
    return Finding(StatementVerdict.NOT_SUPPORTED, (reading,), f"{words}.", f"{words}.", claim.lasted_hours, HOURS)


def _finding(
    verdict: StatementVerdict, readings: tuple[Reading, ...], claimed: float | None, rows: list[dict[str, Any]],
    is_near_miss: bool = False,
) -> Finding:  # fmt: skip
    more = f" {plural(len(rows), 'incident')} began on that day." if len(rows) > 1 else ""
    measured = f"{readings[0].detail}.{more}"
    return Finding(
        verdict, readings, measured, measured, claimed, HOURS, data_as_of=rows[0]["first_seen_at_utc"],
        is_near_miss=is_near_miss,
    )  # fmt: skip


def _reading(row: dict[str, Any], number: int, fits: bool | None) -> Reading:
    ended = row["resolved_at_utc"]
    hours = None if ended is None else (ended - row["started_at_utc"]) / HOUR
    length = "its end is not on record" if hours is None else f"it lasted {hours_and_minutes(hours)}"
    words = f"{row['provider']}: {row['title']} began {moment(row['started_at_utc'])}; {length}"
    return Reading(
        "literal" if number == 0 else f"incident_{number + 1}",
        "what the status page says",
        Weight.DECISIVE if number == 0 else Weight.ALTERNATIVE,
        HOURS, hours, words, fits, row["started_at_utc"], ended,
    )  # fmt: skip


def _length(row: dict[str, Any], claim: IncidentClaim) -> float | None:
    ended = row["resolved_at_utc"]
    if ended is None or (claim.said_at is not None and ended > claim.said_at):
        return None
    return float((ended - row["started_at_utc"]) / HOUR)
