"""One row per thing that happened: detected events, outages and ledger entries that are the same event become one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from analysis.events.drafts import NEIGHBOURS
from analysis.events.outages import POST_DELAY
from analysis.events.recorded.redating import DAY_TOLERANCE, UNCOUNTED, recount, yield_to_evidence
from analysis.events.relevance import ORDER
from analysis.events.stories.headlines import page_key
from analysis.events.tagging import find_tagged
from analysis.events.titles import plain_title
from analysis.events.vocabulary import PARTY_KINDS, Vocabulary
from analysis.events.wording.stems import LEAST_SPOKEN, name_stems, share_of_words, stems
from warehouse.tables.bars import SECONDS_PER_HOUR
from warehouse.tables.news import EVENT, EVENT_SOURCE
from warehouse.tables.units import hours_and_minutes

# News about an event keeps coming for a day and a half; later stories are about what followed from it.
NEWS_TOLERANCE = timedelta(hours=36)
# A first report may precede the recorded time of the same event by this much.
EARLY_TOLERANCE = timedelta(hours=6)
# A headline that names nobody can only be told by its time.
NAMELESS_TOLERANCE = timedelta(hours=12)
RESTRICTION = "export_control_access"
# What a president orders in a memorandum is filed under either.
OF_GOVERNMENTS = NEIGHBOURS | {ORDER}
# Share of the fewer words, one of them no name, that some title of either must have in common. Of 51 pairs that party
# and time joined, read by hand, all 31 of one happening have .33 or more, and of the 20 others 17 have .25 or less.
SAME_TELLING = 0.3
_ENDS = ("earliest", "latest")


@dataclass(frozen=True, slots=True)
class _Told:
    """What was said of events: their titles, each as its telling words, and the pages that say it."""

    titles: dict[str, list[frozenset[str]]]
    pages: dict[str, set[str]]


def outage_events(outages: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """`core.event` rows of merged outages (`merge_incidents`): with end, duration and impact in words."""
    names = {entity.entity_id: entity.name for entity in vocabulary.entities}
    hours = (pl.col("resolved_at_utc") - pl.col("started_at_utc")).dt.total_seconds() / SECONDS_PER_HOUR
    is_recent_sighting = pl.col("first_seen_at_utc").is_between(
        pl.col("started_at_utc"), pl.col("started_at_utc") + NEWS_TOLERANCE
    )
    lasted = (
        pl.when(hours.is_null())
        .then(pl.lit("end not on record"))
        .otherwise(pl.format("lasted {}", hours.map_elements(hours_and_minutes, return_dtype=pl.String)))
    )
    day = pl.col("time_basis") == "date_only"
    return EVENT.conform(
        outages.select(
            pl.col("outage_id").alias("event_id"),
            pl.format("{}: {}", pl.col("provider").replace(names), pl.col("title")).alias("title"),
            pl.format("Impact {}; {}.", "impact", lasted).alias("summary"),
            # A status page also announces what a government has ordered: that is another record of the order.
            pl.when(find_tagged(outages["title"], RESTRICTION, vocabulary))
            .then(pl.lit(RESTRICTION))
            .otherwise(pl.lit("outage"))
            .alias("category"),
            pl.col("started_at_utc").alias("earliest_at_utc"),
            pl.col("started_at_utc").alias("best_at_utc"),
            pl.when(day)
            .then(pl.col("started_at_utc") + timedelta(hours=24))
            .when(is_recent_sighting)
            .then("first_seen_at_utc")
            .otherwise("started_at_utc")
            .alias("latest_at_utc"),
            pl.when(day)
            .then(pl.lit("day"))
            .when(pl.col("time_basis") == "submission")
            .then(pl.lit("upper_bound"))
            .otherwise(pl.lit("second"))
            .alias("time_precision"),
            "time_basis",
            pl.col("resolved_at_utc").alias("ended_at_utc"),
            "severity",
            pl.lit("restricts").alias("direction"),
            pl.lit("global").alias("jurisdiction"),
            pl.col("provider").alias("entities"),
            pl.lit("incident").alias("origin"),
            pl.lit("detected").alias("status"),
            pl.lit("news").alias("selected_from"),
            pl.lit(1, dtype=pl.Int64).alias("n_outlets"),
            pl.format(
                "status page of the provider: {} report(s), impact {}, {}", "n_incidents", "impact", lasted
            ).alias("reason"),
            pl.col("url").alias("source_url"),
        )
    )


def outage_sources(outages: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """The provider's own word as `core.event_source`, one row per outage."""
    names = {entity.entity_id: entity.name for entity in vocabulary.entities}
    return EVENT_SOURCE.conform(
        outages.select(
            pl.col("outage_id").alias("event_id"),
            pl.lit(1, dtype=pl.Int64).alias("source_number"),
            pl.format("{} status", pl.col("provider").replace(names)).alias("outlet"),
            "title",
            "url",
            pl.col("started_at_utc").alias("published_at_utc"),
            "first_seen_at_utc",
            "time_basis",
            pl.lit("statement").alias("role"),
        )
    )


