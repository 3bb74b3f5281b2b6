"""Downloads of feeds and status pages: many at once, each within limits; the only caller of httpx for news."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from ingest.errors import MalformedError, PermanentError, SourceError, TransientError
from ingest.news.fetch.decompress import BoundedBody, BrokenEncodingError, TooLargeError
from ingest.news.fetch.network import (
    AddressRefusedError,
    GuardedTransport,
    NoNetworkError,
    Resolution,
    UnknownHostError,
    host_and_port,
)
from ingest.news.fetch.robots import is_allowed
from ingest.news.parse.decode import MAX_BODY_BYTES
from ingest.payload import Payload
from warehouse.tables.units import count

USER_AGENT = "aftershock/0.1 (research reader of news feeds; conditional requests, robots.txt honoured)"
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/json;q=0.9, application/xml;q=0.9"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one pass may cost: seconds per phase of a request, bytes, redirects, and requests at once."""

    connect_seconds: float = 5.0
    read_seconds: float = 8.0
    total_seconds: float = 20.0
    max_body_bytes: int = MAX_BODY_BYTES
    max_redirects: int = 5
    n_parallel: int = 128
    n_per_host: int = 6


@dataclass(frozen=True, slots=True)
class Wanted:
    """One address to fetch, with the validators of its last answer; `robots_url` None skips the robots rules."""

    source_id: str
    url: str
    robots_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an address gave nothing; `reason` is a short id, `error` the sentence for people and its class."""

    error: SourceError
    reason: str
    http_status: int | None = None
    retry_after_seconds: float | None = None

    @property
    def outcome(self) -> str:
        """transient, permanent, malformed or refused, as ops.fetch records it."""
        return "refused" if self.reason in ("robots", "private_address") else self.error.outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one wanted address: a payload, or neither (304: unchanged), or a failure."""

    wanted: Wanted
    payload: Payload | None
    failure: Failure | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Pass:
    """The answers in the order of the wishes, and the robots files read on the way by their address."""

    answers: tuple[Answer, ...]
    robots_read: Mapping[str, str]


def download(
    wanted: Sequence[Wanted],
    clock: Callable[[], datetime],
    *,
    configured_urls: Iterable[str] = (),
    known_robots: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    resolution: Resolution | None = None,
) -> Pass:
    """Fetch all of `wanted` at once; no failure of one disturbs another, and nothing is raised.

    `configured_urls` are addresses whose hosts may be private (a replay server); `known_robots` are robots files still
    fresh, by address. `clock` stamps each payload when its last byte is in.
    """
    configured = [host_and_port(url) for url in configured_urls]
    stand_ins = frozenset(host for host, _ in configured)
    downloader = _Downloader(clock, limits or Limits(), dict(known_robots or {}), stand_ins)
    names = resolution or Resolution()
    answers = asyncio.run(downloader.run(wanted, GuardedTransport(configured, names)))
    if names.is_network_down:
        answers = [_blame_network(answer) for answer in answers]
    return Pass(tuple(answers), downloader.robots_read)


def _blame_network(answer: Answer) -> Answer:
    """When no name resolved at all, the hosts are not to blame."""
    if answer.failure is None or answer.failure.reason != "unknown_host":
        return answer
    error = TransientError(answer.wanted.source_id, "no network", remedy="check the connection, then run again")
    return replace(answer, failure=Failure(error, "no_network"))


