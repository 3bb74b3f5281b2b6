"""Prices end in the same table however they arrive, and every absence has its cause."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import stamina
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.context import RunContext
from flows.errors import CommandError
from flows.jobs.candle_intake import load_verdicts, refresh_coverage, take_in
from flows.jobs.price_backfill import BackfillRequest, backfill_prices
from flows.jobs.price_files import FileRequest, import_prices
from flows.jobs.quarantine import Selection, preview_release, release_candles
from flows.settings import Settings
from flows.steps.prices import update_prices
from ingest.prices.candles import ROW_SCHEMA, parse_candles
from ingest.source import Source
from tests.builders import make_rows
from tests.paths import shared
from tests.replay.exchanges import Fault
from tests.replay.market import Bar, SimulatedMarket
from tests.replay.world import ReplayWorld
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.news import FETCH
from warehouse.tables.prices import (
    CANDLE,
    CANDLE_REVISION,
    COVERAGE,
    FUNDING,
    GAP,
    MARKET,
    OBSERVATION,
    OPEN_INTEREST,
    QUARANTINE,
)

NOW = datetime(2026, 6, 14, 10, 20, tzinfo=UTC)
START = datetime(2026, 6, 1, tzinfo=UTC)
MARKET_WORLD = SimulatedMarket(
    datetime(2026, 5, 20, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC), assets=("BTC", "TAO")
)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        yield writer


def make_context(
    warehouse: Warehouse, home: Path, url: str | None = None, now: datetime = NOW, *, is_offline: bool = False
) -> RunContext:
    own = Settings(
        home=home,
        replay_url=url,
        is_offline=is_offline,
        lock_deadline_seconds=1,
        plotly_js=None,
        prefect_api_url=None,
    )
    return RunContext(own, warehouse, f"run-{now:%d%H}", now, lambda _text: None)


def make_history() -> pl.DataFrame:
    """Good hours with one in another unit, one with high below low, a hole, and thirty frozen ones at the end."""
    rows = []
    for hour in range(100):
        close = 10.0 + hour % 7 / 10 if hour < 70 else 10.0
        scale = 1000.0 if hour == 20 else 1.0
        rows.append(
            {
                "market_id": "binance:TAO/USDT",
                "timeframe": "1h",
                "open_time_utc": START + timedelta(hours=hour),
                "open_quote": close * scale,
                "high_quote": (close if hour != 30 else close / 2) * scale,
                "low_quote": close * scale,
                "close_quote": close * scale,
                "volume_base": 1.0 if hour < 70 else 0.0,
            }
        )
    return pl.DataFrame(rows, schema=ROW_SCHEMA).filter(
        ~pl.col("open_time_utc").is_between(START + timedelta(hours=40), START + timedelta(hours=45))
    )


HISTORY = make_history()


def take_pages(warehouse: Warehouse, pages: list[pl.DataFrame]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    for table in ("core.candle", "core.candle_revision", "raw.quarantine"):
        warehouse.connection.execute(f"delete from {table}").fetchall()
    source = Source("exchange", "run", NOW)
    verdicts = load_verdicts(warehouse)
    for page in pages:
        verdicts = take_in(warehouse, parse_candles(page, source), verdicts, source).verdicts
    candles = warehouse.frame(CANDLE, order_by="open_time_utc").select(ROW_SCHEMA.names()).rows()
    refused = warehouse.frame(QUARANTINE, order_by="reason, payload_json").select("reason", "payload_json").rows()
    return candles, refused


@pytest.fixture(scope="module")
def shared_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with open_writer(tmp_path_factory.mktemp("pages") / "warehouse.duckdb", 1) as writer:
        yield writer


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_split_into_pages_in_any_order_with_overlaps_ends_in_the_same_table(
    shared_warehouse: Warehouse, data: st.DataObject
) -> None:
    n_rows = HISTORY.height
    cuts = sorted(data.draw(st.sets(st.integers(1, n_rows - 1), max_size=6)))
    overlap = data.draw(st.integers(0, 5))
    pages = [HISTORY[max(0, first - overlap) : last] for first, last in zip([0, *cuts], [*cuts, n_rows], strict=True)]
    shuffled = [page.sample(fraction=1.0, shuffle=True, seed=7) for page in data.draw(st.permutations(pages))]
    candles, refused = take_pages(shared_warehouse, shuffled)
    whole_candles, whole_refused = take_pages(shared_warehouse, [HISTORY])
    assert candles == whole_candles
    assert refused == whole_refused
    reasons = {str(reason) for reason, _ in refused}
    assert reasons == {"unit_jump", "high_below_low", "frozen"}
    assert len(candles) == 70 - 6 - 2


def test_a_run_stores_what_venues_have_and_a_second_run_changes_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    with ReplayWorld(NOW, MARKET_WORLD) as world:
        first = update_prices(make_context(warehouse, tmp_path, world.url))
        again = update_prices(make_context(warehouse, tmp_path, world.url))
        world.move_to(NOW + timedelta(hours=2))
        later = update_prices(make_context(warehouse, tmp_path, world.url, NOW + timedelta(hours=2)))
    assert first.n_changed > 5_000  # registry and bars
    assert again.n_changed == 0
    hourly = warehouse.frame(CANDLE, where="timeframe = '1h'")
    series = hourly.group_by("market_id").agg(pl.col("open_time_utc").max())
    assert series.height == 16  # two coins, eight markets each
    assert series["open_time_utc"].unique().to_list() == [datetime(2026, 6, 14, 11, tzinfo=UTC)]
    assert hourly["is_revised"].sum() == 0
    assert later.n_changed >= 32
    funding = warehouse.frame(FUNDING)
    assert funding["market_id"].unique().sort().to_list() == [
        f"{venue}:TAO/USDT:USDT" for venue in ("binanceusdm", "kucoin", "okx")
    ]
    assert funding["funding_time_utc"].dt.hour().unique().sort().to_list() == [0, 8, 16]
    interest = warehouse.frame(OPEN_INTEREST, order_by="observed_at_utc")
    assert interest["observed_at_utc"].max() == datetime(2026, 6, 14, 12, tzinfo=UTC)
    assert interest["open_interest_base"].round(6).unique().to_list() == [1000.5]
    assert first.problems == ()


def test_without_a_network_each_venue_is_one_line(warehouse: Warehouse, tmp_path: Path) -> None:
    report = update_prices(make_context(warehouse, tmp_path, "http://127.0.0.1:9"))
    named = " ".join(sorted(line.split(":")[0] for line in report.problems))
    assert named == "binance binanceusdm bitget bybit coinbase gate hyperliquid kraken kucoin mexc okx"
    assert all("no connection" in line and "check the network" in line for line in report.problems)
    assert warehouse.frame(MARKET).height > 400
    assert update_prices(make_context(warehouse, tmp_path, is_offline=True)).problems == ()


def test_a_closed_bar_that_a_venue_changes_is_a_revision(warehouse: Warehouse, tmp_path: Path) -> None:
    class Corrected:
        def symbols(self, exchange: str) -> list[str]:
            return MARKET_WORLD.symbols(exchange)

        def bars(self, exchange: str, symbol: str, timeframe: str) -> Sequence[Bar]:
            bars = list(MARKET_WORLD.bars(exchange, symbol, timeframe))
            if (exchange, symbol, timeframe) == ("okx", "TAO/USDT", "1h"):
                at = int(datetime(2026, 6, 14, 8, tzinfo=UTC).timestamp() * 1000)
                bars = [(*bar[:5], bar[5] + 1.0) if bar[0] == at else bar for bar in bars]
            return bars

    with ReplayWorld(NOW, MARKET_WORLD) as world:
        update_prices(make_context(warehouse, tmp_path, world.url))
        world.exchanges.market = Corrected()
        later = NOW + timedelta(minutes=30)
        update_prices(make_context(warehouse, tmp_path, world.url, later))
    revised = warehouse.frame(CANDLE, where="is_revised")
    assert revised["market_id"].to_list() == ["okx:TAO/USDT"]
    kept = warehouse.frame(CANDLE_REVISION)
    assert kept["volume_base"][0] == pytest.approx(revised["volume_base"][0] - 1.0)
    assert kept["first_seen_at_utc"].to_list() == [NOW]


class HoledMarket:
    """The market world, less bars [-300, -290) of the series of one venue and bar length."""

    def __init__(self, exchange: str, timeframe: str) -> None:
        self.series = (exchange, timeframe)

    def symbols(self, exchange: str) -> list[str]:
        return MARKET_WORLD.symbols(exchange)

    def bars(self, exchange: str, symbol: str, timeframe: str) -> Sequence[Bar]:
        bars = list(MARKET_WORLD.bars(exchange, symbol, timeframe))
        return bars[:-300] + bars[-290:] if (exchange, timeframe) == self.series else bars


def test_a_young_hole_heals_from_the_same_venue(warehouse: Warehouse, tmp_path: Path) -> None:
    with ReplayWorld(NOW, HoledMarket("okx", "1h")) as world:
        update_prices(make_context(warehouse, tmp_path, world.url))
        gap = warehouse.frame(GAP, where="market_id = 'okx:TAO/USDT' and cause = 'source_hole'").row(0, named=True)
        assert (gap["n_missing"], gap["cause"]) == (10, "source_hole")
        assert gap["offered_market_id"] == "binance:TAO/USDT"
        world.exchanges.market = MARKET_WORLD
        update_prices(make_context(warehouse, tmp_path, world.url))
    # What is left lies before the world began: the venues were asked for it and have nothing.
    assert set(warehouse.frame(GAP)["cause"]) == {"not_listed_yet", "venue_limit"}


def test_an_interrupted_backfill_goes_on_where_it_stopped(warehouse: Warehouse, tmp_path: Path) -> None:
    since = datetime(2026, 5, 20, tzinfo=UTC)

    def interrupt(_done: int, _planned: int) -> None:
        raise KeyboardInterrupt

    with ReplayWorld(NOW, MARKET_WORLD) as world:
        context = make_context(warehouse, tmp_path, world.url)
        with pytest.raises(KeyboardInterrupt):
            backfill_prices(context, BackfillRequest(("TAO",), since, "1h", "binanceusdm"), interrupt)
        n_stored = warehouse.frame(CANDLE).height
        steps: list[tuple[int, int]] = []
        report = backfill_prices(
            context,
            BackfillRequest(("TAO",), since, "1h", "binanceusdm"),
            lambda done, planned: steps.append((done, planned)),
        ).markets
    assert n_stored > 0
    assert report.filter(pl.col("market_id") == "binanceusdm:TAO/USDT:USDT")["n_new"].sum() + n_stored == 25 * 24 + 10
    assert warehouse.frame(CANDLE).height == 25 * 24 + 10
    assert len(steps) <= 2


def test_an_old_hole_is_asked_for_again_once_a_day_until_it_heals(warehouse: Warehouse, tmp_path: Path) -> None:
    later = datetime(2027, 8, 14, 10, tzinfo=UTC)
    planned: list[int] = []

    def backfill(url: str, now: datetime) -> None:
        planned.append(0)
        context = make_context(warehouse, tmp_path, url, now)
        since = datetime(2026, 5, 25, tzinfo=UTC)
        request = BackfillRequest(("TAO",), since, "1h", "binance")
        backfill_prices(context, request, lambda _done, n: planned.__setitem__(-1, n))

    with ReplayWorld(later, HoledMarket("binance", "1h")) as world:
        backfill(world.url, later)
        assert set(warehouse.frame(GAP)["cause"]) == {"source_hole", "stale"}  # the world ends before its clock
        for hours in (0, 1, 24):
            backfill(world.url, later + timedelta(hours=hours))
        n_open = planned[2]  # what is planned every time: slices that have not closed, or brought nothing
        assert planned[1] > n_open < planned[3] <= planned[0]
        world.exchanges.market = MARKET_WORLD
        backfill(world.url, later + timedelta(hours=48))
    assert set(warehouse.frame(GAP)["cause"]) == {"stale"}


def test_a_run_that_was_cut_off_leaves_its_coverage_to_the_next(warehouse: Warehouse, tmp_path: Path) -> None:
    with ReplayWorld(NOW, MARKET_WORLD) as world:
        context = make_context(warehouse, tmp_path, world.url)
        update_prices(context)
        whole = warehouse.frame(COVERAGE)
        warehouse.connection.execute("update out.coverage set n_present = n_present - 1, n_refused = 7").fetchall()
        assert update_prices(context).n_changed == whole.height
        assert update_prices(context).n_changed == 0
    assert warehouse.frame(COVERAGE).sort("market_id", "timeframe").equals(whole.sort("market_id", "timeframe"))


def test_backfill_of_an_unknown_asset_names_what_exists(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="NOPE"):
        backfill_prices(make_context(warehouse, tmp_path), BackfillRequest(("NOPE",), START, "1h"), lambda _a, _b: None)


def test_a_frozen_stretch_is_listed_and_can_be_released(warehouse: Warehouse, tmp_path: Path) -> None:
    take_pages(warehouse, [HISTORY])
    context = make_context(warehouse, tmp_path)
    tried = release_candles(context, Selection((), "high_below_low", None))
    assert tried["outcome"].to_list() == ["still refused"]
    frozen = Selection((), "frozen", "binance:TAO/USDT")
    assert preview_release(warehouse, frozen, NOW).select("outcome", "n_rows").rows() == [("released", 30)]
    assert warehouse.frame(CANDLE).height == 62
    released = release_candles(context, frozen)
    assert released.select("outcome", "n_rows").rows() == [("released", 30)]
    assert warehouse.frame(CANDLE).height == 62 + 30
    source = Source("exchange", "again", NOW)
    taken = take_in(warehouse, parse_candles(HISTORY, source), load_verdicts(warehouse), source)
    assert taken.written.n_changed == 0  # a released bar is not withdrawn again


def test_an_import_reports_rows_gaps_and_refusals_and_repeats_without_change(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "bars.csv"
    HISTORY.with_columns(pl.lit("bingx").alias("exchange"), pl.lit("TAO/USDT").alias("symbol")).drop(
        "market_id"
    ).write_csv(path)
    context = make_context(warehouse, tmp_path)
    taken = import_prices(context, FileRequest((path,)))
    report, gaps = taken.report, taken.gaps
    total, series = report.rows(named=True)
    assert (total["n_rows"], total["n_new"], total["n_refused"]) == (94, 62, 32)
    assert series["reasons"] == "30 frozen, 1 high_below_low, 1 unit_jump"
    assert series["is_registered"] is False
    assert sorted(gaps["n_missing"].to_list()) == [1, 1, 6]
    again = import_prices(context, FileRequest((path,))).report
    assert again["n_new"][0] == 0


def test_a_halt_explains_its_gap_and_coverage_says_why_a_series_ends(warehouse: Warehouse, tmp_path: Path) -> None:
    update_prices(make_context(warehouse, tmp_path, is_offline=True))
    first = datetime(2023, 3, 24, 10, tzinfo=UTC)
    hours = [first, first + timedelta(hours=1), first + timedelta(hours=2), first + timedelta(hours=4)]
    rows = [HISTORY.row(0, named=True) | {"market_id": "binance:AGIX/USDT", "open_time_utc": hour} for hour in hours]
    source = Source("file.csv", "run", NOW)
    batch = parse_candles(pl.DataFrame(rows, schema=ROW_SCHEMA), source)
    take_in(warehouse, batch, load_verdicts(warehouse), source)
    refresh_coverage(warehouse)
    gap = warehouse.frame(GAP).row(0, named=True)
    assert (gap["cause"], gap["n_missing"]) == ("halt", 1)
    assert "matching engine fault" in gap["detail"]
    coverage = warehouse.frame(COVERAGE).row(0, named=True)
    assert (coverage["n_expected"], coverage["n_present"]) == (5, 4)
    assert coverage["ended_because"] == "delisted 2024-07-01 03:00"


@pytest.mark.slow
def test_the_shared_market_imports_with_its_documented_gaps_and_freezes(warehouse: Warehouse, tmp_path: Path) -> None:
    names = ("candles_1h", "candles_4h", "candles_1d", "basket_1h", "snapshots")
    paths = [shared("data", "market", f"{name}.parquet") for name in names]
    context = make_context(warehouse, tmp_path, now=datetime(2026, 11, 1, tzinfo=UTC))
    taken = import_prices(context, FileRequest(tuple(paths)))
    report, gaps = taken.report, taken.gaps
    frozen = report.filter(pl.col("reasons").str.contains("frozen"))
    assert sorted(frozen["market_id"]) == [
        "binanceusdm:FTT/USDT:USDT",
        "binanceusdm:RAY/USDT:USDT",
        "binanceusdm:WAVES/USDT:USDT",
    ]
    halts = gaps.filter(pl.col("cause") == "halt")
    assert set(halts["gap_start_utc"]) == {datetime(2023, 3, 24, 13, tzinfo=UTC)}
    assert warehouse.frame(OBSERVATION).height > 220_000
    again = import_prices(context, FileRequest(tuple(paths))).report
    assert again["n_new"].sum() == 0


def test_a_venue_that_answers_garbage_is_a_problem_line_and_the_others_are_stored(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with ReplayWorld(NOW, MARKET_WORLD, {"okx": Fault("html_200")}) as world:
        report = update_prices(make_context(warehouse, tmp_path, world.url))
    assert any(line.startswith("okx") and "hotel" in line for line in report.problems)
    assert warehouse.frame(CANDLE)["market_id"].n_unique() == 12


def test_a_venue_is_noted_when_its_state_changes_and_hourly_and_robots_are_no_source(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    def note(minutes: int, fault: Fault | None) -> dict[str, int]:
        now = NOW + timedelta(minutes=minutes)
        with ReplayWorld(now, MARKET_WORLD, {"okx": fault} if fault else {}) as world:
            update_prices(make_context(warehouse, tmp_path, world.url, now))
        told = warehouse.frame(FETCH, "attempted_at_utc = $now", now=now)
        return dict(told.select("source_id", "n_failures").iter_rows())

    assert note(0, None)["okx"] == 0
    assert note(2, None) == {}
    assert note(4, Fault("451")) == {"okx": 1}
    assert note(6, Fault("451")) == {}
    [silent] = warehouse.query("failing_sources").to_dicts()
    assert (silent["source_id"], silent["last_good_at_utc"]) == ("okx", NOW)
    assert "okx" in silent["detail"]
    assert note(8, None) == {"okx": 0}
    assert note(59, None) == {}
    assert "okx" not in (hourly := note(60, None))
    assert hourly["binance"] == 0
    n_venues = warehouse.frame(FETCH)["source_id"].n_unique()
    warehouse.merge(FETCH, make_rows(FETCH, {"source_id": "robots:host", "outcome": "new", "attempted_at_utc": NOW}))
    assert warehouse.query("source_counts")["n_sources"].item() == n_venues