def match_events(
    children: pl.DataFrame, parents: pl.DataFrame, vocabulary: Vocabulary, sources: pl.DataFrame | None = None
) -> dict[str, str]:
    """The parent that each child is another record of; a child without one is absent.

    Both are `core.event` rows. They are one event when their category is the same or a neighbouring one, they share a
    lab, network or company (or, when neither names one, a public body), do not point in opposite directions, and the
    child became known within the parent's interval, widened by the tolerances. With `sources` (`core.event_source` of
    both) they must also tell it in some words of the same, but for outages, which say little; and what one page tells
    in the same direction is one event, whatever its kind and party. The nearest in time wins.
    """
    party_ids = {entity.entity_id for entity in vocabulary.entities if entity.kind in PARTY_KINDS}
    told = _read_told(pl.concat([children, parents]), sources) if sources is not None else None
    names = name_stems(vocabulary)
    matches = {}
    by_time = parents.sort("best_at_utc")
    rows, begun, ended = by_time.to_dicts(), *_widest(by_time)
    for child, at in zip(children.iter_rows(named=True), children["best_at_utc"].to_numpy(), strict=True):
        near = np.flatnonzero((begun <= at) & (at <= ended))
        fitting = [rows[place] for place in near if _is_same(child, rows[place], party_ids, told, names)]
        if fitting:
            nearest = min(
                fitting, key=lambda parent: (abs(parent["best_at_utc"] - child["best_at_utc"]), parent["event_id"])
            )
            matches[child["event_id"]] = nearest["event_id"]
    return matches


def _widest(parents: pl.DataFrame) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
    """The first and the last instant at which any child can be in time of each parent (`_is_in_time`)."""
    begun = pl.col("earliest_at_utc") - max(DAY_TOLERANCE, EARLY_TOLERANCE)
    ended = pl.max_horizontal("latest_at_utc", "ended_at_utc") + max(NEWS_TOLERANCE, POST_DELAY)
    widest = parents.select(begun.alias("begun"), ended.alias("ended"))
    return widest["begun"].to_numpy(), widest["ended"].to_numpy()


def _read_told(events: pl.DataFrame, sources: pl.DataFrame) -> _Told:
    """What the events and those of their sources say that tell of the act; titles in other letters have no words."""
    telling = sources.filter(~pl.col("role").is_in(UNCOUNTED))
    titles = pl.concat([events.select("event_id", "title"), telling.select("event_id", "title")])
    told: dict[str, list[frozenset[str]]] = defaultdict(list)
    for event_id, plain in titles.select("event_id", plain_title(pl.col("title"))).iter_rows():
        words = frozenset(stems(plain))
        if len(words) >= LEAST_SPOKEN:
            told[event_id].append(words)
    pages = (
        telling.select("event_id", page_key(pl.col("url")).alias("page")).drop_nulls().group_by("event_id").agg("page")
    )
    return _Told(told, {event_id: set(own) for event_id, own in pages.iter_rows()})


def _is_same(
    child: dict[str, object],
    parent: dict[str, object],
    party_ids: set[str],
    told: _Told | None,
    names_told: frozenset[str],
) -> bool:
    if child["event_id"] == parent["event_id"] or not _is_in_time(child, parent):
        return False
    one, other = str(child["category"]), str(parent["category"])
    # Only access is taken away and given back; a ruling can be called either by either side.
    if one in NEIGHBOURS and {child["direction"], parent["direction"]} == {"restricts", "enables"}:
        return False
    if told is not None and _pages(told, child) & _pages(told, parent):
        return True
    if one != other and not {one, other} <= OF_GOVERNMENTS:
        return False
    mine, theirs = _entities(child), _entities(parent)
    if not mine and one == other:
        return abs(_instant(child, "best_at_utc") - _instant(parent, "best_at_utc")) <= NAMELESS_TOLERANCE
    if mine & party_ids and theirs & party_ids:
        is_party = bool(mine & theirs & party_ids)
    else:
        is_party = bool(mine & theirs) and not (mine | theirs) & party_ids
    return is_party and (told is None or one == "outage" or _tell_the_same(child, parent, told, names_told))


def _pages(told: _Told, event: dict[str, object]) -> set[str]:
    return told.pages.get(str(event["event_id"]), set())


