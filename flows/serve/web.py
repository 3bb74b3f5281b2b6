"""The pages, health and metrics on loopback, closed to other sites."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from flows.errors import CommandError
from flows.serve.check import KEPT, answer_form, show_form
from flows.serve.last_run import read_last_run
from flows.serve.look import read_schedules
from flows.settings import Settings

LOOPBACK = "127.0.0.1"
# Another site's page may reach a loopback port by a name of its own; only these names are answered.
HOSTS = [LOOPBACK, "localhost"]
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
# The page that takes a text posts it to this server.
_CHECK_POLICY = HEADERS["Content-Security-Policy"].replace("form-action 'none'", "form-action 'self'")
START_SECONDS = 20.0


def pages_app(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Starlette:
    """The site's files, `GET /health` (JSON) and `GET /metrics` (Prometheus text), and `/check`, which judges a text.

    Nothing can be written but a checked text whose form asks to keep it: `/checked/` serves these.
    """
    settings.site_path.mkdir(parents=True, exist_ok=True)
    kept_path = settings.home / KEPT

    def health(_request: Request) -> Response:
        found = read_health(settings, clock())
        return JSONResponse(found, status_code=200 if found["is_published"] else 503)

    def metrics(_request: Request) -> Response:
        text = generate_latest(health_metrics(read_health(settings, clock())))
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    async def check(request: Request) -> Response:
        if request.method == "POST":
            response = await answer_form(request, settings.published_path, kept_path, clock())
        else:
            response = show_form(request)
        response.headers["Content-Security-Policy"] = _CHECK_POLICY
        # Without a referrer a browser also hides the origin, by which another site's form is told.
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return Starlette(
        routes=[
            Route("/check", check, methods=["GET", "POST"]),
            Route("/health", health),
            Route("/metrics", metrics),
            Mount(f"/{KEPT}", _Pages(directory=kept_path, check_dir=False)),
            Mount("/", _Pages(directory=settings.site_path, html=True)),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
            Middleware(BaseHTTPMiddleware, dispatch=_with_headers),
        ],
    )


class _Pages(StaticFiles):
    """Files of the site; a path that no file can have is not found."""

    async def get_response(self, path: str, scope: dict[str, object]) -> Response:  # type: ignore[override]
        try:
            return await super().get_response(path, scope)
        except (ValueError, OSError):  # a null byte, a name longer than the file system's
            return PlainTextResponse("Not Found", status_code=404)


async def _with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def read_health(settings: Settings, now: datetime) -> dict[str, object]:
    """Whether there is a publication, the schedules, the newest run, and the last good one with its age in seconds."""
    last = read_last_run(settings.home)
    served = asdict(read_schedules(settings.home, settings.prefect_api_url))
    found: dict[str, object] = {"is_published": settings.published_path.exists(), "schedules": served}
    if last is None:
        return found | {"reason": "no run has ended in this home yet"}
    age = None
    if last.last_good_at_utc is not None:
        age = (now - datetime.fromisoformat(last.last_good_at_utc)).total_seconds()
    return found | asdict(last) | {"last_good_age_seconds": age}


# What a schedule says of itself, as samples by its name: instants in seconds since 1970.
_SCHEDULE_SAMPLES = (
    ("is_ready", "is_ready", "Whether something runs what the schedule has due."),
    ("last_began_utc", "last_began_timestamp_seconds", "When its newest run began."),
    ("last_ended_utc", "last_ended_timestamp_seconds", "When its newest run to end has ended."),
    ("next_due_utc", "next_due_timestamp_seconds", "When its next run is due."),
)


def _add_schedules(served: dict[str, Any], registry: CollectorRegistry) -> None:
    if served["is_process_alive"] is not None:
        words = "Whether the process that runs what is due lives."
        Gauge("aftershock_schedules_process_is_alive", words, registry=registry).set(served["is_process_alive"])
    for key, name, words in _SCHEDULE_SAMPLES:
        gauge = Gauge(f"aftershock_schedule_{name}", words, ["schedule"], registry=registry)
        for schedule in served["schedules"]:
            if (value := schedule[key]) is not None:
                seconds = datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value
                gauge.labels(schedule["name"]).set(seconds)


def health_metrics(health: dict[str, Any]) -> CollectorRegistry:
    """The numbers of `read_health` for Prometheus; what is not known has no sample."""
    registry = CollectorRegistry()
    published = Gauge("aftershock_is_published", "Whether a published file can be read.", registry=registry)
    published.set(1 if health["is_published"] else 0)
    _add_schedules(health["schedules"], registry)
    for key, name, words in (
        (
            "last_good_age_seconds",
            "aftershock_last_good_run_age_seconds",
            "Age of the last run that ended without a fault.",
        ),
        ("n_failed_sources", "aftershock_failed_sources", "Sources that failed in the newest run."),
    ):
        value = health.get(key)
        if isinstance(value, int | float):
            Gauge(name, words, registry=registry).set(value)
    return registry


@contextmanager
def pages_server(settings: Settings, port: int) -> Iterator[str]:
    """Serve the pages on loopback; yields their address. Port 0 takes any free one; a taken one is a CommandError."""
    try:
        listener = socket.create_server((LOOPBACK, port))
    except OSError as exc:
        raise CommandError(f"port {port} cannot be used ({exc.strerror}): choose another port for the pages") from exc
    config = uvicorn.Config(pages_app(settings), log_level="error", access_log=False, server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        listener.close()
