"""What venues were asked for and what they said: the account that gaps and ages of series rest on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from ingest.prices.exchange import LIST_DAYS
from ingest.prices.fetch import SeriesAnswer, SeriesRequest, VenueAnswer
from warehouse.tables.contract import UTC
from warehouse.tables.news import FETCH
from warehouse.tables.ops import ASKED_SERIES
from warehouse.tables.prices import LISTING
from warehouse.tables.units import ISO_DAY, ISO_MINUTE

# A venue's state is noted when it changes, and as often as this, not by each of the passes of a day.
VENUE_NOTED_EVERY = timedelta(hours=1)
ANSWERED, FAILED, UNLISTED = "answered", "failed", "unlisted"


def asked_series(venues: Sequence[VenueAnswer], stored: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """ops.asked_series for these answers at `now`, joined with what `stored` says of the same series.

    The first instant ever asked for stays; an answer that failed does not undo that an earlier one came.
    """
    rows: list[tuple[object, ...]] = []
    for venue in venues:
        for series in venue.answers:
            outcome, detail = (ANSWERED, None) if series.is_whole else (FAILED, str(series.error))
            rows.append(_row(series.request, series, outcome, detail, now))
        rows += [_row(request, None, UNLISTED, "the venue does not list it", now) for request in venue.unlisted]
    fresh = pl.DataFrame(rows, schema=ASKED_SERIES.schema, orient="row")
    both = pl.concat([stored.select(ASKED_SERIES.column_names), fresh])
    merged = both.group_by(ASKED_SERIES.key, maintain_order=True).agg(
        pl.col("asked_from_utc").min(),
        pl.col("asked_until_utc").max(),
        # What the venue keeps of the earliest stretch that it was asked for.
        pl.col("reachable_from_utc").min(),
        pl.col("answered_at_utc").drop_nulls().last(),
        pl.col("outcome").last(),
        pl.col("detail").last(),
    )
    return ASKED_SERIES.conform(merged.join(fresh.select(ASKED_SERIES.key), on=list(ASKED_SERIES.key), how="semi"))


def venue_attempts(venues: Sequence[VenueAnswer], last: pl.DataFrame, now: datetime, run_id: str) -> pl.DataFrame:
    """ops.fetch for the venues asked at `now`: one row a venue whose state changed or was not noted for an hour.

    `last` is the query feed_state. A venue fails when it is of no use, or when no series of it came.
    """
    known = {row["source_id"]: row for row in last.iter_rows(named=True)}
    rows = []
    for name in dict.fromkeys(venue.exchange for venue in venues):
        mine = [venue for venue in venues if venue.exchange == name]
        series = [answer for venue in mine for answer in venue.answers]
        told = [*(venue.error for venue in mine), *(answer.error for answer in series)]
        errors = [error for error in told if error is not None]
        is_failed = bool(errors) and not any(answer.error is None for answer in series)
        before = known.get(name)
        n_failures = before["n_failures"] if before else 0
        is_noted = before is not None and now - before["attempted_at_utc"] < VENUE_NOTED_EVERY
        if (not is_failed and not series) or (is_noted and (n_failures > 0) == is_failed):
            continue
        error = errors[0] if is_failed else None
        rows.append(
            {
                "source_id": name,
                "attempted_at_utc": now,
                "outcome": error.outcome if error else "unchanged",
                "reason": "venue" if error else None,
                "detail": str(error) if error else None,
                "n_new": 0,
                # A venue is asked by every pass.
                "next_attempt_utc": now,
                "n_failures": n_failures + 1 if error else 0,
                "seconds": 0.0,
                "run_id": run_id,
            }
        )
    return FETCH.conform(pl.DataFrame(rows, schema=FETCH.schema))


def listings(venues: Sequence[VenueAnswer], stored: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """core.listing for the market lists that venues gave at `now`.

    `stored` says when each market was first seen and last seen to trade.
    """
    rows = [
        (venue.exchange, symbol, is_active, size, now, now, now if is_active else None)
        for venue in {venue.exchange: venue for venue in venues if venue.listings}.values()
        for symbol, is_active, size in venue.listings
    ]
    fresh = pl.DataFrame(rows, schema=LISTING.schema, orient="row")
    known = stored.select(
        *LISTING.key,
        pl.col("first_seen_at_utc").alias("known_utc"),
        pl.col("last_active_at_utc").alias("known_active_utc"),
    )
    joined = fresh.join(known, on=list(LISTING.key), how="left", validate="1:1")
    first = pl.coalesce("known_utc", "first_seen_at_utc").alias("first_seen_at_utc")
    active = pl.coalesce("last_active_at_utc", "known_active_utc").alias("last_active_at_utc")
    return LISTING.conform(joined.with_columns(first, active).select(LISTING.column_names))


def known_markets(stored: pl.DataFrame, now: datetime) -> dict[str, frozenset[str]]:
    """By exchange the symbols that traded by its newest list (core.listing), where that is some days old at most."""
    newest = pl.col("last_seen_at_utc").max().over("exchange")
    is_young = pl.col("last_seen_at_utc") >= pl.lit(now - timedelta(days=LIST_DAYS)).cast(UTC)
    fresh = stored.filter((pl.col("last_seen_at_utc") == newest) & is_young & pl.col("is_active"))
    return {
        str(exchange): frozenset(own["symbol"])
        for (exchange,), own in fresh.partition_by("exchange", as_dict=True).items()
    }


def ended_listings(listed: pl.DataFrame) -> pl.DataFrame:
    """exchange, symbol, last_active_at_utc of markets (core.listing) that traded once and do not by the newest list.

    A market that was never seen to trade has no date; one that trades again has not ended.
    """
    is_gone = pl.col("last_seen_at_utc") < pl.col("last_seen_at_utc").max().over("exchange")
    return listed.filter(pl.col("last_active_at_utc").is_not_null(), is_gone | ~pl.col("is_active")).select(
        "exchange", "symbol", "last_active_at_utc"
    )


def _row(
    request: SeriesRequest, series: SeriesAnswer | None, outcome: str, detail: str | None, now: datetime
) -> tuple[object, ...]:
    until = min(request.until or now, now)
    reachable = None if series is None else series.reachable_from
    answered = now if outcome == ANSWERED else None
    return (request.market_id, request.timeframe, request.since, until, reachable, answered, outcome, detail)


def verified_markets(markets: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """core.market with the evidence of the venues' own lists (core.listing).

    An unverified market that trades by its venue's list is one. A market that its venue's newest list has no more ended
    after it was last seen to trade: bars are expected until then. What is documented stays as the registry says.
    """
    joined = markets.join(
        listed.select("exchange", "symbol", "is_active", "last_seen_at_utc"),
        on=["exchange", "symbol"],
        how="left",
        validate="m:1",
    ).join(ended_listings(listed), on=["exchange", "symbol"], how="left", validate="m:1")
    ended = pl.col("last_active_at_utc")
    is_dated = pl.col("delisted_at_utc").is_null() & ended.is_not_null()
    gone = pl.format("not on the venue's own market list after {}", ended.dt.strftime(ISO_MINUTE))
    day = pl.col("last_seen_at_utc").cast(UTC).dt.strftime(ISO_DAY)
    is_proven = (pl.col("confidence") == "unverified") & pl.col("is_active").fill_null(value=False) & ended.is_null()
    return joined.with_columns(
        pl.when(is_proven).then(pl.lit("high")).otherwise(pl.col("confidence")).alias("confidence"),
        pl.when(is_proven)
        .then(pl.format("the venue's own market list, {}", day))
        .when(is_dated)
        .then(pl.concat_str("source", gone, separator="; ", ignore_nulls=True))
        .otherwise("source")
        .alias("source"),
        pl.coalesce("delisted_at_utc", ended).alias("delisted_at_utc"),
    ).select(markets.columns)