@dataclass(slots=True)
class _Downloader:
    clock: Callable[[], datetime]
    limits: Limits
    robots: dict[str, str]
    # A replay server stands in for many hosts, so the limit per host is not its.
    stand_ins: frozenset[str]
    robots_read: dict[str, str] = field(default_factory=dict)
    pending: dict[str, asyncio.Task[str | Failure]] = field(default_factory=dict)
    hosts: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    async def run(self, wanted: Sequence[Wanted], transport: GuardedTransport) -> list[Answer]:
        """One task per wish; at most `n_parallel` of them work at a time."""
        limits = self.limits
        timeout = httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds, pool=None)
        headers = {"user-agent": USER_AGENT, "accept": ACCEPT, "accept-encoding": "gzip, deflate, br"}
        gate = asyncio.Semaphore(limits.n_parallel)
        async with httpx.AsyncClient(
            transport=transport,
            timeout=timeout,
            headers=headers,
            follow_redirects=True,
            max_redirects=limits.max_redirects,
            trust_env=False,
        ) as client:
            return await asyncio.gather(*(self._answer(client, wish, gate) for wish in wanted))

    async def _answer(self, client: httpx.AsyncClient, wish: Wanted, gate: asyncio.Semaphore) -> Answer:
        name = httpx.URL(wish.url).host
        n_at_once = self.limits.n_parallel if name in self.stand_ins else self.limits.n_per_host
        host = self.hosts.setdefault(name, asyncio.Semaphore(n_at_once))
        async with gate, host:
            started = time.monotonic()
            failure = await self._ask_robots(client, wish)
            result = failure or await self._fetch(client, wish)
            seconds = time.monotonic() - started
        if isinstance(result, Failure):
            return Answer(wish, None, result, seconds)
        return Answer(wish, result, None, seconds)

    async def _ask_robots(self, client: httpx.AsyncClient, wish: Wanted) -> Failure | None:
        if wish.robots_url is None:
            return None
        if wish.robots_url not in self.robots:
            # Shielded by being shared: all feeds of a host wait for one request.
            task = self.pending.get(wish.robots_url)
            if task is None:
                task = asyncio.ensure_future(self._read_robots(client, wish.robots_url))
                self.pending[wish.robots_url] = task
            text = await task
            if isinstance(text, Failure):
                return text
        if is_allowed(self.robots[wish.robots_url], wish.url):
            return None
        error = PermanentError(wish.source_id, f"robots.txt of its host closes {wish.url}", remedy="disable the feed")
        return Failure(error, "robots")

    async def _read_robots(self, client: httpx.AsyncClient, url: str) -> str | Failure:
        """The robots file; a host without one (4xx) allows everything, one that cannot say (5xx) nothing for now."""
        result = await self._fetch(client, Wanted(f"robots.txt of {httpx.URL(url).host}", url))
        if isinstance(result, Failure):
            is_absent = result.http_status is not None and 400 <= result.http_status < 500 and result.http_status != 429
            if not is_absent:
                return result
        text = result.body.decode("utf-8", errors="replace") if isinstance(result, Payload) else ""
        # A web page in its place states no rules.
        text = "" if text.lstrip()[:1] == "<" else text
        self.robots[url] = self.robots_read[url] = text
        return text

    async def _fetch(self, client: httpx.AsyncClient, wish: Wanted) -> Payload | Failure | None:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.limits.total_seconds):
                return await self._exchange(client, wish, started)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as exc:
            return _explain(wish, exc, self.limits)

    async def _exchange(self, client: httpx.AsyncClient, wish: Wanted, started: float) -> Payload | Failure | None:
        headers = {}
        if wish.etag:
            headers["if-none-match"] = wish.etag
        if wish.last_modified:
            headers["if-modified-since"] = wish.last_modified
        async with client.stream("GET", wish.url, headers=headers) as response:
            if response.status_code == httpx.codes.NOT_MODIFIED:
                return None
            if not response.is_success:
                return _status_failure(wish, response, self.clock())
            body = BoundedBody(response.headers.get("content-encoding", ""), self.limits.max_body_bytes)
            async for piece in response.aiter_raw():
                body.add(piece)
            return Payload(
                source_id=wish.source_id,
                url=str(response.url),
                received_at=self.clock(),
                http_status=response.status_code,
                body=body.finish(),
                content_type=response.headers.get("content-type", ""),
                etag=response.headers.get("etag"),
                last_modified=response.headers.get("last-modified"),
                seconds=time.monotonic() - started,
            )


def _status_failure(wish: Wanted, response: httpx.Response, now: datetime) -> Failure:
    status = response.status_code
    retry_after = read_retry_after(response.headers.get("retry-after"), now)
    what = f"answered {status} {response.reason_phrase}".rstrip()
    reason = f"http_{status}"
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500 or status in (408, 425):
        wait = f"asked for a pause of {count(retry_after)} s" if retry_after else "it is tried again later"
        return Failure(
            TransientError(wish.source_id, f"{what} at {wish.url}", remedy=wait), reason, status, retry_after
        )
    remedy = "the address may have moved or be closed to us: change or disable the feed in config/feeds.toml"
    return Failure(PermanentError(wish.source_id, f"{what} at {wish.url}", remedy=remedy), reason, status, retry_after)


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """The pause a server asks for, in seconds, from either form of Retry-After; None when absent or unreadable."""
    text = (value or "").strip()
    if text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    zoned = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (zoned - now).total_seconds())


# Class of the exception, short reason, class of our error, what to do; the first that fits counts.
_EXPLANATIONS: tuple[tuple[type[Exception], str, type[SourceError], str], ...] = (
    (NoNetworkError, "no_network", TransientError, "check the connection, then run again"),
    (UnknownHostError, "unknown_host", TransientError, "check the address if it stays so"),
    (AddressRefusedError, "private_address", PermanentError, "only public addresses are read unless configured"),
    (TooLargeError, "too_large", MalformedError, "the feed is not read; disable it or ask the publisher"),
    (BrokenEncodingError, "broken_encoding", MalformedError, "it is tried again later"),
    (httpx.TooManyRedirects, "redirect_loop", PermanentError, "change the address in config/feeds.toml"),
    (httpx.UnsupportedProtocol, "bad_address", PermanentError, "only http and https are read"),
    (httpx.InvalidURL, "bad_address", PermanentError, "correct the address in config/feeds.toml"),
    (httpx.TimeoutException, "timeout", TransientError, "it is tried again later"),
    (TimeoutError, "timeout", TransientError, "it is tried again later"),
    (httpx.RemoteProtocolError, "cut_off", TransientError, "it is tried again later"),
    (httpx.ReadError, "cut_off", TransientError, "it is tried again later"),
    (httpx.ConnectError, "no_connection", TransientError, "it is tried again later"),
)


def _explain(wish: Wanted, exc: Exception, limits: Limits) -> Failure:
    for kind, reason, error_class, remedy in _EXPLANATIONS:
        if isinstance(exc, kind):
            words = "no answer in time" if reason == "timeout" else str(exc) or type(exc).__name__
            error = error_class(wish.source_id, f"{words} ({wish.url})", remedy=remedy)
            error.__cause__ = exc
            return Failure(error, reason)
    error = TransientError(
        wish.source_id, f"{type(exc).__name__}: {exc} ({wish.url})", remedy="it is tried again later"
    )
    error.__cause__ = exc
    return Failure(error, "no_connection")
