"""Where a download may connect to: public addresses, and the ones that were configured."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import httpx

# Without a network a resolver answers at once or never; both mean the same after this long.
RESOLVE_SECONDS = 3.0
# This many names in a row that do not resolve, with none that does, is no network rather than many dead hosts.
NAMES_BEFORE_GIVING_UP = 6

# Networks that carry an IPv4 address in their last 32 bits: NAT64 (RFC 6052) and IPv4-compatible addresses.
_LAST_32_BITS = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
_IPV4_BITS = 0xFFFFFFFF
# A network's own translation (RFC 8215), site-local addresses (RFC 3879) and protocol assignments (RFC 6890), of which
# some versions of the library say that they are global.
_CLOSED = tuple(map(ipaddress.ip_network, ("64:ff9b:1::/48", "fec0::/10", "192.0.0.0/24")))

Resolver = Callable[[str, int], list[str]]


class AddressRefusedError(httpx.TransportError):
    """The address is private, loopback or otherwise not public, and was not configured."""


class NoNetworkError(httpx.TransportError):
    """Names do not resolve at all."""


class UnknownHostError(httpx.TransportError):
    """This one name does not resolve."""


def resolve_with_system(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system resolves them."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


@dataclass(slots=True)
class Resolution:
    """Memory of one pass: addresses by host, and how many names failed before any resolved."""

    resolve: Resolver = resolve_with_system
    resolve_seconds: float = RESOLVE_SECONDS
    known: dict[str, list[str]] = field(default_factory=dict)
    n_failed: int = 0
    # Until one name has resolved, only as many are tried at once as it takes to give up.
    probes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(NAMES_BEFORE_GIVING_UP))

    @property
    def is_network_down(self) -> bool:
        """Whether enough names have failed, and none resolved, to stop asking."""
        return not self.known and self.n_failed >= NAMES_BEFORE_GIVING_UP

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of `host`; UnknownHostError or NoNetworkError."""
        if not self.known:
            async with self.probes:
                return await self._look_up(host, port)
        return self.known[host] if host in self.known else await self._look_up(host, port)

    async def _look_up(self, host: str, port: int) -> list[str]:
        if self.is_network_down:
            raise NoNetworkError("no name resolves")
        try:
            found = await asyncio.wait_for(_in_daemon_thread(self.resolve, host, port), self.resolve_seconds)
        except (TimeoutError, OSError, UnicodeError) as exc:
            self.n_failed += 1
            raise UnknownHostError(f"the name {host} does not resolve") from exc
        self.known[host] = found
        return found


async def _in_daemon_thread(resolve: Resolver, host: str, port: int) -> list[str]:
    """Run a blocking look-up on a thread of its own that cannot keep the process alive."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(result: list[str] | OSError | UnicodeError) -> None:
        if answer.done():
            return
        if isinstance(result, BaseException):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    def work() -> None:
        try:
            result: list[str] | OSError | UnicodeError = resolve(host, port)
        except (OSError, UnicodeError) as exc:
            result = exc
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=work, name=f"resolve {host}", daemon=True).start()
    return await answer


def is_public(address: str) -> bool:
    """Whether an IP address is one anybody on the internet could mean; an address inside another counts as itself."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if any(ip in network for network in _CLOSED):
        return False
    return all(form.is_global and not form.is_multicast for form in (ip, *_carried(ip)))


def _carried(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for: mapped, compatible, 6to4, Teredo, translated."""
    if isinstance(ip, ipaddress.IPv4Address):
        return
    yield from (form for form in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if form is not None)
    if any(ip in network for network in _LAST_32_BITS):
        yield ipaddress.IPv4Address(int(ip) & _IPV4_BITS)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Checks every request, redirects included, and connects to the address that was checked.

    Resolving once and connecting to the result leaves no moment in which a name can change its meaning.
    """

    def __init__(self, configured: Iterable[tuple[str, int]] = (), resolution: Resolution | None = None) -> None:
        self._configured = frozenset(configured)
        self._resolution = resolution or Resolution()
        # One TLS name per connection: addresses are shared by hosts, so connections are not reused.
        self._inner = httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0), trust_env=False
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` to a checked address; AddressRefusedError when there is none."""
        if request.url.scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol(f"{request.url.scheme!r} is not http or https")
        host = request.url.host
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        if (host, port) in self._configured:
            return await self._inner.handle_async_request(request)
        try:
            ipaddress.ip_address(host)
            addresses = [host]
        except ValueError:
            addresses = await self._resolution.addresses(host, port)
        public = [address for address in addresses if is_public(address)]
        if not public or len(public) < len(addresses):
            raise AddressRefusedError(f"{host} is {', '.join(addresses)}, not a public address")
        original = request.url
        request.extensions = {**request.extensions, "sni_hostname": original.raw_host.decode("ascii")}
        request.url = original.copy_with(host=_preferred(public))
        try:
            return await self._inner.handle_async_request(request)
        finally:
            request.url = original

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


def _preferred(addresses: list[str]) -> str:
    """An IPv4 address if there is one: half-configured IPv6 is the commoner fault."""
    return next((address for address in addresses if ":" not in address), addresses[0])


def host_and_port(url: str) -> tuple[str, int]:
    """Host and port of an address, the scheme's own port where none is written."""
    parsed = httpx.URL(url)
    return parsed.host, parsed.port or (443 if parsed.scheme == "https" else 80)
