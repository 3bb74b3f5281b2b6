"""Parts that more than one page shows: tiles, tables of events and moves, limits, freshness."""

from __future__ import annotations

import json
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.findings.findings import benchmark_word, prices_in_words
from dashboards.findings.readings import (
    SUBJECT_ASSET,
    Horizon,
    Reaction,
    source_of_path,
    subject_of,
    tokens_outside,
    unmeasured_reason,
)
from dashboards.findings.superlatives import (
    events_caption,
    interval_words,
    plain_days,
    rank_words,
    rarity_sentence,
    separate_words,
)
from dashboards.glossary import tip
from dashboards.numbers import counted, derived, ended, signed_rows
from dashboards.shell.frames import Frames, last_close, newest
from dashboards.shell.inline import range_bar, range_scale, scale_words, sparkline
from dashboards.shell.page import event_path, token_path
from dashboards.shell.tables import (
    Cell,
    Head,
    Spanning,
    empty_table,
    facts,
    link,
    strong,
    table,
    tile,
    tiles,
    time_tag,
    two_lines,
    with_soft,
)
from warehouse.tables.bars import bar_words
from warehouse.tables.moves import LATEST_MOVE
from warehouse.tables.news import CONFOUNDER, EVENT, EVENT_SOURCE, FEED
from warehouse.tables.ops import CHECK_RESULT
from warehouse.tables.prices import COVERAGE
from warehouse.tables.terms import category_label
from warehouse.tables.units import (
    clock,
    close_moment,
    count,
    number,
    p_value,
    percent,
    plural,
    price,
    probability,
    share,
    short_day,
    span,
)
from warehouse.tables.units import day as calendar_day

MAX_LIMITS = 5
# Checks that found rows which offend and are no warnings.
FAILED_CHECKS = "count(*) filter (where n_offending > 0 and coalesce(severity, 'error') = 'error')"


def reaction_tiles(reaction: Reaction, path: pl.DataFrame) -> Markup:
    """Four numbers with their ranges: a day after, of which beyond the benchmark, the rank, what a week left."""
    day, week, half = (reaction.horizons.get(hours) for hours in (24.0, 168.0, 12.0))
    first, later = _closes(reaction, path, 24.0)
    items = [
        tile(
            "24 hours after the first public report",
            _value(day, "raw_return"),
            f"{prices_in_words(reaction.asset_id, first, later)}. "
            + (f"After 12 hours {percent(half.raw_return)}." if half and half.raw_return is not None else "")
            if day and day.raw_return is not None
            else _why(day),
            is_accent=reaction.asset_id == SUBJECT_ASSET and bool(day and day.is_outside),
        ),
        tile(
            "of which " + tip("abnormal", f"beyond {benchmark_word(day.benchmark if day else None)}"),
            _value(day, "car"),
            _ordinary(day),
        ),
        tile(tip("rank", "Placebo rank"), rank_words(day), _rank_words(day)),
        tile("After 7 days", _value(week, "raw_return"), _week_words(day, week)),
    ]
    return tiles(items)


def _value(horizon: Horizon | None, name: str) -> str:
    value = getattr(horizon, name) if horizon else None
    return "–" if value is None else percent(value)


def _why(horizon: Horizon | None) -> str:
    return f"Not measured: {horizon.reason}" if horizon and horizon.reason else "Not measured"


def _ordinary(day: Horizon | None) -> str:
    if day is None or day.car is None:
        return _why(day)
    if day.ordinary_lower is None or day.ordinary_upper is None:
        if day.car_lower is None or day.car_upper is None:
            return "No ordinary range: too few quiet bars before"
        return f"95% interval {interval_words(day.car_lower, day.car_upper)}, {assumed_words(day)}"
    ordinary = f"{percent(day.ordinary_lower)} to {percent(day.ordinary_upper)}"
    return f"Ordinary days: {ordinary} (95% of placebos, {assumed_words(day)})"


