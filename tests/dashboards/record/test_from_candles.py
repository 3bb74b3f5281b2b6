"""What pages say with none, only, first, largest and how many is counted again from raw candles.

Once on the bundled record, once on a record of invented prices in which some events move tokens and most do not.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from dashboards.shell.site import build_site
from flows.steps.moves import update_moves
from flows.steps.studies import update_studies
from tests.flows.shipped import open_shipped
from warehouse.store.publish import publish
from warehouse.tables.bars import HOUR, LENGTHS
from warehouse.tables.news import EVENT
from warehouse.tables.prices import CANDLE
from warehouse.tables.units import count, percent, plain_percent, plural

DAY, WEEK, YEAR = timedelta(days=1), timedelta(days=7), timedelta(days=365)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
# The invented record: log returns of an hour, and what every other event does to a token in the four hours after it.
MARKET_SD, OWN_SD, BETA, SEED = 0.002, 0.003, 1.2, 17
JUMPS = {"TAO": 0.03, "FET": -0.04}


@dataclass(frozen=True)
class Record:
    """A published file and the site built from it."""

    published: Path
    site: Path

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """What a statement returns; moments in UTC."""
        with duckdb.connect(str(self.published), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            found = connection.execute(query, values or None)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @cached_property
    def closes(self) -> dict[tuple[str, str], dict[datetime, float]]:
        """Closes by the moment they are known, by market and bar length."""
        found: dict[tuple[str, str], dict[datetime, float]] = {}
        for row in self.rows("select market_id, timeframe, open_time_utc, close_quote from core.candle"):
            series = found.setdefault((row["market_id"], row["timeframe"]), {})
            series[row["open_time_utc"] + LENGTHS[row["timeframe"]]] = row["close_quote"]
        return found

    @cached_property
    def reactions(self) -> list[dict[str, Any]]:
        """Each measured pair with its event's time, its token, the bars it was measured on and its 24-hour numbers."""
        return self.rows(
            """
            select c.event_id, c.asset_id, c.market_id, c.timeframe, e.best_at_utc, e.category, e.title, a.role,
                   r.estimate as car, o.lower_95 as lower, o.upper_95 as upper, o.value as n_as_large
            from out.market_choice c
            join core.event e using (event_id)
            join core.asset a using (asset_id)
            join out.study_result r on r.event_id = c.event_id and r.market_id = c.market_id
                and r.study_id = 'reaction' and r.statistic = 'car' and r.window_end_hours = 24
            left join out.study_result o on o.event_id = c.event_id and o.market_id = c.market_id
                and o.study_id = 'reaction' and o.statistic = 'placebo_rank' and o.window_end_hours = 24
            where c.purpose = 'reaction' and r.estimate is not null and e.status <> 'rejected'
            """
        )

    def text(self, name: str) -> str:
        """The words of a page, the tables beside figures left out."""
        page = (self.site / name).read_text(encoding="utf-8")
        page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", "", page)).split())

    def outside(self, **which: str) -> list[dict[str, Any]]:
        """The reactions of tokens outside their ordinary range, of those with these values."""
        return [row for row in self.ranged(**which) if not row["lower"] <= row["car"] <= row["upper"]]

    def ranged(self, **which: str) -> list[dict[str, Any]]:
        """The reactions of tokens that have an ordinary range, of those with these values."""
        is_token = [row for row in self.reactions if row["role"] not in ("benchmark", "basket")]
        return [
            row
            for row in is_token
            if row["lower"] is not None and all(row[name] == value for name, value in which.items())
        ]


