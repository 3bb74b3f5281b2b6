"""Short bars are kept current on one venue per asset and kind, and wherever somebody stored them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import stamina

from flows.context import RunContext
from flows.settings import Settings
from flows.steps.prices import update_prices
from ingest.prices.fallback import CATCH_UP_BARS, FIRST_DAYS, plan_minutes
from ingest.prices.fetch import SeriesRequest
from ingest.prices.registry import load_registry
from tests.builders import make_rows
from tests.replay.exchanges import Fault
from tests.replay.market import SimulatedMarket
from tests.replay.world import ReplayWorld
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.prices import CANDLE, GAP

NOW = datetime(2026, 6, 14, 10, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REGISTRY = load_registry(None)
WORLD = SimulatedMarket(
    datetime(2026, 6, 8, tzinfo=UTC), datetime(2026, 6, 15, tzinfo=UTC), assets=("BTC", "TAO", "XRP")
)


ONE_COIN = SimulatedMarket(
    datetime(2026, 6, 2, tzinfo=UTC),
    datetime(2026, 6, 15, tzinfo=UTC),
    assets=("TAO",),
    quotes=(("binance", "{}/USDT"), ("okx", "{}/USDT")),
)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        yield writer


def make_marks(*series: tuple[str, str, datetime]) -> pl.DataFrame:
    schema = {"market_id": pl.String, "timeframe": pl.String, "last_open_utc": pl.Datetime("us", "UTC")}
    return pl.DataFrame(series, schema=schema, orient="row")


def plan(marks: pl.DataFrame | None = None, gaps: pl.DataFrame | None = None) -> list[list[SeriesRequest]]:
    return plan_minutes(REGISTRY, make_marks() if marks is None else marks, GAP.empty() if gaps is None else gaps, NOW)


def groups_of(groups: list[list[SeriesRequest]], base: str, timeframe: str) -> list[list[str]]:
    found = [[r.market_id for r in group] for group in groups if group[0].timeframe == timeframe]
    return [ids for ids in found if ids[0].split(":")[1].startswith(f"{base}/")]


def run(warehouse: Warehouse, home: Path, url: str, now: datetime = NOW) -> None:
    own = Settings(home, url, False, 1, None, None)
    update_prices(RunContext(own, warehouse, f"run-{now:%d%H%M}", now, lambda _text: None))


def test_ai_tokens_and_benchmarks_have_one_group_per_kind_with_the_first_venue_first() -> None:
    spot, perpetual = sorted(groups_of(plan(), "TAO", "1m"), key=lambda ids: ":USDT" in ids[0])
    assert (spot[0], perpetual[0]) == ("binance:TAO/USDT", "binanceusdm:TAO/USDT:USDT")
    assert "okx:TAO/USDT" in spot
    assert "okx:TAO/USDT:USDT" in perpetual
    assert len(groups_of(plan(), "BTC", "5m")) == 2
    assert groups_of(plan(), "XRP", "1m") == []
    assert groups_of(plan(), "AGIX", "1m") == []  # ended
    assert {group[0].timeframe for group in plan()} == {"1m", "5m"}


def test_a_first_run_asks_for_a_day_of_minutes_and_three_of_five_minutes() -> None:
    since = {group[0].timeframe: group[0].since for group in plan() if group[0].market_id == "binance:BTC/USDT"}
    assert since == {"1m": NOW - timedelta(days=FIRST_DAYS["1m"]), "5m": NOW - timedelta(days=FIRST_DAYS["5m"])}


def test_every_stored_series_is_kept_and_none_is_asked_twice() -> None:
    last = NOW - timedelta(hours=1)
    stored = ("okx:TAO/USDT", "kucoin:TAO/USDT", "binance:XRP/USDT", "gate:VIRTUAL/USDT")
    groups = plan(make_marks(*((market, "1m", last) for market in stored)))
    tao = [ids for ids in groups_of(groups, "TAO", "1m") if ":USDT" not in ids[0]]
    assert [ids[0] for ids in tao] == ["okx:TAO/USDT", "kucoin:TAO/USDT"]
    assert "binance:TAO/USDT" in tao[0]
    assert tao[1:] == [["kucoin:TAO/USDT"]]
    assert groups_of(groups, "XRP", "1m") == [["binance:XRP/USDT"]]
    asked = [(r.market_id, r.timeframe) for group in groups for r in group]
    assert len(asked) == len(set(asked))


def test_a_series_far_behind_catches_up_from_where_it_stopped_unless_its_venue_forgets() -> None:
    old = NOW - timedelta(days=60)
    groups = plan(make_marks(("binance:TAO/USDT", "1m", old), ("kraken:TAO/USD", "1m", old)))
    request = {r.market_id: r for group in groups for r in group if r.timeframe == "1m"}
    behind = request["binance:TAO/USDT"]
    assert behind.since == old - 3 * MINUTE
    assert behind.until == behind.since + CATCH_UP_BARS * MINUTE
    assert request["kraken:TAO/USD"].until is None


def test_a_hole_older_than_the_first_days_is_not_asked_for_at_every_run() -> None:
    market, last = "binance:TAO/USDT", NOW - MINUTE
    holes = [{"market_id": market, "timeframe": "1m", "cause": "source_hole"} for _ in range(2)]
    young, old = NOW - timedelta(hours=5), NOW - timedelta(days=2)
    gaps = make_rows(GAP, *(hole | {"gap_start_utc": at} for hole, at in zip(holes, (young, old), strict=True)))
    [request] = [
        r
        for g in plan(make_marks((market, "1m", last)), gaps)
        for r in g
        if r.market_id == market and r.timeframe == "1m"
    ]
    assert request.since == young


def test_a_run_keeps_minutes_of_the_first_venue_and_a_second_one_changes_nothing(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with ReplayWorld(NOW, WORLD) as world:
        run(warehouse, tmp_path, world.url)
        first = warehouse.frame(CANDLE, where="timeframe in ('1m', '5m')")
        run(warehouse, tmp_path, world.url)
        world.move_to(NOW + timedelta(minutes=2))
        run(warehouse, tmp_path, world.url, NOW + timedelta(minutes=2))
    assert first.filter(timeframe="1m").group_by("market_id").len().sort("market_id").rows() == [
        (f"{venue}:{coin}/USDT{settle}", 1440)
        for venue, settle in (("binance", ""), ("binanceusdm", ":USDT"))
        for coin in ("BTC", "TAO")
    ]
    later = warehouse.frame(CANDLE, where="timeframe in ('1m', '5m')")
    assert later.height == first.height + 4 * 2
    assert later["is_revised"].sum() == 0


def test_minutes_come_from_the_next_venue_when_the_first_refuses(warehouse: Warehouse, tmp_path: Path) -> None:
    with ReplayWorld(NOW, WORLD, {"binance": Fault("451")}) as world:
        run(warehouse, tmp_path, world.url)
    markets = warehouse.frame(CANDLE, where="timeframe = '1m'")["market_id"].unique().sort().to_list()
    assert [market for market in markets if not market.endswith(":USDT")] == ["okx:BTC/USDT", "okx:TAO/USDT"]


def test_a_series_left_alone_grows_without_a_hole(warehouse: Warehouse, tmp_path: Path) -> None:
    start = datetime(2026, 6, 4, tzinfo=UTC)
    with ReplayWorld(start, ONE_COIN) as world:
        run(warehouse, tmp_path, world.url, start)
        for minute in (-1, 0):
            world.move_to(NOW + minute * MINUTE)
            run(warehouse, tmp_path, world.url, NOW + minute * MINUTE)
            grown = "timeframe in ('1m', '5m') and gap_end_utc > $start"
            holes = warehouse.frame(GAP, where=grown, start=start)
            assert holes.height == 0, holes.to_dicts()
    opened = warehouse.frame(CANDLE, where="timeframe = '1m' and market_id = 'binance:TAO/USDT'")["open_time_utc"]
    assert opened.max() == NOW - MINUTE
    assert opened.len() == (NOW - start) / MINUTE + 1440