def assumed_words(day: Horizon) -> str:
    """Which volatility a range assumes, and what the window's own says where it is another."""
    words = "at the volatility of the hours before"
    if day.volatility_ratio is None or day.inside_lower is None or day.inside_upper is None:
        return words
    inside = interval_words(day.inside_lower, day.inside_upper)
    ratio = number(day.volatility_ratio, 1)
    return f"{words}; at its own, {ratio} times the month's, the interval is {inside}"


def _rank_words(day: Horizon | None) -> str:
    if day is None or day.n_placebo is None:
        return "No ordinary windows to compare with"
    if day.n_independent is None:
        return "ordinary windows moved at least as far"
    words = f"as large at equal volatility; {separate_words(day)}"
    return f"{words}. {probability_words(day)}" if day.p_value is not None else words


def probability_words(horizon: Horizon) -> str:
    """p of a rank, and what is left of it over the event's windows and tokens by both corrections."""
    words = "" if horizon.p_value is None else p_value(horizon.p_value)
    if horizon.p_value is None or horizon.p_adjusted is None or horizon.p_false_discovery is None:
        return words
    return (
        f"{words}; over all its windows and tokens {probability(horizon.p_adjusted)} (Holm), "
        f"{probability(horizon.p_false_discovery)} (Benjamini–Yekutieli)"
    )


def _week_words(day: Horizon | None, week: Horizon | None) -> str:
    if week is None or week.raw_return is None:
        return _why(week) if week else "The data end before"
    if week.car is None:
        return "since the last close before the report"
    # Something is left of a move that went the same way and is smaller now.
    first = day.raw_return if day is not None else None
    is_left = first is not None and first * week.raw_return > 0 and abs(week.raw_return) < abs(first)
    start = "left of it" if is_left else "since the same close"
    return f"{start}; {percent(week.car)} beyond {benchmark_word(week.benchmark)}"


def _closes(reaction: Reaction, path: pl.DataFrame, hours: float) -> tuple[float | None, float | None]:
    """The last known closes up to the event and up to `hours` after it; None where there is none."""
    after = [
        (since, place)
        for place, (since, close) in enumerate(zip(path["hours_after_event"], path["close_quote"], strict=True))
        if close is not None
    ]
    source = source_of_path(reaction)
    before, inside = (max((place for since, place in after if since <= last), default=None) for last in (0.0, hours))
    return (
        None if before is None else source.row(path, before)["close_quote"],
        None if inside is None else source.row(path, inside)["close_quote"],
    )


def cannot_know(
    reaction: Reaction, earlier: Mapping[str, Any] | None, sources: pl.DataFrame, confounders: pl.DataFrame
) -> list[tuple[str, str]]:
    """What the data cannot answer, from the data: cause, rarity, what else happened, who knew before."""
    items = [("Cause.", "One event shows that two things happened together, not that one made the other.")]
    day = reaction.headline
    if day is not None and day.n_independent is not None and day.n_as_large is not None:
        items.append(("How rare.", rarity_sentence(day)))
    if plain := plain_days(reaction.asset_id, earlier):
        items.append(("Plain prices.", f"{plain[:1].upper()}{plain[1:]}."))
    later = [row for row in signed_rows(confounders, CONFOUNDER) if row["offset_hours"] > 0]
    items += [
        (f"{short_day(row['at_utc'])} {clock(row['at_utc'])}.", ended(row["detail"]))
        for row in sorted(later, key=itemgetter("offset_hours", "confounder_number"))[:2]
    ]
    clocks = [(row["role"], row["published_at_utc"]) for row in signed_rows(sources, EVENT_SOURCE)]
    private, public = (
        min((at for of, at in clocks if of == role and at is not None), default=None)
        for role in ("private", "first_report")
    )
    if private is not None and public is not None:
        length = public - private
        items.append(
            (
                "Who knew.",
                f"The news was private for {span(length)}. Prices do not show who traded before it was public.",
            )
        )
    if day is not None and day.reason:
        items.append(("Not measured.", day.reason))
    return items[:MAX_LIMITS]


