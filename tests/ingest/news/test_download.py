"""Downloads against a server that misbehaves, and against no server at all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import brotli
import httpx
import pytest

from ingest.errors import MalformedError, PermanentError, TransientError
from ingest.news.fetch.decompress import BoundedBody, BrokenEncodingError, TooLargeError
from ingest.news.fetch.download import Answer, Limits, Wanted, download, read_retry_after
from ingest.news.fetch.network import Resolution, is_public
from tests.ingest.news.news_builders import NOW
from tests.replay.feeds import Fault, cut_off, gzip_bomb, redirect, rss_feed, slow, status
from tests.replay.server import ReplayServer, Request, Response

BODY = rss_feed("x", [("t", "https://x.example/1", NOW)])
QUICK = Limits(connect_seconds=1, read_seconds=0.4, total_seconds=1.0, max_body_bytes=100_000)


class Site:
    """One address that answers as it is told."""

    def __init__(self) -> None:
        self.fault: Fault = lambda body: Response(body, 200, "application/rss+xml", {"etag": '"v1"'})
        self.robots: Response | None = None

    def handle(self, request: Request) -> Response | None:
        if request.path == "/robots.txt":
            return self.robots
        if request.headers.get("if-none-match") == '"v1"':
            return Response(b"", 304)
        return self.fault(BODY)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def server(site: Site) -> Iterator[ReplayServer]:
    with ReplayServer({"/": site.handle}) as running:
        yield running


def fetch(server: ReplayServer, path: str = "/feed", **wanted: str) -> Answer:
    wish = Wanted("feed", server.url + path, **wanted)
    return download([wish], lambda: NOW, configured_urls=[server.url], limits=QUICK).answers[0]


def test_payload_carries_bytes_validators_and_the_time_of_receipt(server: ReplayServer) -> None:
    payload = fetch(server).payload
    assert payload is not None
    assert (payload.body, payload.etag, payload.received_at, payload.http_status) == (BODY, '"v1"', NOW, 200)


def test_validator_is_sent_and_304_is_neither_payload_nor_failure(server: ReplayServer) -> None:
    answer = fetch(server, etag='"v1"')
    assert (answer.payload, answer.failure) == (None, None)


@pytest.mark.parametrize(
    ("fault", "reason", "kind"),
    [
        (status(429, {"retry-after": "90"}), "http_429", TransientError),
        (status(503), "http_503", TransientError),
        (status(404), "http_404", PermanentError),
        (status(403), "http_403", PermanentError),
        (slow(5), "timeout", TransientError),
        (cut_off, "cut_off", TransientError),
        (gzip_bomb(20_000_000), "too_large", MalformedError),
        (lambda _b: Response(b"x" * 200_000, 200, "text/xml"), "too_large", MalformedError),
        (lambda _b: Response(b"x", 200, "text/xml", {"content-encoding": "gzip"}), "broken_encoding", MalformedError),
        (lambda _b: Response(b"x", 200, "text/xml", {"content-encoding": "zstd"}), "broken_encoding", MalformedError),
        (redirect("/feed"), "redirect_loop", PermanentError),
        (redirect("http://10.1.2.3/"), "private_address", PermanentError),
        (redirect("http://127.0.0.1:1/"), "private_address", PermanentError),
        (redirect("http://[::ffff:127.0.0.1]/"), "private_address", PermanentError),
        (redirect("http://169.254.169.254/latest"), "private_address", PermanentError),
        (redirect("file:///etc/passwd"), "bad_address", PermanentError),
    ],
)
def test_fault_has_its_reason_and_class(
    server: ReplayServer, site: Site, fault: Fault, reason: str, kind: type[Exception]
) -> None:
    site.fault = fault
    failure = fetch(server).failure
    assert failure is not None
    assert (failure.reason, type(failure.error)) == (reason, kind)


def test_pause_asked_for_is_kept(server: ReplayServer, site: Site) -> None:
    site.fault = status(429, {"retry-after": "90"})
    failure = fetch(server).failure
    assert failure is not None
    assert failure.retry_after_seconds == 90


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), ("Sun, 14 Jun 2026 12:01:00 GMT", 60.0), ("soon", None), (None, None), ("-5", None)],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert read_retry_after(value, NOW) == seconds


def test_brotli_bomb_is_refused_before_it_unpacks() -> None:
    packed = brotli.compress(b"\0" * 20_000_000, quality=1)
    with pytest.raises(TooLargeError):
        BoundedBody("br", 1_000_000).add(packed)


@pytest.mark.parametrize("encoding", ["br", "gzip", ""])
def test_small_bodies_unpack_whole(encoding: str) -> None:
    import gzip

    packed = {"br": brotli.compress, "gzip": gzip.compress, "": bytes}[encoding](BODY)
    body = BoundedBody(encoding, 10_000)
    for start in range(0, len(packed), 7):
        body.add(packed[start : start + 7])
    assert body.finish() == BODY


def test_compressed_body_that_stops_early_is_broken() -> None:
    body = BoundedBody("br", 10_000)
    body.add(brotli.compress(BODY * 5)[:20])
    with pytest.raises(BrokenEncodingError):
        body.finish()


def test_hundred_feeds_take_as_long_as_the_slowest() -> None:
    def handle(request: Request) -> Response:
        return Response(BODY, 200, "text/xml", delay_seconds=0.5)

    with ReplayServer({"/": handle}) as server:
        wishes = [Wanted(str(n), f"{server.url}/{n}") for n in range(100)]
        started = time.monotonic()
        limits = Limits(n_per_host=100)
        done = download(wishes, lambda: NOW, configured_urls=[server.url], limits=limits)
        seconds = time.monotonic() - started
    assert all(answer.payload for answer in done.answers)
    # One after the other would take 50 s.
    assert seconds < 10


def test_without_a_network_everything_fails_at_once() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise OSError("no resolver")

    wishes = [Wanted(str(n), f"https://host{n}.example/feed") for n in range(120)]
    started = time.monotonic()
    done = download(wishes, lambda: NOW, resolution=Resolution(resolve))
    assert time.monotonic() - started < 8
    assert {answer.failure.reason for answer in done.answers if answer.failure} == {"no_network"}


def test_resolver_that_never_answers_is_given_up() -> None:
    def resolve(host: str, port: int) -> list[str]:
        time.sleep(30)
        return []

    wishes = [Wanted(str(n), f"https://host{n}.example/feed") for n in range(120)]
    started = time.monotonic()
    done = download(wishes, lambda: NOW, resolution=Resolution(resolve, resolve_seconds=0.2))
    assert time.monotonic() - started < 8
    assert all(answer.failure for answer in done.answers)


def test_name_that_means_a_private_address_is_refused() -> None:
    resolution = Resolution(lambda host, port: ["93.184.216.34", "127.0.0.1"])
    done = download([Wanted("a", "http://sly.example/")], lambda: NOW, resolution=resolution)
    failure = done.answers[0].failure
    assert failure is not None
    assert (failure.reason, failure.outcome) == ("private_address", "refused")


def test_connection_goes_to_the_checked_address_under_the_hosts_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str, object]] = []

    async def answer(_self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        sent.append((request.url.host, request.headers["host"], request.extensions["sni_hostname"]))
        location = {"location": "/moved"} if request.url.path == "/feed" else {}
        return httpx.Response(
            301 if location else 200, headers=location, stream=httpx.ByteStream(BODY), request=request
        )

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)
    resolution = Resolution(lambda host, port: ["2606:4700::1111", "93.184.216.34"])
    done = download([Wanted("a", "https://lab.example/feed")], lambda: NOW, resolution=resolution)
    assert done.answers[0].payload is not None
    assert done.answers[0].payload.url == "https://lab.example/moved"
    assert sent == [("93.184.216.34", "lab.example", "lab.example")] * 2


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("64:ff9b::a00:1", False),  # NAT64 of 10.0.0.1
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::a00:1", False),  # NAT64 of a network's own
        ("64:ff9b::5db8:d822", True),  # NAT64 of 93.184.216.34
        ("2002:a00:1::", False),  # 6to4 of 10.0.0.1
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", False),  # Teredo of 10.0.0.1
        ("::a00:1", False),  # IPv4-compatible
        ("fc00::1", False),
        ("fec0::1", False),
        ("2001:db8::1", False),
        ("255.255.255.255", False),
        ("192.0.0.8", False),
        ("198.18.0.1", False),
        ("not an address", False),
    ],
)
def test_only_public_addresses_are_open(address: str, is_open: bool) -> None:
    assert is_public(address) is is_open


def test_robots_rules_are_asked_once_and_kept_to(server: ReplayServer, site: Site) -> None:
    site.robots = Response(b"User-agent: *\nDisallow: /private\n", 200, "text/plain")
    robots_url = server.url + "/robots.txt"
    wishes = [Wanted(path, server.url + path, robots_url) for path in ("/feed", "/private/feed", "/other")]
    done = download(wishes, lambda: NOW, configured_urls=[server.url], limits=QUICK)
    assert [answer.failure.reason if answer.failure else None for answer in done.answers] == [None, "robots", None]
    paths = [request.path for request in server.requests]
    assert paths.count("/robots.txt") == 1
    assert "/private/feed" not in paths


def test_host_that_cannot_state_its_rules_is_left_alone_for_now(server: ReplayServer, site: Site) -> None:
    site.robots = Response(b"", 503)
    answer = fetch(server, robots_url=server.url + "/robots.txt")
    assert answer.failure is not None
    assert answer.failure.outcome == "transient"


def test_host_without_rules_is_open(server: ReplayServer) -> None:
    assert fetch(server, robots_url=server.url + "/robots.txt").payload is not None


def test_clock_is_read_when_the_body_is_in(server: ReplayServer) -> None:
    instants = iter([datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC) for second in range(5)])
    wish = Wanted("feed", server.url + "/feed")
    done = download([wish], lambda: next(instants), configured_urls=[server.url])
    payload = done.answers[0].payload
    assert payload is not None
    assert payload.received_at == datetime(2026, 1, 1, tzinfo=UTC)
