"""A venue that lies is noticed: the same table comes of it, or a named gap, and never a silent one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import stamina
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.context import RunContext
from flows.jobs.price_backfill import BackfillReport, BackfillRequest, backfill_prices
from flows.settings import Settings
from ingest.prices.asked import asked_series, ended_listings, known_markets, listings, verified_markets
from ingest.prices.candles import parse_candles
from ingest.prices.fetch import SeriesAnswer, SeriesRequest, ShortAnswerError, VenueAnswer, fetch_venues
from ingest.prices.registry import load_registry
from ingest.source import Source
from tests.builders import make_rows
from tests.e2e.command import run_aftershock
from tests.replay.exchanges import Fault
from tests.replay.market import Bar, SimulatedMarket
from tests.replay.world import ReplayWorld
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.contract import UTC as UTC_TYPE
from warehouse.tables.ops import ASKED_SERIES, BACKFILL, RUN
from warehouse.tables.prices import CANDLE, CANDLE_REVISION, COVERAGE, GAP, LISTING, MARKET

NOW = datetime(2026, 6, 14, 10, 20, tzinfo=UTC)
SINCE = datetime(2026, 6, 1, tzinfo=UTC)
SERIES = ("binance", "TAO/USDT", "1h")
TAO = SimulatedMarket(datetime(2026, 5, 20, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC), assets=("TAO",))
TWO_COINS = SimulatedMarket(datetime(2026, 5, 20, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC), assets=("BTC", "TAO"))
VENUES = load_registry().venues
BINANCE = BackfillRequest(("TAO",), SINCE, "1h", "binance")


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        yield writer


def backfill(
    warehouse: Warehouse, world: ReplayWorld, request: BackfillRequest = BINANCE, now: datetime = NOW
) -> BackfillReport:
    own = Settings(
        home=Path(),
        replay_url=world.url,
        is_offline=False,
        lock_deadline_seconds=1,
        plotly_js=None,
        prefect_api_url=None,
    )
    return backfill_prices(RunContext(own, warehouse, "run", now, lambda _text: None), request, lambda _a, _b: None)


def ask(faults: dict[str, Fault], market: object = TAO, since: datetime = SINCE) -> SeriesAnswer:
    with ReplayWorld(NOW, market, faults) as world:  # type: ignore[arg-type]  # anything with symbols and bars
        [answer] = fetch_venues(VENUES, [SeriesRequest(*SERIES, since)], NOW, replay_url=world.url, deadline_seconds=20)
    [series] = answer.answers
    return series


def opens(series: SeriesAnswer) -> list[datetime]:
    batch = parse_candles(series.rows, Source("exchange", "run", NOW), is_live=True)
    assert batch.quarantined.height == 0
    return batch.candles["open_time_utc"].sort().to_list()


def hours(first: datetime, last: datetime) -> list[datetime]:
    return [first + timedelta(hours=n) for n in range(int((last - first) / timedelta(hours=1)))]


ALL_HOURS = hours(SINCE, NOW.replace(minute=0))


class Listed:
    """The market, whose bars begin or stop where they are told to."""

    def __init__(self, first: datetime, end: datetime = datetime(2026, 6, 20, tzinfo=UTC)) -> None:
        self.first, self.end = first.timestamp() * 1000, end.timestamp() * 1000

    def symbols(self, exchange: str) -> list[str]:
        return TAO.symbols(exchange)

    def bars(self, exchange: str, symbol: str, timeframe: str) -> list[Bar]:
        return [bar for bar in TAO.bars(exchange, symbol, timeframe) if self.first <= bar[0] < self.end]


def test_a_venue_that_keeps_the_newest_of_a_window_is_asked_in_halves() -> None:
    series = ask({"binance": Fault("newest_half", path="klines")})
    assert series.error is None
    assert opens(series) == ALL_HOURS


def test_a_venue_that_ignores_what_is_asked_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = VENUES["binance"].model_copy(update={"page_bars": 50})
    monkeypatch.setitem(VENUES, "binance", venue)
    series = ask({"binance": Fault("ignores_since", path="klines")})
    assert isinstance(series.error, ShortAnswerError)
    assert "was asked from 2026-06-01 00:00 and gave bars from" in str(series.error)


def test_a_listing_inside_the_stretch_is_no_lie() -> None:
    first = datetime(2026, 6, 5, tzinfo=UTC)
    series = ask({}, Listed(first))
    assert series.error is None
    assert opens(series) == hours(first, NOW.replace(minute=0))


def test_the_later_of_two_answers_of_one_venue_wins_with_a_revision(warehouse: Warehouse) -> None:
    venue_page = {"binance": Fault("revised", times=1, path="klines")}
    market = VENUES["binance"].model_copy(update={"page_bars": 100})
    with pytest.MonkeyPatch.context() as patch, ReplayWorld(NOW, TAO, venue_page) as world:
        patch.setattr("flows.jobs.price_backfill.read_registry", lambda _path: _with_venue(market))
        report = backfill(warehouse, world)
    assert report.problems == ()
    stored = warehouse.frame(CANDLE, order_by="open_time_utc")
    assert stored["open_time_utc"].to_list() == ALL_HOURS
    [revised] = stored.filter("is_revised").to_dicts()
    [old] = warehouse.frame(CANDLE_REVISION).to_dicts()
    assert old["open_time_utc"] == revised["open_time_utc"]
    assert old["volume_base"] == pytest.approx(revised["volume_base"] + 1)


def _with_venue(venue):  # type: ignore[no-untyped-def]  # a registry with one venue changed
    from dataclasses import replace

    registry = load_registry()
    return replace(registry, venues={**registry.venues, venue.exchange: venue})


@settings(max_examples=8, deadline=None)
@given(
    page_bars=st.integers(7, 400),
    fault=st.sampled_from(
        [
            None,
            "duplicated",
            "unordered",
            "newest_half",
            "revised",
            "503",
            "truncated",
            "cut_off",
            "garbage",
            "ignores_since",
        ]
    ),
    times=st.sampled_from([1, 2, None]),
    days_late=st.integers(0, 6),
)
@example(page_bars=7, fault="ignores_since", times=1, days_late=0)  # one page of the newest, then honest ones
def test_any_answer_ends_in_the_whole_table_or_in_a_named_failure(
    page_bars: int, fault: str | None, times: int | None, days_late: int
) -> None:
    first = SINCE + timedelta(days=days_late)
    faults = {} if fault is None else {"binance": Fault(fault, times, path="klines")}
    venue = VENUES["binance"].model_copy(update={"page_bars": page_bars})
    with ReplayWorld(NOW, Listed(first), faults) as world:
        [answer] = fetch_venues(
            {"binance": venue}, [SeriesRequest(*SERIES, SINCE)], NOW, replay_url=world.url, deadline_seconds=60
        )
    [series] = answer.answers
    if series.error is None:
        assert opens(series) == hours(first, NOW.replace(minute=0))
    else:
        assert str(series.error).startswith("binance:TAO/USDT 1h: ")


def test_bars_that_open_while_a_long_run_asks_are_early_and_not_wrong() -> None:
    series = ask({})
    source = Source("exchange", "run", NOW - timedelta(hours=3))
    batch = parse_candles(series.rows, source, is_live=True)
    assert (batch.quarantined.height, batch.n_unfinished) == (0, 4)
    years_ahead = series.rows.with_columns(pl.col("open_time_utc").dt.offset_by("10y"))
    assert parse_candles(years_ahead, source, is_live=True).quarantined["reason"].unique().to_list() == [
        "from_the_future"
    ]


def test_a_stretch_after_the_listing_that_brought_nothing_is_asked_for_again(warehouse: Warehouse) -> None:
    empty = {"binance": Fault("empty", path="klines")}
    request = BackfillRequest(("TAO",), datetime(2025, 1, 1, tzinfo=UTC), "1h", "binance")
    with ReplayWorld(NOW, TAO, empty) as world:
        backfill(warehouse, world, request)
    listed = warehouse.frame(MARKET, where="market_id = 'binance:TAO/USDT'")["listed_at_utc"][0]
    assert listed is not None  # the test rests on it
    assert warehouse.frame(BACKFILL).height == 0


def test_leading_and_trailing_gaps_have_causes_and_count(warehouse: Warehouse) -> None:
    first, end = datetime(2026, 6, 3, tzinfo=UTC), datetime(2026, 6, 14, tzinfo=UTC)
    with ReplayWorld(NOW, Listed(first, end)) as world:
        backfill(warehouse, world)
    gaps = warehouse.frame(GAP, order_by="gap_start_utc").select("gap_start_utc", "gap_end_utc", "cause").rows()
    assert gaps == [(SINCE, first, "not_listed_yet"), (end, NOW.replace(minute=0), "stale")]
    [coverage] = warehouse.frame(COVERAGE).to_dicts()
    assert (coverage["n_present"], coverage["n_missing"]) == (11 * 24, 10)


def test_a_venue_that_fails_after_it_answered_leaves_a_refused_gap(warehouse: Warehouse) -> None:
    with ReplayWorld(NOW, TAO) as world:
        backfill(warehouse, world)
        world.move_to(NOW + timedelta(hours=5))
        world.exchanges.faults = {"binance": Fault("503", path="klines")}
        report = backfill(warehouse, world, now=NOW + timedelta(hours=5))
    assert len(report.problems) == 1
    [gap] = warehouse.frame(GAP).to_dicts()
    assert (gap["n_missing"], gap["cause"]) == (5, "refused")
    assert "503" in gap["detail"] or "not available" in gap["detail"]


def test_the_venues_own_list_is_stored_and_proves_an_unverified_market(warehouse: Warehouse) -> None:
    with ReplayWorld(NOW, TAO) as world:
        backfill(warehouse, world, BackfillRequest(("TAO",), SINCE, "1h", "kucoin"))
    listed = warehouse.frame(LISTING, where="exchange = 'kucoin'")
    assert set(listed["symbol"]) >= {"TAO/USDT"}
    assert listed["first_seen_at_utc"].unique().to_list() == [NOW]
    market = make_rows(MARKET, {"exchange": "kucoin", "symbol": "TAO/USDT", "confidence": "unverified"})
    [proven] = verified_markets(market, listed).to_dicts()
    assert (proven["confidence"], proven["source"]) == ("high", "the venue's own market list, 2026-06-14")
    inactive = listed.with_columns(pl.lit(value=False).alias("is_active"))
    assert verified_markets(market, inactive)["confidence"].to_list() == ["unverified"]


class Shrinking:
    """A venue's market without TAO, as after its delisting."""

    def symbols(self, exchange: str) -> list[str]:
        return [symbol for symbol in TWO_COINS.symbols(exchange) if "TAO" not in symbol]

    def bars(self, exchange: str, symbol: str, timeframe: str) -> Sequence[Bar]:
        return TWO_COINS.bars(exchange, symbol, timeframe)


