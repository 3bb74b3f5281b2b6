"""Which venue is asked for what: preferred venues first, the next one when a venue is of no use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from ingest.errors import SourceError
from ingest.prices.exchange import RequestTally
from ingest.prices.fetch import NOTHING_KNOWN, Known, SeriesAnswer, SeriesRequest, VenueAnswer, fetch_venues
from ingest.prices.registry import WATCHED_ROLES, Registry, VenueEntry
from warehouse.tables.bars import floor_to_bar, parse_stored_bar
from warehouse.tables.contract import UTC

# Markets of these are watched on every venue, for the consensus price; others where they are found first.
EVERYWHERE_ROLES = ("ai_token",)
EVERYWHERE_ASSETS = ("BTC",)
# What a first run fetches where nothing is stored; `aftershock backfill` fetches more.
FIRST_DAYS = {"1m": 1, "5m": 3, "1h": 90, "1d": 730}
# Bars that are asked for again, to see late corrections.
OVERLAP_BARS = 3
# A hole of unknown cause is asked for again while it is this young, and lies within the first days of its bar length.
HEAL_DAYS = 30
# Short bars are many: one series per asset and kind of market is kept current, the first that a venue serves.
MINUTE_TIMEFRAMES = ("1m", "5m")
MINUTE_ROLES = ("ai_token", "benchmark")
# The most bars of a stored minute series that one run fetches: about a week of single minutes, ten pages. What is older
# comes first, so that a series left alone for long grows without a hole.
CATCH_UP_BARS = 10_000


@dataclass(frozen=True, slots=True)
class _Harvest:
    """Everything venues gave; `problems` has a line per failed venue, `dead` venues are of no use in this run."""

    answers: list[SeriesAnswer] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    dead: frozenset[str] = frozenset()
    venues: tuple[VenueAnswer, ...] = ()

    @property
    def tally(self) -> RequestTally:
        """Requests, retries and pauses of all venues."""
        return sum((venue.tally for venue in self.venues), RequestTally())


def plan_live(
    registry: Registry, watermarks: pl.DataFrame, gaps: pl.DataFrame, timeframes: Sequence[str], now: datetime
) -> list[list[SeriesRequest]]:
    """Groups of alternatives, best first: one of each group is enough. Ended markets are left out.

    `watermarks` has market_id, timeframe, last_open_utc; `gaps` matches core.gap.
    """
    wanted = _living_markets(registry).filter(pl.col("role").is_in(WATCHED_ROLES))
    stored = _last_opens(watermarks)
    holes = _young_holes(gaps, now)
    groups: dict[tuple[str, ...], list[SeriesRequest]] = {}
    for row in wanted.iter_rows(named=True):
        is_everywhere = row["role"] in EVERYWHERE_ROLES or row["asset_id"] in EVERYWHERE_ASSETS
        for timeframe in timeframes:
            key = (row["market_id"] if is_everywhere else row["asset_id"], row["kind"], timeframe)
            series = (row["market_id"], timeframe)
            since = first_wanted(timeframe, stored.get(series), holes.get(series), row["listed_at_utc"], now)
            groups.setdefault(key, []).append(SeriesRequest(row["exchange"], row["symbol"], timeframe, since))
    # Where a series is stored already, its venue stays the first choice: a series is not continued elsewhere.
    return [sorted(group, key=lambda r: (r.market_id, r.timeframe) not in stored) for group in groups.values()]


def plan_minutes(
    registry: Registry, watermarks: pl.DataFrame, gaps: pl.DataFrame, now: datetime
) -> list[list[SeriesRequest]]:
    """Groups of alternatives for short bars: one per asset and kind of the AI tokens and benchmarks, and one for every
    other series that is stored already. Arguments as in `plan_live`.
    """
    stored, holes = _last_opens(watermarks), _young_holes(gaps, now)
    shared: dict[tuple[str, str, str], list[SeriesRequest]] = {}
    own: list[list[SeriesRequest]] = []
    for row in _living_markets(registry).iter_rows(named=True):
        for timeframe in MINUTE_TIMEFRAMES:
            series, key = (row["market_id"], timeframe), (row["asset_id"], row["kind"], timeframe)
            is_stored = series in stored
            if not is_stored and row["role"] not in MINUTE_ROLES:
                continue
            since = first_wanted(timeframe, stored.get(series), holes.get(series), row["listed_at_utc"], now)
            until = _catch_up_end(registry.venues[row["exchange"]], timeframe, since, now) if is_stored else None
            request = SeriesRequest(row["exchange"], row["symbol"], timeframe, since, until)
            group = shared.setdefault(key, [])
            if not is_stored:
                group.append(request)
            elif row["role"] in MINUTE_ROLES and not any((r.market_id, timeframe) in stored for r in group):
                group.insert(0, request)
            else:
                own.append([request])
    return [*(group for group in shared.values() if group), *own]


def first_wanted(
    timeframe: str, last_open: datetime | None, hole: datetime | None, listed: datetime | None, now: datetime
) -> datetime:
    """Open time from which a series is asked for: a few bars before its end, its young hole, or its first days."""
    bar = parse_stored_bar(timeframe)
    if last_open is None:
        since = now - timedelta(days=FIRST_DAYS[timeframe])
    else:
        since = min(last_open - OVERLAP_BARS * bar.length, hole or last_open)
    since = max(since, listed) if listed is not None else since
    return floor_to_bar(since, bar)


def _catch_up_end(venue: VenueEntry, timeframe: str, since: datetime, now: datetime) -> datetime | None:
    """Where one run stops with a series that is far behind; None for one that is not, or whose venue forgets."""
    if venue.history_bars is not None or venue.perpetual_history_bars is not None:
        return None
    end = since + CATCH_UP_BARS * parse_stored_bar(timeframe).length
    return end if end < now else None


def _living_markets(registry: Registry) -> pl.DataFrame:
    """Registered markets that have not ended, with the role of their asset and the rank of their venue, best first."""
    return (
        registry.markets.filter(pl.col("delisted_at_utc").is_null())
        .join(registry.assets.select("asset_id", "role"), on="asset_id", how="inner", validate="m:1")
        .with_columns(
            pl.col("exchange").replace_strict({v.exchange: v.rank for v in registry.venues.values()}).alias("rank")
        )
        .sort("asset_id", "kind", "rank", "market_id")
    )


def _last_opens(watermarks: pl.DataFrame) -> dict[tuple[str, str], datetime]:
    return {(m, t): last for m, t, last in watermarks.select("market_id", "timeframe", "last_open_utc").iter_rows()}


def fetch_with_fallback(
    venues: Mapping[str, VenueEntry],
    groups: Sequence[Sequence[SeriesRequest]],
    now: datetime,
    *,
    replay_url: str | None,
    deadline_seconds: float,
    known: Known = NOTHING_KNOWN,
) -> _Harvest:
    """Ask the first venue of every group, then the next one for what it could not give, until nothing is left.

    A venue that could not be used is not asked again in this run. Arguments as of `fetch_venues`.
    """
    harvest, dead = _Harvest(), set[str]()
    listings: dict[str, frozenset[str]] = {}
    asked: list[VenueAnswer] = []
    pending = [list(group) for group in groups]
    while pending:
        chosen = [_take_next(group, dead, listings) for group in pending]
        requests = [request for request in chosen if request is not None]
        if not requests:
            break
        answers = fetch_venues(
            venues,
            requests,
            now,
            replay_url=replay_url,
            deadline_seconds=deadline_seconds,
            known=known,
        )
        served = {series.request for venue in answers for series in venue.answers if series.error is None}
        asked += answers
        for venue in answers:
            harvest.answers.extend(venue.answers)
            harvest.problems.extend(problem_lines(venue))
            if venue.listed is not None:
                listings[venue.exchange] = venue.listed
            if venue.error is not None:
                dead.add(venue.exchange)
        pending = [
            group
            for group, request in zip(pending, chosen, strict=True)
            if request is not None and request not in served and group
        ]
    return _Harvest(harvest.answers, harvest.problems, frozenset(dead), tuple(asked))


def problem_lines(venue: VenueAnswer) -> list[str]:
    """One line for a venue that failed, else one for each of its failed series."""
    if venue.error is not None:
        return [_named(venue.exchange, venue.error)]
    return [_named(venue.exchange, series.error) for series in venue.answers if series.error is not None]


def _named(exchange: str, error: SourceError) -> str:
    text = str(error)
    return text if text.startswith(exchange) else f"{exchange}: {text}"


def _take_next(
    group: list[SeriesRequest], dead: set[str], listings: Mapping[str, frozenset[str]]
) -> SeriesRequest | None:
    """The next alternative on a usable venue that lists it, as far as its list is known."""
    while group:
        request = group.pop(0)
        listed = listings.get(request.exchange)
        if request.exchange not in dead and (listed is None or request.symbol in listed):
            return request
    return None


def _young_holes(gaps: pl.DataFrame, now: datetime) -> dict[tuple[str, str], datetime]:
    days = {timeframe: min(HEAL_DAYS, first_days) for timeframe, first_days in FIRST_DAYS.items()}
    age = pl.col("timeframe").replace_strict(days, default=HEAL_DAYS, return_dtype=pl.Int64)
    is_young = pl.col("gap_start_utc") > pl.lit(now).cast(UTC) - pl.duration(days=age)
    young = gaps.filter(pl.col("cause") == "source_hole", is_young)
    first = young.group_by("market_id", "timeframe").agg(pl.col("gap_start_utc").min())
    return {(market, timeframe): start for market, timeframe, start in first.iter_rows()}
