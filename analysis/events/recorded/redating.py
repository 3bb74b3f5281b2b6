"""Event times that better evidence moved, with what they were before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from analysis.events.carriers import carrier_of_row
from analysis.events.detection import severity_of
from warehouse.tables.news import EVENT, EVENT_REVISION
from warehouse.tables.units import iso_minute, plural

# A day that was stated without a time can be the day after the first report, in another zone.
DAY_TOLERANCE = timedelta(hours=24)
# Basis of a time whose clock has a zone of several meanings: the earliest of them bounds the event from below.
OF_SEVERAL_ZONES = "upper_bound"
# Precision of a detected event whose time a second clock bears out; only such evidence moves a recorded one.
FIRM = "second"
# An upper bound that evidence betters by less than a bar of most studies stays as a person read it.
BETTER_BY = timedelta(hours=1)
# Precision of a recorded event that was public at its best time at the latest.
AT_THE_LATEST = "upper_bound"
RE_DATED, WIDENED, RECOUNTED = "re-dated", "widened", "recounted"
# Roles of evidence that nobody published as a report of the act.
UNCOUNTED = ("private", "announced", "reaction", "correction")


def yield_to_evidence(recorded: pl.DataFrame, detected: pl.DataFrame, matches: dict[str, str]) -> pl.DataFrame:
    """`core.event` rows of `recorded`, each re-dated or widened by the earliest firm evidence that is the same event.

    `matches` names the recorded event of each detected one. An entry that states a day takes the instant of evidence
    from that day or the day before: its interval then runs from the evidence's own or the start of the day, whichever
    is earlier known, to the evidence. An entry whose time is an upper bound takes an instant of evidence BETTER_BY
    earlier within its interval; another keeps its time as best, and begins where the evidence does. A clock whose zone
    has several meanings moves no best time, but an entry begins no later than the earliest of them. Its reason says
    what changed.
    """
    firm = detected.filter((pl.col("time_precision") == FIRM) & pl.col("event_id").is_in(list(matches)))
    earliest: dict[str, dict[str, Any]] = {}
    for child in firm.sort("best_at_utc", "event_id").iter_rows(named=True):
        earliest.setdefault(matches[child["event_id"]], child)
    of_zones = detected.filter((pl.col("time_basis") == OF_SEVERAL_ZONES) & pl.col("event_id").is_in(list(matches)))
    vague = {matches[child["event_id"]]: child for child in of_zones.sort("earliest_at_utc").reverse().to_dicts()}
    rows = [
        _begin_with(_yield(row, earliest.get(row["event_id"])), vague.get(row["event_id"]))
        for row in recorded.iter_rows(named=True)
    ]
    return EVENT.conform(pl.DataFrame(rows, schema=EVENT.schema)) if rows else recorded


def _yield(row: dict[str, Any], child: dict[str, Any] | None) -> dict[str, Any]:
    if child is None:
        return row
    proof, start, end = child["best_at_utc"], row["earliest_at_utc"], row["latest_at_utc"]
    said = f"evidence “{child['title']}” was public at {iso_minute(proof)} UTC"
    is_by_the_day = proof.date() <= row["best_at_utc"].date()
    if row["time_precision"] == "day" and is_by_the_day and start - DAY_TOLERANCE <= proof <= end:
        is_before = proof < start
        return row | {
            "earliest_at_utc": child["earliest_at_utc"] if is_before else start,
            "best_at_utc": proof,
            "latest_at_utc": max(proof, child["latest_at_utc"]),
            "time_precision": FIRM if is_before else AT_THE_LATEST,
            "time_basis": child["time_basis"],
            "reason": f"{row['reason']}; {RE_DATED} from the day stated: {said}",
        }
    if row["time_precision"] == AT_THE_LATEST and start <= proof <= row["best_at_utc"] - BETTER_BY:
        said = f"{RE_DATED} from the upper bound stated: {said}"
        return row | {"best_at_utc": proof, "time_basis": child["time_basis"], "reason": f"{row['reason']}; {said}"}
    if proof < start:
        return row | {"earliest_at_utc": proof, "reason": f"{row['reason']}; {WIDENED}: {said}"}
    return row


def _begin_with(row: dict[str, Any], child: dict[str, Any] | None) -> dict[str, Any]:
    if child is None or child["earliest_at_utc"] >= row["earliest_at_utc"]:
        return row
    at = child["earliest_at_utc"]
    said = f"the zone of “{child['title']}” is not known, which may be as early as {iso_minute(at)} UTC"
    return row | {"earliest_at_utc": at, "reason": f"{row['reason']}; {WIDENED}: {said}"}


def recount(
    recorded: pl.DataFrame,
    sources: pl.DataFrame,
    detected: pl.DataFrame,
    matches: dict[str, str],
    *,
    is_graded: bool = True,
) -> pl.DataFrame:
    """`core.event` rows of `recorded` with the publishing houses of their evidence, where some of it was found.

    `sources` are `core.event_source` with the evidence of `detected` moved by `matches`. Houses are never fewer than
    those of a detected event that joined, of which only the first reports are kept. Graded events are at least as
    severe as so many houses make a detected one; their reason says what changed.
    """
    counted = (
        sources.filter(~pl.col("role").is_in(UNCOUNTED))
        .with_columns(carrier_of_row().alias("carrier"))
        .group_by("event_id")
        .agg(pl.col("carrier").n_unique().alias("n_houses"))
    )
    houses = dict(counted.select("event_id", "n_houses").iter_rows())
    joined: dict[str, int] = {}
    for child, n_outlets in detected.select("event_id", "n_outlets").iter_rows():
        if child in matches:
            joined[matches[child]] = max(joined.get(matches[child], 0), n_outlets or 0)
    rows = [
        _recount(row, max(houses.get(row["event_id"], 0), joined[row["event_id"]]), is_graded)
        if row["event_id"] in joined
        else row
        for row in recorded.iter_rows(named=True)
    ]
    return EVENT.conform(pl.DataFrame(rows, schema=EVENT.schema)) if rows else recorded


def _recount(row: dict[str, Any], n_houses: int, is_graded: bool) -> dict[str, Any]:
    known, severity = row["n_outlets"], row["severity"] or 1
    if n_houses == known:
        return row
    if not is_graded:
        return row | {"n_outlets": n_houses}
    found = max(severity, severity_of(n_houses))
    graver = f", so severity {found} instead of {severity}" if found > severity else ""
    said = f"{plural(n_houses, 'publishing house')} instead of {known or 0}{graver}"
    return row | {"n_outlets": n_houses, "severity": found, "reason": f"{row['reason']}; {RECOUNTED}: {said}"}


def find_revisions(before: pl.DataFrame, after: pl.DataFrame, now: datetime, run_id: str) -> pl.DataFrame:
    """Rows of out.event_revision for the events of both frames (core.event) whose time of public evidence differs."""
    columns = ("event_id", "best_at_utc", "time_basis")
    known = before.select("event_id", before_at_utc="best_at_utc", before_basis="time_basis")
    both = after.select(columns).join(known, on="event_id", how="inner", validate="1:1")
    moved = both.filter(pl.col("best_at_utc") != pl.col("before_at_utc"))
    noted = moved.with_columns(changed_at_utc=pl.lit(now), run_id=pl.lit(run_id))
    return noted.rename({"best_at_utc": "after_at_utc", "time_basis": "after_basis"}).select(
        EVENT_REVISION.column_names
    )
