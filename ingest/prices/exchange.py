"""One open connection to a venue; the only caller of ccxt, whose errors it translates by what can be done."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import stamina

from ingest.errors import MalformedError, PermanentError, SourceError, TransientError
from ingest.prices.registry import VenueEntry
from warehouse.tables.units import plain

if TYPE_CHECKING:
    import ccxt

# One answer may take this long; a market list of a large venue is a few megabytes.
REQUEST_TIMEOUT_MILLISECONDS = 8_000
# A transient failure is tried this often before the series is left for the next run.
ATTEMPTS = 3
# The longest pause a venue may ask for before we leave it for this run.
LONGEST_PAUSE_SECONDS = 20.0
SHORTEST_PAUSE_SECONDS = 1.0
# Where venues put the list of candles in their answer; kraken names it after the market.
ANY_LIST = "*"
CANDLES_AT: dict[str, tuple[str, ...]] = {
    "binance": (),
    "binanceusdm": (),
    "gate": (),
    "okx": ("data",),
    "kucoin": ("data",),
    "bybit": ("result", "list"),
    "coinbase": ("candles",),
    "kraken": ("result", ANY_LIST),
    "bitget": ("data",),
    "hyperliquid": (),
    "mexc": (),
}
# The venue that answers for its contracts in columns, elsewhere.
CONTRACT_CANDLES_AT: dict[str, tuple[str, ...]] = {"mexc": ("data", "time")}
STATUS = re.compile(r" (4\d\d|5\d\d) ")

# A retry that works is nobody's business, and one that does not ends in our own line.
logging.getLogger("stamina").setLevel(logging.ERROR)

_Answer = TypeVar("_Answer")
Row = list[float | None]


class UnreachableError(TransientError):
    """No connection at all: the venue is left alone for the rest of the run."""


class RefusedError(PermanentError):
    """The venue refuses everything from here, a geo-block or a ban: it is left alone for the rest of the run."""


# A list that has lost more than half of what it held some days ago is cut, or of something else.
LEAST_SHARE_OF_KNOWN = 0.5
FEWEST_KNOWN = 4
LIST_DAYS = 7


class PausedError(TransientError):
    """The venue asked for a pause of `seconds`."""

    def __init__(self, source: str, what: str, seconds: float) -> None:
        super().__init__(source, what, remedy="waits and tries again")
        self.seconds = seconds


@dataclass(slots=True)
class RequestTally:
    """What it took to ask: requests, those among them that repeated a failed one, pauses a venue asked for."""

    n_requests: int = 0
    n_retries: int = 0
    n_pauses: int = 0

    def __add__(self, other: RequestTally) -> RequestTally:
        return RequestTally(
            self.n_requests + other.n_requests, self.n_retries + other.n_retries, self.n_pauses + other.n_pauses
        )


@dataclass(frozen=True, slots=True)
class Session:
    """An open venue: what it lists, and calls that answer or raise a SourceError."""

    venue: VenueEntry
    client: Any  # ccxt has no types
    listed: frozenset[str]
    tally: RequestTally = field(default_factory=RequestTally)

    async def fetch_candles(
        self, symbol: str, timeframe: str, since: datetime, limit: int | None, until: datetime | None = None
    ) -> list[Row]:
        """One page of `[milliseconds, open, high, low, close, volume]`, unordered, repeats possible.

        `until` asks for bars before an instant; not every venue heeds it. A length that the venue does not offer is a
        PermanentError.

        A page, an empty one above all, is only believed when the raw answer holds a list of candles where this venue
        puts it: ccxt reads anything else as no candles.
        """
        offered = self.client.timeframes or {}
        if offered and timeframe not in offered:
            raise PermanentError(
                f"{self.venue.exchange}:{symbol}",
                f"offers no {timeframe} bars",
                f"one of {', '.join(offered)}",
                "ask another venue, or for a length that it offers",
            )
        ending = {} if until is None else {"until": _milliseconds(until)}
        rows: list[Row] = await self._ask(
            f"{self.venue.exchange}:{symbol} {timeframe}",
            lambda: self.client.fetch_ohlcv(symbol, timeframe, _milliseconds(since), limit, ending),
            lambda raw: holds_candles(self.venue.exchange, raw, symbol),
        )
        return rows

    async def fetch_funding(
        self, symbol: str, since: datetime, limit: int, ending: Mapping[str, int]
    ) -> list[dict[str, Any]]:
        """Settled funding rates since an instant, one page; `ending` is the venue's own way to say where it ends."""
        return await self._history(
            symbol,
            lambda: self.client.fetch_funding_rate_history(symbol, _milliseconds(since), limit, dict(ending)),
        )

    async def fetch_open_interest(
        self, symbol: str, since: datetime, limit: int, ending: Mapping[str, int]
    ) -> list[dict[str, Any]]:
        """Hourly open interest since an instant, one page; `ending` as for funding rates."""
        return await self._history(
            symbol,
            lambda: self.client.fetch_open_interest_history(symbol, "1h", _milliseconds(since), limit, dict(ending)),
        )

    def listings(self) -> list[tuple[str, bool, float | None]]:
        """Every market that the venue names: symbol, whether it trades, units of the coin per contract."""
        return [
            (symbol, market.get("active") is not False, self.contract_size(symbol))
            for symbol, market in sorted(self.client.markets.items())
        ]

    def contract_size(self, symbol: str) -> float | None:
        """Units of the coin per contract, where the venue says so."""
        size = self.client.markets[symbol].get("contractSize")
        return None if size is None else float(size)

    async def _history(self, symbol: str, call: Callable[[], Awaitable[list[dict[str, Any]]]]) -> list[dict[str, Any]]:
        return await self._ask(f"{self.venue.exchange} {symbol}", call)

    async def _ask(
        self,
        source: str,
        call: Callable[[], Awaitable[_Answer]],
        is_sound: Callable[[object], bool] = lambda raw: raw is not None,
    ) -> _Answer:
        async for attempt in stamina.retry_context(
            on=_retry_decision, attempts=ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=5.0
        ):
            with attempt:
                self.tally.n_requests += 1
                self.tally.n_retries += attempt.num > 1
                answer = await self._counted(source, call)
                if not is_sound(self.client.last_json_response):
                    raise MalformedError(
                        source,
                        f"answered {_first_words(self.client)}",
                        "JSON of the documented shape",
                        "something between us and the venue answers in its place, or it cut its answer short",
                    )
                return answer
        raise TransientError(source, "gave no answer")

    async def _counted(self, source: str, call: Callable[[], Awaitable[_Answer]]) -> _Answer:
        try:
            return await _translated(source, call, lambda: _pause_seconds(self.client))
        except PausedError:
            self.tally.n_pauses += 1
            raise