def test_a_market_that_left_its_venues_list_ended_when_it_was_last_seen_to_trade(warehouse: Warehouse) -> None:
    later = NOW + timedelta(days=3)
    with ReplayWorld(NOW, TWO_COINS) as world:
        backfill(warehouse, world)
        world.exchanges.market = Shrinking()
        world.move_to(later)
        report = backfill(warehouse, world, now=later)
    [note] = report.markets["note"].to_list()
    assert note.startswith("not listed there any more, last seen trading 2026-06-14 10:20; older bars are in")
    assert note.endswith("archives: aftershock import prices")
    [market] = warehouse.frame(MARKET, where="market_id = 'binance:TAO/USDT'").to_dicts()
    assert market["delisted_at_utc"] == NOW
    assert market["source"].endswith("not on the venue's own market list after 2026-06-14 10:20")
    [coverage] = warehouse.frame(COVERAGE).to_dicts()
    assert coverage["n_missing"] == 0  # none is expected of the three days after


@pytest.mark.parametrize("kind", ["garbage", "html_200", "empty_dict"])
def test_an_unusable_market_list_ends_no_market_and_is_named(warehouse: Warehouse, kind: str) -> None:
    later = NOW + timedelta(days=3)
    with ReplayWorld(NOW, TWO_COINS) as world:
        backfill(warehouse, world)
        world.exchanges.faults = {"binance": Fault(kind)}
        world.move_to(later)
        report = backfill(warehouse, world, now=later)
    [problem] = report.problems
    assert problem.startswith("binance: ")
    assert report.markets["note"].to_list() == [f"not asked: {problem}"]
    [market] = warehouse.frame(MARKET, where="market_id = 'binance:TAO/USDT'").to_dicts()
    assert market["delisted_at_utc"] is None
    assert warehouse.frame(ASKED_SERIES)["outcome"].to_list() == ["answered"]


