"""A real Chromium for page tests, and a server of the built site on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
POLL_MILLISECONDS = 50
DEADLINE_MILLISECONDS = 20_000


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line per request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def open_browser() -> Iterator[Any]:
    """A headless Chromium; skips, saying so, where it is not installed."""
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The folder on loopback; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def wait_until(page: Any, expression: str, message: str) -> None:
    """Poll until the expression is true; the pages' own policy forbids waiting by evaluated strings."""
    for _ in range(DEADLINE_MILLISECONDS // POLL_MILLISECONDS):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(POLL_MILLISECONDS)
    raise AssertionError(f"{message}: {expression} never became true on {page.url}")


def draw_all(page: Any) -> None:
    """Scroll each figure near the screen until all are drawn."""
    for _ in range(DEADLINE_MILLISECONDS // POLL_MILLISECONDS):
        left = page.evaluate(
            "() => { const left = [...document.querySelectorAll('.plot:not([data-drawn]):not(.failed)')];"
            " if (left.length) left[0].scrollIntoView(); return left.length; }"
        )
        if not left:
            return
        page.wait_for_timeout(POLL_MILLISECONDS)
    raise AssertionError(f"{left} figures were not drawn on {page.url}")
