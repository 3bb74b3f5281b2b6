"""The tables of an event's page: facts, tokens, movers, starts, sources, confounders, conventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.fill import macro
from dashboards.findings.findings import benchmark_word
from dashboards.findings.readings import HEADLINE_HOURS, SUBJECT_ASSET, Reaction
from dashboards.findings.superlatives import interval_words, outside_caption, rank_words
from dashboards.glossary import tip
from dashboards.numbers import counted, signed_rows
from dashboards.pages.sections import probability_words
from dashboards.shell.frames import Frames
from dashboards.shell.inline import range_bar, range_scale, scale_words, sparkline
from dashboards.shell.page import event_path, safe_link, token_path
from dashboards.shell.tables import (
    NOTHING,
    Cell,
    Head,
    Spanning,
    facts,
    fold_away,
    link,
    over_soft,
    strong,
    table,
    time_tag,
    two_lines,
    with_soft,
)
from warehouse.tables.news import CONFOUNDER, EVENT, EVENT_REVISION, EVENT_SOURCE, NEWS_EPISODE
from warehouse.tables.single import REACTION_TIME, TIMING_BAND
from warehouse.tables.studies import EXCLUSION
from warehouse.tables.terms import category_label, entity_name, market_name, role_name, time_basis_name
from warehouse.tables.units import (
    clock,
    close_moment,
    count,
    day,
    exact_clock,
    hours_plain,
    hours_short,
    listing,
    log_percent,
    moment,
    number_word,
    percent,
    plural,
    short_day,
    span,
)

SPARK_HOURS = 72.0
# An event's page shows so many sources; the rest fold.
MAX_SOURCES = 10


def facts_of(event: Mapping[str, Any]) -> Markup:
    """When it became public and how well that is known, kind, place, end."""
    interval = event["latest_at_utc"] - event["earliest_at_utc"]
    exact = "exact to the second" if not interval else f"known within {span(interval)}"
    items: list[tuple[Cell, Cell]] = [
        (
            "First public evidence",
            macro(
                "sections",
                "first_evidence",
                time_tag(event["best_at_utc"], None, event["time_precision"]),
                exact,
                time_basis_name(event["time_basis"]),
            ),
        ),
        ("Kind", f"{category_label(event['category'])}{', ' + event['jurisdiction'] if event['jurisdiction'] else ''}"),
        ("Who", ", ".join(map(entity_name, event["entities"].split(","))) if event["entities"] else "not named"),
        (
            "Evidence",
            f"{plural(event['n_outlets'], 'outlet')}, {event['status']}" if event["n_outlets"] else event["status"],
        ),
    ]
    if event["ended_at_utc"] is not None:
        items.append(("Ended", time_tag(event["ended_at_utc"], moment(event["ended_at_utc"]))))
    return facts(items)


def revisions_note(frames: Frames, event: Mapping[str, Any]) -> Markup:
    """What a better clock changed, and when; nothing where the time stands as it was first set."""
    rows = frames.part(EVENT_REVISION, "event_id", event["event_id"])
    if rows.is_empty():
        return NOTHING
    rows = rows.sort("changed_at_utc", descending=True)
    changes = [
        {
            "changed": time_tag(row["changed_at_utc"], moment(row["changed_at_utc"])),
            "before": time_tag(row["before_at_utc"], moment(row["before_at_utc"])),
            "before_basis": time_basis_name(row["before_basis"]),
            "after": time_tag(row["after_at_utc"], moment(row["after_at_utc"])),
            "after_basis": time_basis_name(row["after_basis"]),
        }
        for row in signed_rows(rows, EVENT_REVISION)
    ]
    return macro("sections", "revisions", changes)


def tokens_table(reactions: list[Reaction]) -> Markup:
    """Every token after 12 h, 24 h and 7 days, raw and beyond the benchmark, with the ordinary range."""
    days = [item.headline for item in reactions if item.headline is not None]
    scale = range_scale([value for day in days for value in (day.car, day.ordinary_lower, day.ordinary_upper)])
    heads = (
        Head("Token"),
        Head("12 h", is_number=True),
        Head("24 h", is_number=True),
        Head("7 days", is_number=True),
        Head(two_lines("Beyond benchmark,", "24 h"), is_number=True, label="Beyond benchmark, 24 h"),
        Head("95% interval", is_number=True),
        Head(scale_words(scale), is_wide=True, label="Against ordinary days"),
        Head("As large", is_number=True, label="Placebos as large"),
    )
    caption = outside_caption(reactions)
    small = (
        "Tokens that react to one headline are one observation, not several. Interval and bar (middle 95% of ordinary "
        "24-hour windows) assume the volatility of the hours before the event. Dot: this event."
    )
    return table("tokens-table", caption, small, heads, [_token_row(item, scale) for item in reactions])


def _token_row(item: Reaction, scale: float) -> list[Cell | Spanning]:
    values = [item.horizons.get(hours) for hours in (12.0, HEADLINE_HOURS, 168.0)]
    name = with_soft(link("../" + token_path(item.asset_id), item.asset_id), market_name(item.market_id))
    raw = [percent(value.raw_return) if value and value.raw_return is not None else "–" for value in values]
    day = values[1]
    if day is None or day.car is None:
        return [name, *raw, Spanning(f"Not measured – {(day.reason if day else None) or 'no 24-hour window'}")]
    interval = interval_words(day.car_lower, day.car_upper)
    return [
        name,
        *raw,
        strong(percent(day.car)),
        interval,
        range_bar(day.ordinary_lower, day.ordinary_upper, day.car, scale),
        rank_words(day),
    ]


def movers_table(timings: pl.DataFrame, reactions: list[Reaction], paths: Mapping[str, pl.DataFrame]) -> Markup:
    """Who moved first: the first significant abnormal bar of each market, and what the bar length allows to say."""
    if not timings.height:
        return NOTHING
    assets = {item.market_id: item.asset_id for item in reactions}
    rows = sorted(
        (row for row in signed_rows(timings, REACTION_TIME) if row["market_id"] in assets),
        key=lambda row: (row["mover_rank"] is None, row["mover_rank"] or 0, row["market_id"]),
    )
    bars = sorted({row["bar_hours"] for row in rows})
    lengths = listing([hours_plain(hours) for hours in bars])
    heads = (
        Head("Token"),
        Head("First abnormal bar, UTC"),
        Head("Move in it", is_number=True),
        Head("Quiet before", is_number=True),
        Head("Peak", is_number=True),
        Head("Half gone after", is_number=True),
        Head("72 hours"),
    )
    small = (
        f"First bar after the event that passes a test which allows for all bars searched. Bars are {lengths} "
        "long; that bounds the order."
    )
    return table(
        "movers",
        _movers_caption(rows, assets),
        small,
        heads,
        [_mover_row(row, assets, paths) for row in rows],
    )


def _movers_caption(rows: Sequence[Mapping[str, Any]], assets: Mapping[str, str]) -> str:
    moved = [row for row in rows if row["mover_rank"] is not None]
    if not moved:
        return "No token had a clearly abnormal bar"
    first = assets[moved[0]["market_id"]]
    if len(moved) == 1:
        return f"Only {first} had a clearly abnormal bar"
    proven = all(row["is_order_proven"] for row in moved[1:])
    of_all = f"first of {number_word(len(moved))}"
    return f"{first} moved {of_all}" if proven else f"{first} shows {of_all}; the bars do not prove the order"


def _mover_row(
    row: Mapping[str, Any], assets: Mapping[str, str], paths: Mapping[str, pl.DataFrame]
) -> list[Cell | Spanning]:
    asset = assets[row["market_id"]]
    path = paths.get(asset)
    known = [] if path is None else zip(path["hours_after_event"], path["close_quote"], strict=True)
    closes = [close for hours, close in known if close is not None and -2 <= hours <= SPARK_HOURS]
    line = sparkline(closes, asset == SUBJECT_ASSET)
    if row["first_bar_open_utc"] is None:
        return [asset, Spanning(f"none in {plural(row['n_searched'], 'bar')} " + line)]
    opened, closed = row["first_bar_open_utc"], row["first_bar_close_utc"]
    return [
        asset,
        time_tag(opened, f"{short_day(opened)} {clock(opened)}–{clock(closed)}"),
        log_percent(row["first_bar_return"]) if row["first_bar_return"] is not None else "–",
        hours_plain(row["quiet_hours"], 0 if row["quiet_hours"] >= 1 else 1) if row["quiet_hours"] is not None else "–",
        f"{log_percent(row['peak_car'])} at {count(row['peak_hours'])} h" if row["peak_car"] is not None else "–",
        hours_plain(row["half_life_hours"], 0) if row["half_life_hours"] is not None else "not in the data",
        line,
    ]


def timing_table(frames: Frames, subject: Reaction) -> Markup:
    """How the 24-hour answer moves with the assumed start."""
    own = {"market_id": subject.market_id, "window_end_hours": str(HEADLINE_HOURS)}
    band = frames.part(TIMING_BAND, "event_id", subject.event_id, **own)
    rows = sorted(signed_rows(band, TIMING_BAND), key=itemgetter("anchor_utc"))
    known = [row for row in rows if row["car"] is not None]
    if len(rows) < 2 or not known:
        return NOTHING
    ordered = sorted(row["car"] for row in known)
    low, high = ordered[0], ordered[-1]
    scale = range_scale([low, high, *(row[end] for end in ("lower_95", "upper_95") for row in known)])
    heads = (
        Head("Window starts, UTC"),
        Head("Return", is_number=True),
        Head(f"Beyond {benchmark_word(subject.headline.benchmark if subject.headline else None)}", is_number=True),
        Head(scale_words(scale), is_wide=True, label="With its 95% interval"),
        Head("95% interval", is_number=True),
    )
    return table(
        "starts",
        f"Whichever hour is taken as the start, the 24-hour answer lies between {percent(low)} and {percent(high)}",
        "One row per bar in which the news may have become public. Bar: 95% interval. The start the study uses is "
        "bold.",
        heads,
        [_start_row(row, scale) for row in rows],
    )


def _start_row(row: Mapping[str, Any], scale: float) -> list[Cell | Spanning]:
    at = time_tag(row["anchor_utc"], moment(row["anchor_utc"], with_year=False))
    name = macro("sections", "used_start", at) if row["is_best"] else at
    if row["car"] is None:
        return [name, Spanning(f"Not measured – {row['reason'] or 'no bars'}")]
    return [
        name,
        percent(row["raw_return"]) if row["raw_return"] is not None else "–",
        percent(row["car"]),
        range_bar(row["lower_95"], row["upper_95"], row["car"], scale),
        interval_words(row["lower_95"], row["upper_95"]),
    ]


def sources_table(sources: pl.DataFrame) -> Markup:
    """Each source with the publisher's clock and ours."""
    heads = (
        Head("What"),
        Head("Who"),
        Head("Claimed, UTC"),
        Head("Basis"),
        Head(tip("first-seen", "First seen, UTC"), label="First seen, UTC"),
    )
    rows = [
        [
            over_soft(role_name(row["role"]), row["title"]),
            safe_link(row["url"], row["outlet"]),
            _clock(row["published_at_utc"], row["time_basis"]),
            time_basis_name(row["time_basis"]),
            _clock(row["first_seen_at_utc"], ""),
        ]
        for row in sorted(signed_rows(sources, EVENT_SOURCE), key=itemgetter("source_number"))
    ]
    n_sources = counted(len(rows), EVENT_SOURCE, event_id=sources["event_id"][0]) if rows else 0
    caption = (
        f"{plural(n_sources, 'source')}, each with both clocks"
        if rows
        else "No separate sources are recorded for this event"
    )
    small = "Claimed: what the source says. First seen: when a collector had it; “–” where none did."
    first = table("sources-table", caption, small, heads, rows[:MAX_SOURCES])
    rest = rows[MAX_SOURCES:]
    if not rest:
        return first
    more = "The other source" if len(rest) == 1 else "The other sources"
    return first + fold_away(more, table("more-sources-table", more, small, heads, rest), "more-sources")