def _tell_the_same(
    child: dict[str, object], parent: dict[str, object], told: _Told, names_told: frozenset[str]
) -> bool:
    """Whether some title of either says the same; where one has no words to compare, their times must be near."""
    mine, theirs = (told.titles.get(str(event["event_id"]), []) for event in (child, parent))
    if not mine or not theirs:
        at, early, late = _instant(child, "best_at_utc"), *(_instant(parent, f"{end}_at_utc") for end in _ENDS)
        return early - NAMELESS_TOLERANCE <= at <= late + NAMELESS_TOLERANCE
    return any(
        share_of_words(one, other) >= SAME_TELLING and bool((one & other) - names_told)
        for one in mine
        for other in theirs
    )


def _is_in_time(child: dict[str, object], parent: dict[str, object]) -> bool:
    at, early, late = (
        _instant(child, "best_at_utc"),
        _instant(parent, "earliest_at_utc"),
        _instant(parent, "latest_at_utc"),
    )
    if child["category"] == "outage":
        ended = parent["ended_at_utc"]
        last = max(late, ended) if isinstance(ended, datetime) else late
        return early - EARLY_TOLERANCE <= at <= last + POST_DELAY
    before = DAY_TOLERANCE if parent["time_precision"] == "day" else EARLY_TOLERANCE
    return early - before <= at <= late + NEWS_TOLERANCE


def _instant(event: dict[str, object], column: str) -> datetime:
    value = event[column]
    if not isinstance(value, datetime):
        raise TypeError(f"event {event['event_id']}: {column} is {value!r}")
    return value


def _entities(event: dict[str, object]) -> set[str]:
    return set(str(event["entities"] or "").split(",")) - {""}


def merge_records(
    recorded: tuple[pl.DataFrame, pl.DataFrame],
    outages: tuple[pl.DataFrame, pl.DataFrame],
    detected: tuple[pl.DataFrame, pl.DataFrame],
    vocabulary: Vocabulary,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and evidence of the ledger, of incidents and of detection (each a pair of frames) as one pair.

    The ledger stands above outages, outages above detection: who is the same event gives its evidence to the one above,
    and a recorded time yields to it (`yield_to_evidence`).
    """
    matches = match_events(outages[0], recorded[0], vocabulary)
    notices = outages[0].filter((pl.col("category") == RESTRICTION) & ~pl.col("event_id").is_in(list(matches)))
    matches |= match_events(notices, detected[0], vocabulary)
    own_outages = outages[0].filter(~pl.col("event_id").is_in(list(matches)))
    every = pl.concat([recorded[1], outages[1], detected[1]])
    matches = _resolve(matches | match_events(detected[0], recorded[0], vocabulary, every))
    rest = detected[0].filter((pl.col("category") == "outage") & ~pl.col("event_id").is_in(list(matches)))
    matches |= match_events(rest, own_outages, vocabulary)
    own_events = detected[0].filter(~pl.col("event_id").is_in(list(matches)))
    sources = absorb(every, matches)
    dated = recount(yield_to_evidence(recorded[0], detected[0], matches), sources, detected[0], matches)
    counted = recount(own_outages, sources, detected[0], matches, is_graded=False)
    return pl.concat([dated, counted, own_events]), sources


def _resolve(matches: dict[str, str]) -> dict[str, str]:
    """Each child with its last parent, where a parent was itself absorbed."""
    return {child: matches.get(parent, parent) for child, parent in matches.items()}


def absorb(sources: pl.DataFrame, matches: dict[str, str]) -> pl.DataFrame:
    """`core.event_source` rows with absorbed events' evidence moved to the event that absorbed them, numbered anew.

    Evidence that was there before keeps its place; what joins follows in order of time, first reports as confirmations.
    """
    if not matches:
        return sources
    is_moved = pl.col("event_id").is_in(list(matches))
    moved = sources.with_columns(
        pl.when(is_moved & (pl.col("role") == "first_report"))
        .then(pl.lit("confirmation"))
        .otherwise("role")
        .alias("role"),
        pl.col("event_id").replace(matches),
        is_moved.alias("is_moved"),
    )
    at = pl.coalesce("published_at_utc", "first_seen_at_utc")
    ordered = moved.with_columns(at.alias("at")).sort("event_id", "is_moved", "at", "source_number", nulls_last=True)
    unique = ordered.unique(["event_id", "outlet", "title", "url"], keep="first", maintain_order=True)
    return EVENT_SOURCE.conform(
        unique.with_columns(
            pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("event_id").alias("source_number")
        ).select(EVENT_SOURCE.column_names)
    )
