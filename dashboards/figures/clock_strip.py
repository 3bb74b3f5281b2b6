"""From private to public to the move: the hours of an event as a strip of HTML that needs no script."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.fill import macro
from dashboards.numbers import StoredRow, StoredRows, counted, signed_rows
from dashboards.shell.tables import NOTHING, time_tag
from warehouse.tables.bars import HOUR, step_words
from warehouse.tables.news import EVENT_SOURCE
from warehouse.tables.single import REACTION_TIME
from warehouse.tables.studies import STUDY_PATH
from warehouse.tables.terms import role_name
from warehouse.tables.units import (
    clock,
    day,
    exact_clock,
    log_percent,
    moment,
    number_word,
    price,
    short_day,
    span,
)

# A flag's text takes about this share of the strip's width.
FLAG_WIDTH = 0.27
# The last flag stands here, so that its text still fits on its right.
LAST_FLAG_AT = 0.76
MAX_LENGTH = timedelta(hours=36)
QUIET_AFTER = timedelta(hours=12)
PICTURE_WIDTH, PICTURE_HEIGHT = 1000, 72
_ROLES_SHOWN = ("private", "first_report", "statement", "confirmation")
# A source whose claim to have been first the study does not follow.
_EARLIER = "Earlier by its own clock"


@dataclass(frozen=True, slots=True)
class Flag:
    """One dated thing on the strip."""

    at: datetime
    name: str
    note: str
    css: str = ""
    precision: str = "minute"


def draw_clock_strip(
    event: Mapping[str, Any], sources: pl.DataFrame, path: pl.DataFrame, timing: Mapping[str, Any] | None, asset_id: str
) -> Markup:
    """The strip, or nothing for an event of which only the day is known."""
    if event["time_precision"] == "day":
        return NOTHING
    public: datetime = event["best_at_utc"]
    flags = [flag for flag in _flags(event, sources, timing) if abs(flag.at - public) < MAX_LENGTH]
    private = next((flag.at for flag in flags if flag.css == "private-edge"), None)
    begin = min(private or public, public) - timedelta(minutes=25)
    last = max([public, *(flag.at for flag in flags)])
    end = max(
        begin + (last - begin) / LAST_FLAG_AT, (public + QUIET_AFTER) if timing is None else public + timedelta(hours=2)
    )
    flags = [flag for flag in flags if begin <= flag.at <= end]
    place = _Scale(begin, end)
    levels = stack_flags([place(flag.at) for flag in flags])
    shown = _closes_between(path, begin, end)
    return macro(
        "notes",
        "clock",
        _title(timing, public, private, asset_id),
        _subtitle(shown, place, asset_id),
        max(levels, default=0) + 1,
        _line(shown, place),
        PICTURE_WIDTH,
        PICTURE_HEIGHT,
        _phases(place, private, public, timing),
        _hours(place),
        [
            _flag(flag, place(flag.at), level, flags, number)
            for number, (flag, level) in enumerate(zip(flags, levels, strict=True))
        ],
    )


class _Scale:
    """Places instants on the strip, 0 to 1."""

    def __init__(self, begin: datetime, end: datetime) -> None:
        self.begin, self.end = begin, end

    def __call__(self, at: datetime) -> float:
        return (at - self.begin) / (self.end - self.begin)


def stack_flags(places: Sequence[float]) -> list[int]:
    """A level per flag, in order of place: the latest of a cluster on top, earlier ones lower."""
    levels = [0] * len(places)
    for index in range(len(places) - 1, -1, -1):
        later = range(index + 1, len(places))
        crossing = [levels[other] for other in later if places[other] < places[index] + FLAG_WIDTH]
        levels[index] = max(crossing) + 1 if crossing else 0
    return levels


def _flags(event: Mapping[str, Any], sources: pl.DataFrame, timing: Mapping[str, Any] | None) -> list[Flag]:
    def is_shown(row: StoredRow) -> bool:
        at, public = row["published_at_utc"], event["best_at_utc"]
        # Midnight of a source that gives only its day is no instant of the strip.
        if at is None or row["time_basis"] == "date_only":
            return False
        # A confirmation by the minute of the report adds nothing to it.
        is_same = at.replace(second=0, microsecond=0) == public.replace(second=0, microsecond=0)
        return row["role"] in _ROLES_SHOWN and not (row["role"] == "confirmation" and is_same)

    rows = filter(is_shown, signed_rows(sources, EVENT_SOURCE))
    # The earliest source of each name.
    first: dict[str, StoredRow] = {}
    for row in sorted(rows, key=itemgetter("published_at_utc", "source_number")):
        first.setdefault(_flag_name(row, event["best_at_utc"]), row)
    flags = [
        Flag(
            row["published_at_utc"],
            name,
            row["outlet"],
            "private-edge" if row["role"] == "private" else "",
            "second",
        )
        for name, row in first.items()
    ]
    if not any(flag.name == role_name("first_report") for flag in flags):
        flags.append(
            Flag(event["best_at_utc"], "First public evidence", "study starts here", "", event["time_precision"])
        )
    if timing is not None and timing["first_bar_open_utc"] is not None:
        note = (
            f"{log_percent(timing['first_bar_return'])} beyond the benchmark in one bar"
            if timing["first_bar_return"] is not None
            else ""
        )
        flags.append(Flag(timing["first_bar_open_utc"], "Price breaks", note, "move-edge"))
    return sorted(flags, key=lambda flag: flag.at)


def _flag_name(row: StoredRow, public: datetime) -> str:
    """What a source is on the strip: none confirms a report that was not yet public."""
    is_too_early = row["role"] == "confirmation" and row["published_at_utc"] < public
    return _EARLIER if is_too_early else role_name(row["role"])


def _title(timing: Mapping[str, Any] | None, public: datetime, private: datetime | None, asset_id: str) -> str:
    if timing is None:
        return f"From the first evidence on, {asset_id} hour by hour"
    if timing["first_bar_open_utc"] is None:
        return f"{asset_id} showed no abnormal bar after the news was public"
    key = {part: timing[part] for part in REACTION_TIME.key}
    n_bars = counted(quiet_bars(timing, public), "query:quiet_bars", "n_bars", **key)
    if not n_bars:
        return f"{asset_id} moved in the first bar after the news was public"
    bars = f"{step_words(float(timing['bar_hours']))} {'bar' if n_bars == 1 else 'bars'}"
    return f"Once the news was public, {number_word(n_bars)} {bars} of {asset_id} passed before an abnormal one"


def quiet_bars(timing: Mapping[str, Any], public: datetime) -> int:
    """Whole bars between the news and the first abnormal bar: bars bound what can be said of the time between."""
    return max(int((timing["first_bar_open_utc"] - public) / (timing["bar_hours"] * HOUR)), 0)


def _closes_between(path: pl.DataFrame, begin: datetime, end: datetime) -> pl.DataFrame:
    """The rows of a path with a close from `begin` to `end`, both included."""
    times = path["close_time_utc"].to_list()
    first = bisect_left(times, begin)
    rows = path.slice(first, bisect_right(times, end) - first)
    return rows.drop_nulls("close_quote") if rows["close_quote"].null_count() else rows


def _subtitle(shown: pl.DataFrame, place: _Scale, asset_id: str) -> str:
    # The days are compared, not their words: those carry the marks of two instants.
    is_one_day = place.begin.date() == place.end.date()
    days = f"{'' if is_one_day else f'{short_day(place.begin)} to '}{day(place.end)}, UTC."
    if shown.height < 2:
        return f"{days} No prices of {asset_id} in these hours."
    first, last = (StoredRow(shown.row(place, named=True), StoredRows(STUDY_PATH)) for place in (0, -1))
    return (
        f"{days} Line: {asset_id}, closes, {price(first['close_quote'])} at {clock(first['close_time_utc'])} "
        f"to {price(last['close_quote'])} at {clock(last['close_time_utc'])}."
    )


def _line(shown: pl.DataFrame, place: _Scale) -> str:
    if shown.height < 2:
        return ""
    closes = shown["close_quote"].to_list()
    low, high = min(closes), max(closes)
    scale = (PICTURE_HEIGHT - 12) / (high - low) if high > low else 0.0
    return " ".join(
        f"{place(at) * PICTURE_WIDTH:.1f},{PICTURE_HEIGHT - 6 - (close - low) * scale:.1f}"
        for at, close in zip(shown["close_time_utc"], closes, strict=True)
    )


def _phases(
    place: _Scale, private: datetime | None, public: datetime, timing: Mapping[str, Any] | None
) -> list[dict[str, str]]:
    cuts: list[tuple[datetime, str, str]] = []
    if private is not None and private < public:
        cuts.append((private, "private", f"private, {span(public - private)}"))
    opened = timing["first_bar_open_utc"] if timing is not None else None
    if opened is not None and opened < place.end:
        if opened > public:
            cuts.append((public, "public", "public, no abnormal bar"))
        cuts.append((opened, "move", log_percent(timing["first_bar_return"] or 0.0)))  # type: ignore[index] # opened comes from it
        cuts.append((timing["first_bar_close_utc"], "", ""))  # type: ignore[index] # the same
    else:
        cuts.append((public, "public", "public"))
    cuts = [cut for cut in cuts if cut[0] < place.end]
    phases = [{"css": "before", "width": f"{max(place(cuts[0][0]), 0) * 100:.2f}", "text": ""}]
    for index, (at, css, text) in enumerate(cuts):
        until = cuts[index + 1][0] if index + 1 < len(cuts) else place.end
        width = (min(place(until), 1) - max(place(at), 0)) * 100
        phases.append({"css": css, "width": f"{width:.2f}", "text": text if width > 4 else ""})
    return phases


def _hours(place: _Scale) -> list[tuple[str, str]]:
    length = (place.end - place.begin) / HOUR
    step = next((step for step in (1, 2, 3, 4, 6, 12) if length / step <= 8), 12)
    at = place.begin.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    items = []
    while at < place.end:
        if at.hour % step == 0 and 0.02 < place(at) < 0.98:
            items.append((f"{place(at) * 100:.2f}", clock(at)))
        at += timedelta(hours=1)
    return items


def _flag(flag: Flag, x: float, level: int, flags: Sequence[Flag], number: int) -> dict[str, Any]:
    return {
        "css": flag.css,
        "at": f"{x * 100:.2f}",
        "level": level,
        "time": time_tag(flag.at, exact_clock(flag.at), "second"),
        "later": f"{span(flag.at - flags[number - 1].at)} later" if number else "",
        "name": flag.name,
        "note": flag.note,
    }


def when_public(event: Mapping[str, Any]) -> str:
    """The event's time in words with its precision."""
    return moment(event["best_at_utc"], event["time_precision"])