def _clock(at: Any, basis: str) -> Cell:
    if at is None:
        return "–"
    if basis == "date_only":
        return time_tag(at, day(at), "day")
    return time_tag(at, f"{day(at)} {exact_clock(at)}", "second")


def episode_table(frames: Frames, event_id: str, root: str) -> Markup:
    """The steps of the event's episode, earliest first; nothing where it is the only one."""
    own = frames.part(NEWS_EPISODE, "event_id", event_id)
    steps = frames.part(NEWS_EPISODE, "episode_id", own["episode_id"][0]) if own.height else own
    if steps.height < 2:
        return NOTHING
    heads = (Head("Step"), Head("Event"), Head("Announced, UTC"), Head("Done, UTC"), Head("Why it continues"))
    rows: list[list[Cell | Spanning]] = []
    for row in signed_rows(steps.sort("step_number"), NEWS_EPISODE):
        title = frames.part(EVENT, "event_id", row["event_id"])["title"][0]
        name = macro("sections", "this_step", title)
        if row["event_id"] != event_id:
            name = link(root + event_path(row["event_id"]), title)
        clocks = (_clock(row[f"{what}_at_utc"], "") for what in ("announced", "done"))
        rows.append([str(row["step"]).capitalize(), name, *clocks, row["reason"]])
    small = "Steps of one kind and party whose headlines share their words; what takes a measure back follows it."
    return table("episode", "Earlier and later steps of this episode", small, heads, rows)


