"""When the public could know: an interval and a best instant from evidence with two clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

# A publisher's time is corroborated when somebody else saw the item within this long after it.
CORROBORATION = timedelta(hours=2)
# A newsroom's stamp can be that of its draft: less than this before a time that somebody else bears out, it is none,
# unless a second newsroom's is before that time too.
STAMP_LEAD = timedelta(minutes=6)
NEWSROOMS_THAT_AGREE = 2
# Newsrooms stamp what they publish when they publish it; an archive that looks once a day still bears them out. What
# reached its feed within the hour after it looked, it saw the day after.
DAILY_ARCHIVE = timedelta(hours=25)
WHOLE_DAY = timedelta(hours=24)
# Beyond this, the first sighting dates the archive (an import of old material), not the news.
ARCHIVE_MATERIAL = timedelta(days=30)
# Feeds of labs and offices carry the date of the document, and one was 24 h 50 min earlier than anybody could read it.
NEWSROOM_KINDS = ("press", "crypto_press", "aggregator", "forum", "think_tank")
# Somebody else's clock: the item was public at that instant at the latest.
WITNESSED = ("submission", "crawl", "incident", "statement", "first_seen")
# Claims older than this before the best time say nothing about the same news.
LONGEST_INTERVAL = timedelta(days=3)

# What of a headline dates the event it tells of.
TIMING_COLUMNS = ("entry_id", "carrier", "at_utc", "level", "proven_at_utc", "claim_at_utc", "time_basis")

CORROBORATED, NEWSROOM_CLAIM, LATE_CLAIM, SIGHTING = _LEVELS = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class EvidenceTime:
    """First public evidence: not before `earliest`, most likely `best`, public for certain at `latest`."""

    earliest: datetime
    best: datetime
    latest: datetime
    precision: str
    time_basis: str
    best_entry_id: str
    reason: str


def add_clocks(entries: pl.DataFrame) -> pl.DataFrame:
    """`entries` (published_at_utc and published_earliest_at_utc, first_seen_at_utc, time_basis, outlet_kind), judged.

    Adds `claim_at_utc` (the earliest instant it may have been public), `proven_at_utc` (public for certain), `level`
    (1 corroborated or witnessed, 2 a newsroom's own clock, 3 an uncorroborated claim, 4 only a sighting) and `at_utc`
    (the instant to order it by). A date without a time claims its whole day and proves only the sighting; a zone of
    several meanings claims the earliest of them.
    """
    claim, seen = pl.col("published_at_utc"), pl.col("first_seen_at_utc")
    lag = seen - claim
    is_witnessed = pl.col("time_basis").is_in(list(WITNESSED))
    is_dated = pl.col("time_basis") == "date_only"
    is_newsroom = pl.col("outlet_kind").is_in(list(NEWSROOM_KINDS))
    is_archive = lag > ARCHIVE_MATERIAL
    level = (
        pl.when(claim.is_null())
        .then(SIGHTING)
        .when(is_dated)
        .then(pl.when(is_archive).then(LATE_CLAIM).otherwise(SIGHTING))
        .when(is_witnessed)
        .then(CORROBORATED)
        .when(lag <= CORROBORATION)
        .then(CORROBORATED)
        .when(is_newsroom & (lag <= DAILY_ARCHIVE))
        .then(NEWSROOM_CLAIM)
        .when(is_newsroom | is_archive)
        .then(LATE_CLAIM)
        .otherwise(SIGHTING)
    )
    end_of_claim = pl.when(is_dated | is_archive).then(claim + WHOLE_DAY).otherwise(claim)
    proven = (
        pl.when(claim.is_null())
        .then(seen)
        .when(is_witnessed)
        .then(claim)
        .when(is_archive)
        .then(end_of_claim)
        .otherwise(seen)
    )
    return entries.with_columns(level.alias("level"), proven.alias("proven_at_utc")).with_columns(
        pl.when(pl.col("level") == SIGHTING)
        .then(pl.min_horizontal(claim, "proven_at_utc"))
        .otherwise(pl.min_horizontal(claim.fill_null(pl.col("proven_at_utc")), "proven_at_utc"))
        .pipe(lambda known: pl.min_horizontal(known, "published_earliest_at_utc"))
        .alias("claim_at_utc"),
        pl.when((pl.col("level") == SIGHTING) | (is_dated & is_archive))
        .then(pl.col("proven_at_utc"))
        .otherwise(pl.min_horizontal(claim, "proven_at_utc"))
        .alias("at_utc"),
    )


def date_event(entries: list[dict[str, Any]]) -> EvidenceTime:
    """The first public evidence among `entries` (rows of TIMING_COLUMNS; at least one).

    A corroborated or witnessed time counts before a newsroom's own clock, unless the newsroom's is STAMP_LEAD
    earlier or those of two newsrooms are; a claim nobody bore out only widens the interval. So a back-dated feed entry
    never moves it.
    """
    rows = sorted(entries, key=lambda row: (row["at_utc"], row["level"], row["entry_id"]))
    by_level = {level: next((row for row in rows if row["level"] == level), None) for level in _LEVELS}
    chosen, reason = _choose(by_level, _n_newsrooms_before(rows, by_level[CORROBORATED]))
    best: datetime = chosen["at_utc"]
    latest = max(best, min(row["proven_at_utc"] for row in rows))
    claims = [row["claim_at_utc"] for row in rows if row["claim_at_utc"] >= best - LONGEST_INTERVAL]
    earliest = min([best, *claims])
    return EvidenceTime(earliest, best, latest, _precision(chosen), chosen["time_basis"], chosen["entry_id"], reason)


def _n_newsrooms_before(rows: list[dict[str, Any]], firm: dict[str, Any] | None) -> int:
    before = (row for row in rows if firm is not None and row["at_utc"] < firm["at_utc"])
    return len({row["carrier"] for row in before if row["level"] == NEWSROOM_CLAIM})


def _choose(first: dict[int, dict[str, Any] | None], n_before: int) -> tuple[dict[str, Any], str]:
    """The row that dates the event, from the earliest row of each level and the newsrooms before it, and why."""
    firm, newsroom, late, seen = (first[level] for level in _LEVELS)
    if firm is not None and newsroom is not None and n_before >= NEWSROOMS_THAT_AGREE:
        return newsroom, "the clocks of two newsrooms, before any that is borne out otherwise"
    if newsroom is not None and (firm is None or firm["at_utc"] - newsroom["at_utc"] >= STAMP_LEAD):
        return newsroom, "a newsroom's own clock, before any that a second one bears out"
    if firm is not None:
        return firm, "the earliest time that a second clock bears out"
    if seen is not None and (late is None or seen["at_utc"] <= late["at_utc"]):
        return seen, "the first sighting: the publisher's date is not borne out"
    if late is not None:
        return late, "the publisher's claim alone: nobody is on record as having seen it then"
    raise ValueError("an event needs at least one headline")


def _precision(row: dict[str, Any]) -> str:
    if row["time_basis"] == "date_only":
        return "day" if row["level"] == LATE_CLAIM else "upper_bound"
    if row["level"] == CORROBORATED and row["time_basis"] in ("publisher", "statement", "incident"):
        return "second"
    return "upper_bound"