def make_prices(bundled: pl.DataFrame, events: list[datetime]) -> pl.DataFrame:
    """The shipped bars with invented prices: one hourly walk a market, of which every stored length is made."""
    generator = np.random.default_rng(SEED)
    first = bundled["open_time_utc"].min()
    last = bundled["open_time_utc"].max() + DAY  # type: ignore[operator] # both are instants
    n_hours = int((last - first) / HOUR) + 1  # type: ignore[operator]
    market = generator.normal(0, MARKET_SD, n_hours)
    closes = {}
    for market_id in sorted(bundled["market_id"].unique()):
        asset = market_id.split(":")[1].split("/")[0]
        moves = market.copy() if asset == "BTC" else BETA * market + generator.normal(0, OWN_SD, n_hours)
        for at in events[::2]:
            start = int((at - first) / HOUR) + 1  # type: ignore[operator]
            moves[max(start, 0) : max(start + 4, 0)] += JUMPS.get(asset, 0.0)
        closes[market_id] = 100 * np.exp(np.cumsum(moves))

    def bar(row: dict[str, Any]) -> dict[str, Any]:
        begin = int((row["open_time_utc"] - first) / HOUR)
        inside = closes[row["market_id"]][begin : begin + LENGTHS[row["timeframe"]] // HOUR + 1]
        prices = {"open_quote": inside[0], "close_quote": inside[-1]}
        return {**row, **prices, "high_quote": inside.max(), "low_quote": inside.min()}

    rows = [bar(row) for row in bundled.iter_rows(named=True)]
    return CANDLE.conform(pl.DataFrame(rows, schema=bundled.schema, orient="row"))


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Record:
    home = tmp_path_factory.mktemp("generated")
    with open_shipped(home) as run:
        bars = run.warehouse.frame(CANDLE)
        times = run.warehouse.frame(EVENT, "time_precision <> 'day'")["best_at_utc"].sort()
        inside = times.filter(times.is_between(bars["open_time_utc"].min(), bars["open_time_utc"].max()))
        run.warehouse.replace(CANDLE, make_prices(bars, inside.to_list()))
        update_studies(run)
        update_moves(run)
        publish(run.warehouse, run.settings.warehouse_path, home / "published.duckdb")
    build_site(home / "published.duckdb", home / "site", now=NOW)
    return Record(home / "published.duckdb", home / "site")


@pytest.fixture(scope="module", params=["bundled", "generated"])
def record(request: pytest.FixtureRequest) -> Record:
    if request.param == "generated":
        found: Record = request.getfixturevalue("generated")
        return found
    home = request.getfixturevalue("bundled_home")
    return Record(home / "aftershock.duckdb", home / "site")


def page_of(event_id: str) -> str:
    return f"events/{event_id}.html"


def leading(record: Record) -> Iterator[dict[str, Any]]:
    """Of each event the token its page leads with: TAO where it is measured."""
    by_event: dict[str, list[dict[str, Any]]] = {}
    for row in record.reactions:
        by_event.setdefault(row["event_id"], []).append(row)
    for rows in by_event.values():
        subject = [row for row in rows if row["asset_id"] == "TAO"]
        if subject:
            yield subject[0]


def far_days(closes: dict[datetime, float], at: datetime, own: float) -> tuple[int, int, float]:
    """Days of the year before an event, those with a stretch of 24 hours as far as its own, and the farthest."""
    last = max(moment for moment in closes if moment <= at)
    moves: dict[Any, float] = {}
    way = -1 if own < 0 else 1
    for end, price in closes.items():
        before = closes.get(end - DAY)
        if before is None or end > last or end - DAY < last - YEAR:
            continue
        day = (end - timedelta(microseconds=1)).date()
        moves[day] = max(moves.get(day, -9.0), way * (price / before - 1))
    return len(moves), sum(move >= way * own for move in moves.values()), max(moves.values())


def test_days_that_moved_as_far_are_counted_from_closes(record: Record) -> None:
    n_told = 0
    for row in leading(record):
        closes = record.closes[row["market_id"], row["timeframe"]]
        base = closes[max(moment for moment in closes if moment <= row["best_at_utc"])]
        reached = max(moment for moment in closes if moment <= row["best_at_utc"] + DAY)
        n_days, n_far, farthest = far_days(closes, row["best_at_utc"], closes[reached] / base - 1)
        verb = "rose" if closes[reached] >= base else "fell"
        days = plural(n_days, "day")
        told = (
            f"{row['asset_id']} itself {verb} at least as far within 24 hours on {count(n_far)} of the {days} before, "
            f"at most {plain_percent(abs(farthest))}"
            if n_far
            else f"{row['asset_id']} itself {verb} as far within 24 hours on none of the {days} before"
        )
        assert told in record.text(page_of(row["event_id"])), row["event_id"]
        n_told += 1
    assert n_told >= 5


def test_the_extreme_close_of_the_week_is_found_in_the_closes(record: Record) -> None:
    for row in leading(record):
        closes = record.closes[row["market_id"], row["timeframe"]]
        at = row["best_at_utc"]
        base = closes[max(moment for moment in closes if moment <= at)]
        # The figure draws four hours more than the week, so that a bar of that length closes it.
        after = {moment: price / base - 1 for moment, price in closes.items() if at < moment <= at + WEEK}
        text = record.text(page_of(row["event_id"]))
        which, size, hours = re.search(r"The (\w+) close in the window is ([^ ]+), (\d+) hours", text).groups()  # type: ignore[union-attr]
        extreme = max(after.values(), key=abs)
        assert size == percent(extreme), row["event_id"]
        assert which == ("highest" if extreme > 0 else "lowest")
        found = next(moment for moment, move in after.items() if move == extreme)
        assert int(hours) == round((found - at) / HOUR)


def test_ranks_are_counted_from_the_placebos(record: Record) -> None:
    for row in leading(record):
        if row["lower"] is None:
            continue
        placebos = record.rows(
            "select car_scaled from out.placebo where study_id = 'reaction' and event_id = $event "
            "and market_id = $market and window_end_hours = 24",
            event=row["event_id"],
            market=row["market_id"],
        )
        own = np.log1p(row["car"])
        n_far = sum(abs(item["car_scaled"]) >= abs(own) for item in placebos)
        start = "At equal volatility, none of" if not n_far else f"{count(n_far)} of"
        assert f"{start} {count(len(placebos))} earlier 24-hour windows" in record.text(page_of(row["event_id"]))


def test_events_and_tokens_outside_are_counted_once_and_named(record: Record) -> None:
    outside = record.outside()
    events = {row["event_id"] for row in outside}
    measured = {row["event_id"] for row in record.reactions if row["role"] not in ("benchmark", "basket")}
    assert events
    assert events != measured
    text = record.text("events.html")
    assert f"{count(len(measured))} measured: {count(len(events))} saw a token leave its ordinary range" in text
    for event_id in sorted(measured):
        names = sorted(row["asset_id"] for row in outside if row["event_id"] == event_id)
        page = record.text(page_of(event_id))
        if names:
            assert f"Outside the ordinary range: {' and '.join(', '.join(names).rsplit(', ', 1))}" in page, event_id
        else:
            assert "Outside the ordinary range" not in page, event_id
    for asset_id in sorted({row["asset_id"] for row in outside}):
        n_out, n_of = len(record.outside(asset_id=asset_id)), len(record.ranged(asset_id=asset_id))
        said = f"{asset_id} left its ordinary range after {count(n_out)} of {plural(n_of, 'event')}"
        assert said in record.text(f"tokens/{asset_id}.html")


def test_moves_that_overlap_on_one_token_are_one(record: Record) -> None:
    ends: list[tuple[datetime, str, str]] = sorted(
        (row["best_at_utc"], row["asset_id"], row["event_id"]) for row in record.outside()
    )
    groups = {event_id: event_id for _, _, event_id in ends}

    def root(event_id: str) -> str:
        while groups[event_id] != event_id:
            event_id = groups[event_id]
        return event_id

    for at, asset_id, event_id in ends:
        for other_at, other_asset, other in ends:
            if other_asset == asset_id and at <= other_at < at + DAY:
                groups[root(other)] = root(event_id)
    n_moves = len({root(event_id) for event_id in groups})
    said = "1 move" if n_moves == 1 else f"{count(n_moves)} separate moves"
    assert f"in {said}" in record.text("events.html")


def test_the_mean_of_a_kind_is_the_mean_of_what_its_event_pages_show(record: Record) -> None:
    shown = re.compile(r'href="../tokens/(\w+)\.html".*?data-l="Beyond benchmark, 24 h"><b><data value="([^"]+)"')
    by_kind: dict[str, dict[str, list[float]]] = {}
    for row in record.reactions:
        by_kind.setdefault(row["category"], {}).setdefault(row["event_id"], [])
    n_told = 0
    text = record.text("categories.html")
    for events in by_kind.values():
        for event_id in events:
            page = (record.site / page_of(event_id)).read_text(encoding="utf-8")
            table = page.split('id="tokens-table"')[1].split("</table>")[0]
            for line in table.split("<tr>"):
                found = shown.search(line)
                if found and found[1] not in ("BTC", "ETH"):
                    events[event_id].append(float(found[2]))
        means = [fmean(values) for values in events.values() if values]
        if len(means) > 1:
            said = f"{percent(fmean(means))} after 24 h, the mean of {plural(len(means), 'event')}"
            assert said in text
            assert f"n = {plural(len(means), 'event')}, {sum(map(len, events.values()))} event–token pairs" in text
            n_told += 1
    assert n_told >= 1


def test_the_latest_day_is_that_of_the_last_closes(record: Record) -> None:
    text = record.text("now.html")
    for row in record.rows("select * from out.latest_move where raw_return is not null"):
        closes = record.closes[row["market_id"], row["timeframe"]]
        end = max(closes)
        assert percent(closes[end] / closes[end - DAY] - 1) in text, row["asset_id"]
        lies_outside = not row["ordinary_lower"] <= row["abnormal_return"] <= row["ordinary_upper"]
        word = "unusual" if lies_outside else "ordinary"
        assert f"{word} ({count(row['n_as_large'])} of {count(row['n_windows'])} as large)" in text