def events_table(table_id: str, events: pl.DataFrame, reactions: Mapping[str, list[Reaction]], root: str) -> Markup:
    """Events with the subject's reaction, the ordinary range and the rank; unmeasured ones with their reason."""
    if not events.height:
        return empty_table("No event is known yet.", "Run `aftershock run`: the bundled record has eighty.")
    rows = [(row, subject_of(reactions.get(row["event_id"], []))) for row in signed_rows(events, EVENT)]
    days = [
        subject.headline for _, subject in rows if subject and subject.headline and subject.headline.car is not None
    ]
    scale = range_scale([value for day in days for value in (day.car, day.ordinary_lower, day.ordinary_upper)])
    shown = [reactions.get(event_id, []) for event_id in events["event_id"]]
    outside = [tokens_outside(items) for items in shown if any(item.is_measured for item in items)]
    heads = (
        Head("Event"),
        Head("First public, UTC"),
        Head("Kind"),
        Head(two_lines("Beyond", "Bitcoin, 24 h"), is_number=True, label="Beyond Bitcoin, 24 h"),
        Head(scale_words(scale), is_wide=True, label="Against ordinary days"),
        Head(two_lines("Larger", "placebos"), is_number=True, label="Larger placebos"),
    )
    return table(
        table_id,
        events_caption(outside, len(rows)),
        "Return beyond Bitcoin over 24 hours, TAO where it was measured. Bar: middle 95% of ordinary 24-hour windows "
        "before "
        "the event. Dot: this event.",
        heads,
        [_event_row(row, subject, scale, root) for row, subject in rows],
    )


def _event_row(row: Mapping[str, Any], subject: Reaction | None, scale: float, root: str) -> list[Cell | Spanning]:
    name = link(root + event_path(row["event_id"]), row["title"])
    at = row["best_at_utc"]
    text = calendar_day(at) if row["time_precision"] == "day" else f"{calendar_day(at)} {clock(at)}"
    cells: list[Cell | Spanning] = [name, time_tag(at, text, row["time_precision"]), category_label(row["category"])]
    day = subject.headline if subject else None
    if subject is None or day is None or day.car is None:
        return [*cells, Spanning(f"Not measured – {unmeasured_reason(row, day)}")]
    return [
        *cells,
        strong(percent(day.car))
        if subject.asset_id == SUBJECT_ASSET
        else with_soft(strong(percent(day.car)), subject.asset_id),
        range_bar(day.ordinary_lower, day.ordinary_upper, day.car, scale),
        rank_words(day),
    ]


def moves_table(frames: Frames, root: str) -> Markup:
    """The last 24 hours of each token against its own past."""
    stored = frames.get(LATEST_MOVE)
    # What has no bar in the last day of the record has no latest day to show.
    moves = stored.filter(pl.col("raw_return").is_not_null()).sort(pl.col("asset_id") != SUBJECT_ASSET, "asset_id")
    if not moves.height:
        return empty_table(
            "No recent prices to compare.", "Once prices arrive, each token’s last day is set against its past."
        )
    rows = list(signed_rows(moves, LATEST_MOVE))
    scale = range_scale(
        [value for row in rows for value in (row["abnormal_return"], row["ordinary_lower"], row["ordinary_upper"])]
    )
    outside = [row["asset_id"] for row in rows if _is_outside(row)]
    end = max(row["data_as_of_utc"] for row in rows)
    n_known = counted(
        sum(row["abnormal_return"] is not None for row in rows),
        LATEST_MOVE,
        "count(abnormal_return) filter (where raw_return is not null)",
    )
    n_outside = counted(len(outside), LATEST_MOVE, _N_OUTSIDE)
    caption = (
        "No token left its ordinary range in the last 24 hours of data"
        if n_known
        else "No token can be compared with its past yet"
    )
    if outside:
        caption = (
            f"{count(n_outside)} of {plural(n_known, 'token')} left the ordinary range in the last 24 hours of data: "
            f"{', '.join(outside)}"
        )
    heads = (
        Head("Token"),
        Head("Price", is_number=True),
        Head("7 days"),
        Head("24 h", is_number=True),
        Head(two_lines("Beyond", "Bitcoin"), is_number=True, label="Beyond Bitcoin"),
        Head(scale_words(scale), is_wide=True, label="Against its past"),
        Head("Against its past", is_continued=True),
    )
    small = (
        f"To {close_moment(end)}. Bar: middle 95% of earlier 24-hour windows. Dot: now. Each sparkline has its "
        "own scale."
    )
    if n_stale := counted(stored.height - moves.height, LATEST_MOVE, "count(*) filter (where raw_return is null)"):
        small += f" {plural(n_stale, 'token')} without a bar in that day {'is' if n_stale == 1 else 'are'} left out."
    return table("moves-table", caption, small, heads, [_move_row(row, scale, root) for row in rows])