def _client_kind(exchange: str) -> Any:
    """The class of the venue's client, by ccxt's name of it; None for a venue that ccxt does not know."""
    import ccxt.async_support as venues  # a second of work for a hundred venues, which no offline run should pay

    return getattr(venues, exchange, None)


@cache
def offers(exchange: str, feature: str) -> bool:
    """Whether the venue's client has a method, by ccxt's name of it; False for a venue that ccxt does not know."""
    kind = _client_kind(exchange)
    return kind is not None and bool(kind().has.get(feature))


@asynccontextmanager
async def open_session(
    venue: VenueEntry, replay_url: str | None, known: frozenset[str] = frozenset()
) -> AsyncIterator[Session]:
    """The venue with its market list loaded; `replay_url` sends every call to a local server instead.

    Raises UnreachableError, PermanentError (geo-block, ban), TransientError or MalformedError. A list without a market,
    or without most of the `known` ones, is no list: believed, it would end them all.
    """
    kind = _client_kind(venue.exchange)
    if kind is None:
        raise PermanentError(venue.exchange, "ccxt knows no such exchange", "a ccxt id", "correct markets.toml")
    client = kind({"enableRateLimit": replay_url is None, "timeout": REQUEST_TIMEOUT_MILLISECONDS})
    client.aiohttp_trust_env = True
    client.enableLastJsonResponse = True
    client.has["fetchCurrencies"] = False
    if venue.market_types:
        client.options["fetchMarkets"] = {
            **_as_dict(client.options.get("fetchMarkets")),
            "types": list(venue.market_types),
        }
        client.options["fetchMarkets"]["fetchTickersFees"] = False  # kucoin: a second megabyte that nobody reads
    if replay_url is not None:
        client.timeout_on_exit = 0  # a local server needs no time to say goodbye over TLS
        client.urls["api"] = _redirected(client.urls["api"], f"{replay_url}/exchanges/{venue.exchange}")
    try:
        session = Session(venue, client, frozenset())
        await session._ask(venue.exchange, lambda: _load_markets(venue, client, known))
        active = [symbol for symbol, market in client.markets.items() if market.get("active") is not False]
        yield Session(venue, client, frozenset(active), session.tally)
    finally:
        await client.close()


async def _load_markets(venue: VenueEntry, client: Any, known: frozenset[str]) -> None:
    markets: Mapping[str, Any] = await client.load_markets(True)
    for word, are_perpetual in (("spot", False), ("perpetual", True)):
        had = {symbol for symbol in known if (":" in symbol) == are_perpetual}
        left = {symbol for symbol in had if symbol in markets and markets[symbol].get("active") is not False}
        is_cut = len(had) >= FEWEST_KNOWN and len(left) < LEAST_SHARE_OF_KNOWN * len(had)
        if is_cut or not markets:
            seen = _first_words(client)
            gave = f"{len(left)} of the {len(had)} {word} markets it had" if markets else f"no market in it: {seen}"
            raise MalformedError(
                venue.exchange,
                f"gave a market list with {gave}",
                "its market list",
                f"not believed, and nothing was asked; tried again next run, believed after {LIST_DAYS} days",
            )


