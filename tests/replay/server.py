"""A loopback HTTP server that plays the outside world: mounted handlers answer, faults distort what they say.

A handler is `Handler = Callable[[Request], Response | None]`: it gets the request with the mount's prefix removed from
its path and answers, or returns None for 404. Use:

    with ReplayServer({"/exchanges": handle_exchanges, "/feeds": handle_feeds}) as server:
        client.get(server.url + "/feeds/a.xml")
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `path` is decoded and starts with a slash, `query` keeps the last value of each name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes = b""

    @property
    def said(self) -> str:
        """Path and body: what is asked for, wherever the venue puts it."""
        return self.path + self.body.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; `delay_seconds` holds it back, `is_cut_off` promises more bytes than it sends."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    is_cut_off: bool = False


Handler = Callable[[Request], Response | None]
NOT_FOUND = Response(b'{"msg": "not found"}', 404)


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    # A pass over all feeds connects to every one at the same moment; the default queue of 5 drops some.
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is part of the play; anything else is told as usual."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] - the library's own narrower types


class ReplayServer:
    """Serves `mounts` (path prefix -> handler) on a free loopback port while the `with` block runs."""

    def __init__(self, mounts: Mapping[str, Handler]) -> None:
        self.mounts = dict(mounts)
        self.requests: list[Request] = []
        self._closing = threading.Event()
        self._server = _QuietServer(("127.0.0.1", 0), self._handler_class())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Address without a trailing slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def mount(self, prefix: str, handler: Handler) -> None:
        """Add or replace the handler of a prefix such as `/feeds`."""
        self.mounts[prefix] = handler

    def answer(self, request: Request) -> Response:
        """The answer of the longest mounted prefix."""
        self.requests.append(request)
        for prefix in sorted(self.mounts, key=len, reverse=True):
            if request.path == prefix or request.path.startswith(prefix.rstrip("/") + "/"):
                inner = request.path[len(prefix.rstrip("/")) :] or "/"
                return self.mounts[prefix](replace(request, path=inner)) or NOT_FOUND
        return NOT_FOUND

    def hold_back(self, seconds: float) -> None:
        """Wait, unless the server is closing."""
        self._closing.wait(seconds)

    def __enter__(self) -> ReplayServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        world = self

        class Wire(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # One packet an answer: two would wait 40 ms for an acknowledgement.
            wbufsize = 65_536
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                split = urlsplit(self.path)
                length = int(self.headers.get("content-length") or 0)
                request = Request(
                    self.command,
                    unquote(split.path),
                    dict(parse_qsl(split.query, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(length) if length else b"",
                )
                response = world.answer(request)
                if response.delay_seconds:
                    world.hold_back(response.delay_seconds)
                try:
                    self._send(response)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client gave up, as it should on a slow answer

            do_POST = do_GET  # noqa: N815 - the names that http.server looks for
            do_HEAD = do_GET  # noqa: N815 - the same

            def _send(self, response: Response) -> None:
                self.send_response(response.status)
                self.send_header("content-type", response.content_type)
                for name, value in response.headers.items():
                    self.send_header(name, value)
                promised = len(response.body) + (1000 if response.is_cut_off else 0)
                self.send_header("content-length", str(promised))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(response.body)
                if response.is_cut_off:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent; tests read `requests`."""

        return Wire