def test_a_list_is_compared_with_one_of_the_last_days_only() -> None:
    stored = pl.concat(
        [
            make_listing(),
            make_listing(symbol="OLD/USDT", last_seen_at_utc=SINCE),
            make_listing(symbol="STILL/USDT", is_active=False),
            make_listing(exchange="mexc", last_seen_at_utc=NOW - timedelta(days=7)),
            make_listing(exchange="gate", last_seen_at_utc=NOW - timedelta(days=7, minutes=1)),
        ]
    )
    assert known_markets(stored, NOW) == dict.fromkeys(("okx", "mexc"), frozenset({"TAO/USDT"}))


def make_listing(**values: object) -> pl.DataFrame:
    known = {"exchange": "okx", "symbol": "TAO/USDT", "is_active": True, "last_active_at_utc": NOW}
    return make_rows(LISTING, {**known, "first_seen_at_utc": SINCE, "last_seen_at_utc": NOW, **values})


@pytest.mark.parametrize(
    ("values", "is_ended"),
    [
        ({}, False),
        ({"is_active": False, "last_active_at_utc": SINCE}, True),
        ({"is_active": False, "last_active_at_utc": None}, False),  # it never traded while we looked: no date
        ({"last_seen_at_utc": SINCE, "last_active_at_utc": SINCE}, True),
    ],
)
def test_a_market_ends_when_it_stops_or_leaves_the_list(values: dict[str, object], is_ended: bool) -> None:
    other = make_listing(symbol="BTC/USDT")
    listed = pl.concat([make_listing(**values), other])
    assert ended_listings(listed)["symbol"].to_list() == (["TAO/USDT"] if is_ended else [])
    market = make_rows(MARKET, {"exchange": "okx", "symbol": "TAO/USDT", "confidence": "low", "delisted_at_utc": None})
    [dated] = verified_markets(market, listed)["delisted_at_utc"].to_list()
    assert dated == (SINCE if is_ended else None)
    documented = market.with_columns(pl.lit(NOW).cast(UTC_TYPE).alias("delisted_at_utc"))
    assert verified_markets(documented, listed)["delisted_at_utc"].to_list() == [NOW]


