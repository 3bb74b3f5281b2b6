"""One page per token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from statistics import fmean
from typing import Any

import polars as pl
from markupsafe import Markup

from dashboards.figures.figure import Figure, FigureColumn
from dashboards.figures.forest import ForestRow, plot_forest
from dashboards.figures.price_events import draw_price_events, numbered_marks, size_of
from dashboards.figures.rolling import draw_rolling, pick_series
from dashboards.fill import fill, macro
from dashboards.findings.findings import as_of_words, benchmark_word
from dashboards.findings.moves import later_in_move, total_of
from dashboards.findings.readings import HEADLINE_HOURS, SUBJECT_ASSET, Reaction
from dashboards.findings.superlatives import rank_words, token_title
from dashboards.numbers import StoredRows, counted, signed_rows
from dashboards.shell.cards import read_verdicts_on, verdict_cards
from dashboards.shell.frames import Frames, last_close
from dashboards.shell.inline import sparkline
from dashboards.shell.named import DAILY_CLOSE, REACTIONS_BY_KIND
from dashboards.shell.page import Canvas, Page, event_path, token_path
from dashboards.shell.tables import NOTHING, Cell, Head, Spanning, empty_table, strong, table
from warehouse.tables.bars import DAY, bar_words
from warehouse.tables.choice import ANY_TIMEFRAME, MARKET_CHOICE, RECORD
from warehouse.tables.claims import CLAIM
from warehouse.tables.correlation import CORRELATION_ROLLING
from warehouse.tables.news import EVENT
from warehouse.tables.prices import ASSET, COVERAGE, MARKET, REFERENCE_PRICE
from warehouse.tables.terms import category_inside, category_label, is_simulated_market, market_name
from warehouse.tables.units import (
    close_moment,
    count,
    day,
    number_word,
    percent,
    plain_percent,
    plural,
    price,
    sentence,
)

_KIND_SCHEMA: dict[str, Any] = {
    "category": pl.String,
    "n_measured": pl.Int64,
    "mean_car": pl.Float64,
    "smallest_car": pl.Float64,
    "largest_car": pl.Float64,
}
_KIND_COLUMNS = (
    FigureColumn("category", "Kind", category_label, is_number=False),
    FigureColumn("n_measured", "Events", count),
    FigureColumn("mean_car", "Mean", percent),
    FigureColumn("smallest_car", "Smallest", percent),
    FigureColumn("largest_car", "Largest", percent),
)


_CLOSE_SCHEMA: dict[str, Any] = {"market_id": pl.String, "day_utc": pl.Datetime("us", "UTC"), "close_quote": pl.Float64}


def compose_token(frames: Frames, asset_id: str, reactions: Mapping[str, list[Reaction]]) -> Page:
    """Price with events, reaction by category, correlation and beta over time, venues."""
    canvas = Canvas(token_path(asset_id))
    asset = next(signed_rows(frames.part(ASSET, "asset_id", asset_id), ASSET), {"name": asset_id, "note": None})
    found = [item for items in reactions.values() for item in items if item.asset_id == asset_id]
    events = {item.event_id: row for item in found if (row := frames.row(EVENT, "event_id", item.event_id))}
    own = [item for item in found if item.event_id in events]
    later = later_in_move(frames, asset_id)
    marks = sorted((_mark(item, events[item.event_id], later) for item in own), key=lambda mark: (mark[0], mark[1]))
    closes, market_id = _chosen_closes(frames, asset_id)
    series = pick_series(frames.part(CORRELATION_ROLLING, "asset_id", asset_id), asset_id)
    moments = [(max(marks, key=size_of)[0], "largest move")] if marks else []
    title = token_title(asset_id, total_of(frames, "token", asset_id))
    body = fill(
        "token.html.jinja",
        asset_id=asset_id,
        title=title,
        name=asset["name"],
        note=sentence(asset.get("note") or ""),
        prices=canvas.draw(draw_price_events(closes, asset_id, marks, market_id)),
        numbered=[(day(at), text, percent(car or 0)) for at, text, car in numbered_marks(closes, marks)],
        reactions=canvas.draw(_draw_reactions(asset_id, own, events)),
        largest=_reactions_table(own, events, later),
        correlation=canvas.draw(draw_rolling(series, asset_id, "correlation", moments, "rolling")),
        beta=canvas.draw(draw_rolling(series, asset_id, "beta", moments, "rolling")),
        claims=_claims(frames, canvas, asset_id),
        reference=_reference_line(frames, asset_id),
        venues=_venues(frames, asset_id),
    )
    return Page(
        canvas.path,
        "Tokens",
        f"{asset_id}: reactions to AI-policy news",
        f"{title}.",
        body,
        as_of=as_of_words(last_close(frames.part(COVERAGE, "asset_id", asset_id))),
        files=canvas.files,
    )


def _claims(frames: Frames, canvas: Canvas, asset_id: str) -> Markup:
    about = signed_rows(frames.part(CLAIM, "asset_id", asset_id), CLAIM)
    return verdict_cards(f"Claims about {asset_id}", read_verdicts_on(frames, about), canvas.root)


def _mark(item: Reaction, event: Mapping[str, Any], later: Mapping[str, int]) -> tuple[datetime, str, float | None]:
    """An event on the price chart; of several that share a move only the first public one carries its size."""
    n_later = later.get(item.event_id, 0)
    car = item.headline.car if item.headline and n_later >= 0 else None
    return event["best_at_utc"], f"{event['title']}{_with_later(n_later)}", car


def _with_later(n_later: int) -> str:
    return (
        f" (with {number_word(n_later)} later {'event' if n_later == 1 else 'events'} of the move)"
        if n_later > 0
        else ""
    )


def _day(value: datetime | None) -> str:
    return "–" if value is None else day(value)


def _chosen_closes(frames: Frames, asset_id: str) -> tuple[pl.DataFrame, str]:
    """Closes by day of the market that stands for the asset over the whole record, and its id; no rows without one."""
    closes = frames.named_part("daily_closes", "asset_id", asset_id)
    chosen = frames.part(MARKET_CHOICE, "asset_id", asset_id).filter(
        pl.col("purpose") == RECORD, pl.col("timeframe") == ANY_TIMEFRAME
    )
    if not closes.height or not chosen.height:
        return pl.DataFrame(schema=_CLOSE_SCHEMA), ""
    market_id = str(chosen["market_id"][0])
    return closes.filter(pl.col("market_id") == market_id), market_id


def _mean_by_kind(own: list[Reaction], events: Mapping[str, dict[str, Any]]) -> pl.DataFrame:
    """Number, mean and range of 24-hour abnormal returns of each kind of event, the most frequent first."""
    groups: dict[str, list[float]] = {}
    for item in own:
        if item.car is not None:
            groups.setdefault(events[item.event_id]["category"], []).append(item.car)
    rows = [(category, len(values), fmean(values), min(values), max(values)) for category, values in groups.items()]
    rows.sort(key=lambda row: -row[1])
    return pl.DataFrame(rows, schema=_KIND_SCHEMA, orient="row")


def _kind_title(asset_id: str, kind: str, n: int, mean: float) -> str:
    """The kind after which the token moved most; one event is told as one."""
    after = f"{asset_id} moved most after {category_inside(kind)}: {percent(mean)}"
    return f"{after} after its one measured event" if n == 1 else f"{after}, the mean of {plural(n, 'event')}"


def _draw_reactions(asset_id: str, own: list[Reaction], events: Mapping[str, dict[str, Any]]) -> Figure:
    frame = _mean_by_kind(own, events)
    source = StoredRows(REACTIONS_BY_KIND, fixed={"asset_id": asset_id})
    rows, columns = list(source.rows(frame)), _KIND_COLUMNS
    subtitle = (
        "Mean 24-hour return beyond the benchmark by kind of news. Lines: from the smallest to the largest "
        "single event, not an interval."
    )
    if not rows:
        return Figure(
            "by-kind",
            f"{asset_id}: no reaction measured",
            subtitle,
            "",
            "",
            frame,
            columns,
            why_empty=("No event has prices around it for this token.", "Import or backfill its market."),
        )
    largest = max(rows, key=lambda row: abs(row["mean_car"]))
    first = own[0]
    n_all = counted(int(frame["n_measured"].sum()), REACTIONS_BY_KIND, "n_measured", asset_id=asset_id)
    return Figure(
        "by-kind",
        _kind_title(asset_id, largest["category"], largest["n_measured"], largest["mean_car"]),
        subtitle,
        " ".join(
            f"{category_label(row['category'])}: {percent(row['mean_car'])} over {plural(row['n_measured'], 'event')}."
            for row in rows
        ),
        f"n = {plural(n_all, 'event')} · window 24 h · benchmark: "
        f"{benchmark_word(first.headline.benchmark if first.headline else None)} · lines are ranges; the tests with "
        f"intervals are under Categories. Source: {market_name(first.market_id)}. "
        f"As of {close_moment(max(item.data_as_of for item in own))}.",
        frame,
        columns,
        plot_forest(
            [
                ForestRow(category_label(name), mean, low, high, f"n = {n}")
                for name, n, mean, low, high in frame.iter_rows()
            ],
            "24-hour return beyond the benchmark",
            200,
            has_intervals=False,
        ),
        is_simulated=is_simulated_market(first.market_id),
        source=source,
    )


def _reactions_table(own: list[Reaction], events: Mapping[str, dict[str, Any]], later: Mapping[str, int]) -> Markup:
    shown = [item for item in own if item.is_measured and later.get(item.event_id, 0) >= 0]
    measured = sorted(shown, key=lambda item: -abs(item.car or 0))[:15]
    if not measured:
        return NOTHING
    heads = (
        Head("Event"),
        Head("First public"),
        Head("24 h", is_number=True),
        Head("Beyond benchmark", is_number=True),
        Head("As large", is_number=True),
    )
    rows: list[list[Cell | Spanning]] = []
    for item in measured:
        window, event = item.horizons[HEADLINE_HOURS], events[item.event_id]
        rows.append(
            [
                macro(
                    "sections",
                    "link_and",
                    "../" + event_path(item.event_id),
                    event["title"],
                    _with_later(later.get(item.event_id, 0)),
                ),
                day(event["best_at_utc"]),
                percent(window.raw_return) if window.raw_return is not None else "–",
                strong(percent(window.car or 0)),
                rank_words(window),
            ]
        )
    return table(
        "largest",
        "The largest reactions",
        "24-hour return; “as large”: earlier windows that moved at least as far at equal volatility. Events that share "
        "a move stand in one row, that of the first public one.",
        heads,
        rows,
    )


def _reference_line(frames: Frames, asset_id: str) -> Markup:
    """The latest price across venues, how many there were and how far apart, as a sentence."""
    latest = frames.named_part("latest_reference", "asset_id", asset_id)
    row = next(signed_rows(latest, REFERENCE_PRICE), None)
    if row is None:
        return macro("sections", "no_reference", asset_id)
    known = f"{price(row['reference_quote'])} at {close_moment(row['close_time_utc'])}"
    if row["n_markets"] == 1:
        words = "one market, so there is no other price to compare it with"
    else:
        n_venues = row["n_venues"]
        words = (
            f"the median of {number_word(row['n_markets'])} dollar markets on {number_word(n_venues)} "
            f"{'venue' if n_venues == 1 else 'venues'}, {plain_percent(row['spread'], 2)} between the lowest and the "
            "highest"
        )
    return macro("sections", "reference", known, words)


def _venues(frames: Frames, asset_id: str) -> Markup:
    coverage = frames.part(COVERAGE, "asset_id", asset_id).sort("market_id", "timeframe")
    markets = {row["market_id"]: row for row in signed_rows(frames.part(MARKET, "asset_id", asset_id), MARKET)}
    if not coverage.height:
        return empty_table(f"No venue of {asset_id} has stored bars.", "Import or backfill one.")
    closes = frames.named_part("daily_closes", "asset_id", asset_id)
    heads = (
        Head("Market"),
        Head("Kind"),
        Head("Bars"),
        Head("From"),
        Head("To"),
        Head("Missing", is_number=True),
        Head("Last", is_number=True),
        Head("Record"),
    )
    rows: list[list[Cell | Spanning]] = []
    daily = StoredRows(DAILY_CLOSE)
    for row in signed_rows(coverage, COVERAGE):
        # A day's close is that of whatever bars it has: a series shows none from outside its own span.
        is_inside = pl.col("day_utc").is_between(row["first_open_utc"] - DAY, row["last_open_utc"], closed="right")
        own = closes.filter(is_inside, pl.col("market_id") == row["market_id"]) if closes.height else closes
        values = own["close_quote"].to_list() if own.height else []
        line = sparkline(values[:: max(len(values) // 60, 1)], asset_id == SUBJECT_ASSET) if values else NOTHING
        rows.append(
            [
                market_name(row["market_id"]),
                markets[row["market_id"]]["kind"] if row["market_id"] in markets else "unknown",
                bar_words(row["timeframe"]),
                day(row["first_open_utc"]),
                day(row["last_open_utc"]),
                count(row["n_missing"]),
                price(daily.row(own, -1)["close_quote"]) if values else "–",
                line,
            ]
        )
    n_venues = counted(coverage["market_id"].n_unique(), COVERAGE, "count(distinct market_id)", asset_id=asset_id)
    return table(
        "venues",
        f"{plural(n_venues, 'market')} of {asset_id} with stored bars",
        "Missing: bars absent inside the record. Each line has its own scale.",
        heads,
        rows,
    )