def confounders_box(confounders: pl.DataFrame, root: str, shared: Markup) -> Markup:
    """What else happened inside the window, nearest first, after the events that `shared` lists."""
    items = []
    for row in sorted(signed_rows(confounders, CONFOUNDER), key=itemgetter("confounder_number"))[:12]:
        detail: Cell = row["detail"]
        if row["other_event_id"]:
            detail = link(root + event_path(row["other_event_id"]), row["detail"])
        offset = f"{count(abs(row['offset_hours']))} h {'after' if row['offset_hours'] >= 0 else 'before'}"
        at = row["at_utc"]
        items.append((time_tag(at, f"{short_day(at)} {clock(at)}"), offset, detail))
    return macro("sections", "confounders", shared, items)


def conventions(subject: Reaction | None, exclusions: pl.DataFrame) -> Markup:
    """How it was computed, the hash of the specification, and what was left out."""
    windows = [
        {
            "hours": hours_short(horizon.hours),
            "conventions": horizon.conventions,
            "chance": probability_words(horizon),
            "reason": horizon.reason,
        }
        for horizon in (subject.horizons.values() if subject else ())
    ]
    listed = sorted(signed_rows(exclusions, EXCLUSION), key=itemgetter(*EXCLUSION.key))
    left_out = [(market_name(row["market_id"]), row["reason"]) for row in listed]
    if not (subject or left_out):
        return NOTHING
    specification = subject.spec_sha256 if subject else ""
    data_to = close_moment(subject.data_as_of) if subject else ""
    return macro("sections", "conventions", windows, specification, data_to, left_out)