def test_a_list_keeps_when_a_market_was_last_seen_to_trade() -> None:
    first = listings([VenueAnswer("okx", listings=(("TAO/USDT", True, None),))], LISTING.empty(), SINCE)
    [row] = listings([VenueAnswer("okx", listings=(("TAO/USDT", False, None),))], first, NOW).to_dicts()
    assert (row["first_seen_at_utc"], row["last_active_at_utc"], row["last_seen_at_utc"]) == (SINCE, SINCE, NOW)


def test_what_was_once_asked_and_answered_stays_when_a_later_answer_fails() -> None:
    request = SeriesRequest(*SERIES, SINCE)
    good = SeriesAnswer(request, CANDLE.empty(), 1)
    bad = SeriesAnswer(SeriesRequest(*SERIES, NOW), CANDLE.empty(), 1, ShortAnswerError(request, SINCE, NOW))
    first = asked_series([VenueAnswer("binance", [good])], ASKED_SERIES.empty(), NOW)
    later = NOW + timedelta(hours=1)
    [row] = asked_series([VenueAnswer("binance", [bad])], first, later).to_dicts()
    assert (row["asked_from_utc"], row["asked_until_utc"]) == (SINCE, later)
    assert (row["answered_at_utc"], row["outcome"]) == (NOW, "failed")


@pytest.mark.parametrize(
    ("fault", "timeframe", "words"),
    [
        (Fault("403", path="klines"), "1h", "refuses us (403)"),
        (Fault("418", path="klines"), "1h", "bans this address for now (418, for 120 s)"),
        (Fault("503", path="klines"), "1h", "is not available"),
        (None, "4h", "offers no 4h bars"),
    ],
)
def test_no_failure_of_a_backfill_is_silent(tmp_path: Path, fault: Fault | None, timeframe: str, words: str) -> None:
    venue = "binance" if fault else "coinbase"
    with ReplayWorld(NOW, TAO, {venue: fault} if fault else {}) as world:
        result = run_aftershock(
            tmp_path, "backfill", "--asset", "TAO", "--since", "2026-06-10", "--until", "2026-06-12",
            "--exchange", venue,
            "--timeframe", timeframe, "--format", "csv", AFTERSHOCK_REPLAY_URL=world.url,
        )  # fmt: skip
    assert result.returncode == 3
    assert [line for line in result.stderr.splitlines() if words in line]
    [row] = [line for line in result.stdout.splitlines() if line.startswith(f"{venue}:TAO/")]
    assert words in row


def test_a_killed_backfill_is_closed_by_the_next_command(tmp_path: Path) -> None:
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        writer.merge(RUN, make_rows(RUN, {"run_id": "dead", "outcome": "running"}))
    with ReplayWorld(NOW, TAO) as world:
        result = run_aftershock(
            tmp_path, "backfill", "--asset", "TAO", "--since", "2026-06-10", "--exchange", "binance", "--until",
            "2026-06-12", AFTERSHOCK_REPLAY_URL=world.url,
        )  # fmt: skip
    assert result.returncode == 0
    assert "requests, 0 retries" in result.stderr
    with open_writer(tmp_path / "warehouse.duckdb", 1) as writer:
        outcomes = dict(writer.frame(RUN).select("run_id", "outcome").iter_rows())
        assert outcomes.pop("dead") == "killed"
        assert list(outcomes.values()) == ["done"]
        assert writer.frame(CANDLE)["open_time_utc"].max() == datetime(2026, 6, 11, 23, tzinfo=UTC)