async def _translated(source: str, call: Callable[[], Awaitable[_Answer]], pause: Callable[[], float]) -> _Answer:
    import ccxt

    try:
        return await call()
    except ccxt.BaseError as exc:
        raise translate(exc, source, pause()) from exc
    except OSError as exc:
        raise UnreachableError(
            source, f"no connection: {exc}", remedy="check the network; tried again next run"
        ) from exc
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as exc:
        raise MalformedError(
            source, f"the answer does not have the venue's documented shape ({exc!r})", remedy="tried again next run"
        ) from exc


def translate(error: ccxt.BaseError, source: str, pause_seconds: float) -> SourceError:
    """A ccxt error by what can be done about it; the HTTP status in its text wins over its class.

    `pause_seconds` is what the venue asked us to wait, for a rate limit.
    """
    import ccxt

    text = re.sub(r"\s+", " ", str(error))
    found = STATUS.search(text)
    status = int(found[1]) if found else 0
    short = _shorten(text)
    if status == 451 or "restricted location" in text:
        return RefusedError(source, "refuses this location (451)", remedy="the next venue is used instead")
    if status in (401, 403, 418):
        reason = f"refuses us ({status})"
        if status == 418:
            asked = f", for {plain(pause_seconds)} s" if pause_seconds > SHORTEST_PAUSE_SECONDS else ""
            reason = f"bans this address for now (418{asked})"
        return RefusedError(source, reason, remedy="left alone for this run; try later or from elsewhere")
    if status == 429 or isinstance(error, (ccxt.RateLimitExceeded, ccxt.DDoSProtection)):
        return PausedError(source, f"asks us to slow down ({status or 'rate limit'})", pause_seconds)
    # ccxt raises these two from an error of its transport, and from the venue's own words otherwise.
    if type(error) is ccxt.ExchangeNotAvailable and error.__cause__ is not None:
        return UnreachableError(source, "no connection", remedy="check the network; tried again next run")
    if type(error) is ccxt.ExchangeError and error.__cause__ is not None:
        return TransientError(source, "the answer broke off", remedy="tried again next run")
    if isinstance(error, ccxt.RequestTimeout):
        seconds = REQUEST_TIMEOUT_MILLISECONDS // 1000
        return TransientError(source, f"no answer within {seconds} s", remedy="tried again next run")
    if isinstance(error, ccxt.BadSymbol):
        return PermanentError(source, "not listed there", remedy="the next venue is used instead")
    if isinstance(error, ccxt.NetworkError) or status >= 500:
        return TransientError(source, f"is not available: {short}", remedy="tried again next run")
    if type(error) is ccxt.ExchangeError:
        return MalformedError(source, f"answered {short}", "JSON of the documented shape", "tried again next run")
    return PermanentError(source, f"refuses the request: {short}", remedy="see the venue's status page")


def holds_candles(exchange: str, raw: object, symbol: str = "") -> bool:
    """Whether the raw answer has a list where this venue puts its candles; for unknown venues, anywhere."""
    path = CANDLES_AT.get(exchange)
    if ":" in symbol:
        path = CONTRACT_CANDLES_AT.get(exchange, path)
    if path is None:
        return isinstance(raw, list) or (
            isinstance(raw, dict) and any(holds_candles(exchange, v) for v in raw.values())
        )
    for name in path:
        if not isinstance(raw, dict):
            return False
        raw = next((v for v in raw.values() if isinstance(v, list)), None) if name == ANY_LIST else raw.get(name)
    return isinstance(raw, list)


def _retry_decision(error: Exception) -> bool | timedelta:
    if isinstance(error, UnreachableError):
        return False
    if isinstance(error, PausedError):
        return timedelta(seconds=min(error.seconds, LONGEST_PAUSE_SECONDS))
    return isinstance(error, (TransientError, MalformedError))


def _pause_seconds(client: Any) -> float:
    headers = client.last_response_headers or {}
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(asked) if str(asked).isdigit() else SHORTEST_PAUSE_SECONDS


def _redirected(value: Any, base: str) -> Any:
    if isinstance(value, dict):
        return {key: _redirected(inner, base) for key, inner in value.items()}
    return re.sub(r"^https?://[^/]+", base, value) if isinstance(value, str) else value


def _first_words(client: Any) -> str:
    return repr(str(client.last_http_response)[:60])


def _as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _shorten(text: str) -> str:
    return text if len(text) <= 160 else text[:157] + "…"


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp()) * 1000
