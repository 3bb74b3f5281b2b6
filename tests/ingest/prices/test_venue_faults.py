"""Nine wire formats through the real client: whole histories, and every fault ends in one named, bounded outcome."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
import stamina

from ingest.errors import MalformedError, SourceError, TransientError
from ingest.prices import exchange
from ingest.prices.candles import parse_candles
from ingest.prices.exchange import RefusedError, UnreachableError
from ingest.prices.fallback import fetch_with_fallback
from ingest.prices.fetch import SeriesRequest, VenueAnswer, fetch_venues
from ingest.prices.registry import load_registry
from ingest.source import Source
from tests.replay.exchanges import Fault
from tests.replay.market import SimulatedMarket
from tests.replay.world import ReplayWorld

NOW = datetime(2026, 6, 14, 10, 20, tzinfo=UTC)
SINCE = NOW.replace(minute=0) - timedelta(hours=310)
SYMBOLS = {
    "binance": "TAO/USDT",
    "binanceusdm": "TAO/USDT:USDT",
    "okx": "TAO/USDT",
    "kucoin": "TAO/USDT",
    "coinbase": "TAO/USD",
    "kraken": "TAO/USD",
    "bitget": "TAO/USDT",
    "mexc": "TAO/USDT",
    "hyperliquid": "TAO/USDC:USDC",
}
CANDLE_PATHS = {
    "binance": "klines",
    "binanceusdm": "klines",
    "okx": "candles",
    "kucoin": "candles",
    "coinbase": "candles",
    "kraken": "OHLC",
    "bitget": "candles",
    "mexc": "klines",
    "hyperliquid": "candleSnapshot",
}
CONTRACTS = [(name, "{}/USDT:USDT") for name in ("binanceusdm", "bitget", "mexc")]
MARKET = SimulatedMarket(
    datetime(2026, 4, 1, tzinfo=UTC),
    datetime(2026, 6, 20, tzinfo=UTC),
    assets=("BTC", "TAO"),
    quotes=[
        *((name, symbol.replace("TAO", "{}")) for name, symbol in SYMBOLS.items() if name != "binanceusdm"),
        *CONTRACTS,
    ],
)
TAO_CONTRACT = {name: MARKET.bars(name, "TAO/USDT:USDT", "1h") for name in ("bitget", "mexc")}
VENUES = load_registry(None).venues


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def request(name: str, timeframe: str = "1h") -> SeriesRequest:
    return SeriesRequest(name, SYMBOLS[name], timeframe, SINCE)


def ask(world: ReplayWorld, name: str, deadline: float = 20) -> VenueAnswer:
    [answer] = fetch_venues(VENUES, [request(name)], NOW, replay_url=world.url, deadline_seconds=deadline)
    return answer


def error_of(answer: VenueAnswer) -> SourceError | None:
    return answer.error or next((series.error for series in answer.answers if series.error), None)


def closes(answer: VenueAnswer) -> list[tuple[datetime, float]]:
    [series] = answer.answers
    batch = parse_candles(series.rows, Source("exchange", "run", NOW), is_live=True)
    assert batch.quarantined.height == 0
    return batch.candles.sort("open_time_utc").select("open_time_utc", "close_quote").rows()


def truth(name: str) -> list[tuple[datetime, float]]:
    bars = MARKET.bars(name, SYMBOLS[name], "1h")
    opened = [(datetime.fromtimestamp(bar[0] / 1000, tz=UTC), bar[4]) for bar in bars]
    return [(at, close) for at, close in opened if at >= SINCE and at + timedelta(hours=1) <= NOW]


@pytest.mark.parametrize("name", SYMBOLS)
def test_a_history_of_many_pages_arrives_whole_and_without_the_open_bar(name: str) -> None:
    with ReplayWorld(NOW, MARKET) as world:
        answer = ask(world, name)
    assert error_of(answer) is None
    assert closes(answer) == truth(name)


@pytest.mark.parametrize("kind", [None, "garbage", "truncated"])
@pytest.mark.parametrize("name", ["bitget", "mexc"])
def test_a_contract_of_a_venue_with_a_second_format_arrives_whole(name: str, kind: str | None) -> None:
    path = {"bitget": "mix/market/history-candles", "mexc": "contract/kline"}[name]
    faults = {} if kind is None else {name: Fault(kind, times=1, path=path)}
    wanted = SeriesRequest(name, "TAO/USDT:USDT", "1h", SINCE)
    with ReplayWorld(NOW, MARKET, faults) as world:
        [answer] = fetch_venues(VENUES, [wanted], NOW, replay_url=world.url, deadline_seconds=20)
    assert error_of(answer) is None
    assert closes(answer) == [
        (at, close)
        for at, *_, close, _ in ((datetime.fromtimestamp(b[0] / 1000, tz=UTC), *b[1:]) for b in TAO_CONTRACT[name])
        if at >= SINCE and at + timedelta(hours=1) <= NOW
    ]
    volumes = answer.answers[0].rows["volume_base"]
    assert (volumes.null_count() == volumes.len()) == (name == "mexc")  # it counts contracts


def test_what_a_venue_keeps_no_longer_is_said() -> None:
    old = NOW.replace(minute=0) - timedelta(minutes=7_000)
    with ReplayWorld(NOW, MARKET) as world:
        wanted = SeriesRequest("hyperliquid", "TAO/USDC:USDC", "1m", old)
        [answer] = fetch_venues(VENUES, [wanted], NOW, replay_url=world.url, deadline_seconds=20)
    [series] = answer.answers
    assert series.error is None
    assert series.reachable_from is not None
    assert series.rows["open_time_utc"].min() == series.reachable_from
    assert timedelta(0) < series.reachable_from - (NOW - timedelta(minutes=5_000)) <= timedelta(minutes=3)


@pytest.mark.parametrize("kind", ["duplicated", "unordered"])
@pytest.mark.parametrize("name", SYMBOLS)
def test_disorder_on_the_wire_changes_nothing(name: str, kind: str) -> None:
    with ReplayWorld(NOW, MARKET, {name: Fault(kind, path=CANDLE_PATHS[name])}) as world:
        assert closes(ask(world, name)) == truth(name)


@pytest.mark.parametrize("kind", ["429", "500", "503", "html_200", "truncated", "cut_off", "garbage"])
@pytest.mark.parametrize("name", SYMBOLS)
def test_a_fault_that_passes_costs_nothing(name: str, kind: str) -> None:
    with ReplayWorld(NOW, MARKET, {name: Fault(kind, times=1, path=CANDLE_PATHS[name])}) as world:
        answer = ask(world, name)
    assert error_of(answer) is None
    assert closes(answer) == truth(name)


@pytest.mark.parametrize(
    ("kind", "expected", "words"),
    [
        ("429", TransientError, "slow down"),
        ("418", RefusedError, "418"),
        ("451", RefusedError, "451"),
        ("403", RefusedError, "403"),
        ("503", TransientError, "not available"),
        ("html_200", MalformedError, "hotel"),
        ("truncated", MalformedError, "JSON"),
        ("garbage", MalformedError, "shape"),
        ("cut_off", TransientError, "broke off"),
    ],
)
@pytest.mark.parametrize("name", SYMBOLS)
def test_a_fault_that_stays_is_one_typed_error(name: str, kind: str, expected: type[SourceError], words: str) -> None:
    with ReplayWorld(NOW, MARKET, {name: Fault(kind, path=CANDLE_PATHS[name])}) as world:
        answer = ask(world, name)
        n_candle_requests = sum(CANDLE_PATHS[name] in r.said for r in world.requests)
    error = error_of(answer)
    assert isinstance(error, expected)
    assert words in str(error)
    assert name in str(error)
    assert n_candle_requests <= 3
    if expected is RefusedError:
        assert n_candle_requests == 1
        assert answer.error is error


@pytest.mark.parametrize("kind", ["garbage", "html_200", "truncated", "empty_dict", "empty_list"])
@pytest.mark.parametrize("name", SYMBOLS)
def test_an_unusable_market_list_is_a_failure_and_never_a_venue_without_markets(name: str, kind: str) -> None:
    with ReplayWorld(NOW, MARKET, {name: Fault(kind)}) as world:
        answer = ask(world, name)
    assert isinstance(answer.error, (MalformedError, TransientError))
    assert name in str(answer.error)
    assert answer.unlisted == []
    assert answer.listings == ()


@pytest.mark.parametrize(("n_gone", "is_believed"), [(2, True), (3, False)])
def test_a_list_that_lost_most_of_its_markets_is_not_believed(n_gone: int, is_believed: bool) -> None:
    known = {"okx": frozenset(["BTC/USDT", "TAO/USDT", *(f"GONE{n}/USDT" for n in range(n_gone))])}
    with ReplayWorld(NOW, MARKET) as world:
        [answer] = fetch_venues(VENUES, [request("okx")], NOW, replay_url=world.url, deadline_seconds=20, known=known)
    assert (answer.error is None) == is_believed
    if not is_believed:
        assert "gave a market list with 2 of the 5 spot markets it had" in str(answer.error)
        assert answer.unlisted == []


@pytest.mark.parametrize("name", SYMBOLS)
def test_a_slow_venue_ends_at_its_deadline(name: str) -> None:
    with ReplayWorld(NOW, MARKET, {name: Fault("slow", path=CANDLE_PATHS[name])}) as world:
        answer = ask(world, name, deadline=1.5)
    assert isinstance(answer.error, TransientError)
    assert "took longer than 1.5 s" in str(answer.error)


def test_a_slow_answer_ends_at_the_request_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "REQUEST_TIMEOUT_MILLISECONDS", 300)
    with ReplayWorld(NOW, MARKET, {"binance": Fault("slow", path="klines")}) as world:
        answer = ask(world, "binance")
    assert "no answer within" in str(error_of(answer))


def test_no_connection_is_told_at_once_and_only_once() -> None:
    requests = [request("binance"), SeriesRequest("binance", "BTC/USDT", "1h", SINCE)]
    harvest = fetch_with_fallback(
        VENUES, [[r] for r in requests], NOW, replay_url="http://127.0.0.1:9", deadline_seconds=10
    )
    assert len(harvest.problems) == 1
    assert harvest.problems[0].startswith("binance: no connection")


def test_one_failing_venue_does_not_stop_the_others() -> None:
    with ReplayWorld(NOW, MARKET, {"okx": Fault("503")}) as world:
        answers = fetch_venues(
            VENUES, [request("okx"), request("binance")], NOW, replay_url=world.url, deadline_seconds=20
        )
    by_name = {answer.exchange: answer for answer in answers}
    assert by_name["okx"].error is not None
    assert closes(by_name["binance"]) == truth("binance")


def test_a_geo_block_moves_on_at_once_and_is_remembered() -> None:
    groups = [
        [request("binance"), request("okx"), request("kucoin")],
        [SeriesRequest("binance", "BTC/USDT", "1h", SINCE), SeriesRequest("okx", "BTC/USDT", "1h", SINCE)],
    ]
    with ReplayWorld(NOW, MARKET, {"binance": Fault("451")}) as world:
        harvest = fetch_with_fallback(VENUES, groups, NOW, replay_url=world.url, deadline_seconds=20)
        n_asked = sum("/binance/" in r.path for r in world.requests)
    assert {series.request.market_id for series in harvest.answers} == {"okx:TAO/USDT", "okx:BTC/USDT"}
    assert n_asked == 1
    assert len(harvest.problems) == 1
    assert "451" in harvest.problems[0]


def test_a_market_that_is_not_listed_is_asked_from_the_next_venue() -> None:
    groups = [[SeriesRequest("binance", "NOPE/USDT", "1h", SINCE), request("okx")]]
    with ReplayWorld(NOW, MARKET) as world:
        harvest = fetch_with_fallback(VENUES, groups, NOW, replay_url=world.url, deadline_seconds=20)
    assert [series.request.exchange for series in harvest.answers] == ["okx"]
    assert harvest.problems == []


def test_an_old_start_at_kraken_gives_only_what_kraken_keeps() -> None:
    old = SeriesRequest("kraken", "TAO/USD", "1h", NOW - timedelta(hours=1500))
    with ReplayWorld(NOW, MARKET) as world:
        [answer] = fetch_venues(VENUES, [old], NOW, replay_url=world.url, deadline_seconds=20)
    [series] = answer.answers
    assert series.n_pages == 1
    assert series.rows["open_time_utc"].n_unique() == 719  # a margin: what is kept moves on while we ask


def test_a_hole_longer_than_a_page_is_stepped_over() -> None:
    class Holed:
        def symbols(self, exchange_name: str) -> list[str]:
            return MARKET.symbols(exchange_name)

        def bars(self, exchange_name: str, symbol: str, timeframe: str) -> list[tuple[float, ...]]:
            bars = list(MARKET.bars(exchange_name, symbol, timeframe))
            return bars[:1200] + bars[1600:]

    with ReplayWorld(NOW, Holed()) as world:
        [answer] = fetch_venues(
            VENUES,
            [SeriesRequest("okx", "TAO/USDT", "1h", datetime(2026, 4, 1, tzinfo=UTC))],
            NOW,
            replay_url=world.url,
            deadline_seconds=20,
        )
    [series] = answer.answers
    opened = series.rows["open_time_utc"].unique().sort()
    assert opened.len() == 74 * 24 + 11 - 400
    assert opened.diff().max() == timedelta(hours=401)


@pytest.mark.parametrize("name", ["gate", "bybit"])
def test_the_two_other_venues_give_whole_histories_too(name: str) -> None:
    own = SimulatedMarket(
        datetime(2026, 4, 1, tzinfo=UTC),
        datetime(2026, 6, 20, tzinfo=UTC),
        assets=("TAO",),
        quotes=((name, "{}/USDT"), (name, "{}/USDT:USDT")),
    )
    wanted = [
        SeriesRequest(name, symbol, timeframe, datetime(2026, 4, 10, tzinfo=UTC))
        for symbol in ("TAO/USDT", "TAO/USDT:USDT")
        for timeframe in ("1h", "1d")
    ]
    with ReplayWorld(NOW, own) as world:
        [answer] = fetch_venues(VENUES, wanted, NOW, replay_url=world.url, deadline_seconds=20)
    assert error_of(answer) is None
    counts = [series.rows["open_time_utc"].n_unique() for series in answer.answers]
    assert counts == [65 * 24 + 11, 66] * 2


def test_unreachable_is_an_error_that_is_not_retried() -> None:
    assert exchange._retry_decision(UnreachableError("x", "no connection")) is False


def test_rows_before_the_start_are_not_taken() -> None:
    with ReplayWorld(NOW, MARKET) as world:
        late = SeriesRequest("kraken", "TAO/USD", "1h", NOW - timedelta(hours=10))
        [answer] = fetch_venues(VENUES, [late], NOW, replay_url=world.url, deadline_seconds=20)
    assert answer.answers[0].rows.select(pl.col("open_time_utc").min()).item() >= NOW - timedelta(hours=10)