# Tokens with a bar in the last day whose move left its ordinary range.
_N_OUTSIDE = (
    "count(*) filter (where raw_return is not null "
    "and (abnormal_return < ordinary_lower or abnormal_return > ordinary_upper))"
)


def _is_outside(row: Mapping[str, Any]) -> bool:
    known = row["abnormal_return"] is not None and row["ordinary_lower"] is not None
    return bool(known and not row["ordinary_lower"] <= row["abnormal_return"] <= row["ordinary_upper"])


def _move_row(row: Mapping[str, Any], scale: float, root: str) -> list[Cell | Spanning]:
    name = with_soft(link(root + token_path(row["asset_id"]), row["asset_id"]), row["name"])
    line = sparkline(json.loads(row["recent_closes_json"]), row["asset_id"] == SUBJECT_ASSET)
    cells: list[Cell | Spanning] = [
        name,
        price(row["close_quote"]),
        line,
        percent(row["raw_return"]) if row["raw_return"] is not None else "–",
    ]
    if row["abnormal_return"] is None:
        return [*cells, Spanning(f"Not measured – {row['reason']}")]
    word = "unusual" if _is_outside(row) else "ordinary"
    return [
        *cells,
        strong(percent(row["abnormal_return"])),
        range_bar(row["ordinary_lower"], row["ordinary_upper"], row["abnormal_return"], scale),
        with_soft(word, f"({count(row['n_as_large'])} of {count(row['n_windows'])} as large)"),
    ]


def data_as_of(frames: Frames) -> Markup:
    """How far the data reach: prices by bar length, events, feeds, checks."""
    coverage = frames.get(COVERAGE)
    items: list[tuple[Cell, Cell]] = []
    for (timeframe,), part in sorted(coverage.partition_by("timeframe", as_dict=True).items()):
        words = bar_words(str(timeframe))
        n_missing = int(part["n_missing"].sum())
        present = int(part["n_present"].sum())
        part_present = derived(
            present / max(present + n_missing, 1),
            COVERAGE,
            "sum(n_present) / sum(n_present + n_missing)",
            timeframe=timeframe,
        )
        n_markets = counted(part.height, COVERAGE, timeframe=timeframe)
        gaps = "no gaps" if not n_missing else f"{share(part_present)} of bars present"
        last = last_close(part)
        items.append(
            (
                f"Prices, {words} ({plural(n_markets, 'market')})",
                f"to {close_moment(last)}, {gaps}" if last else "no bar",
            )
        )
    events = frames.get(EVENT)
    last_event = newest(events, "best_at_utc")
    newest_words = f", newest {calendar_day(last_event)}" if last_event else ""
    items.append(("Events", f"{count(counted(events.height, EVENT))} known{newest_words}"))
    feeds = frames.get(FEED)
    items.append(("Feeds", f"{count(counted(feeds.height, FEED))} watched" if feeds.height else "none watched yet"))
    checks = frames.get(CHECK_RESULT)
    failed = checks.filter(pl.col("n_offending") > 0, pl.col("severity").fill_null("error") == "error")
    state = (
        "not run yet"
        if not checks.height
        else f"{plural(counted(checks.height, CHECK_RESULT), 'data check')}, "
        + ("all pass" if not failed.height else f"{count(counted(failed.height, CHECK_RESULT, FAILED_CHECKS))} fail")
    )
    items.append(("Checks", f"{state} · " + link("health.html", "Data health")))
    return facts(items)
