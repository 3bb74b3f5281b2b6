"""What `aftershock notify test` says of an address that does not answer."""

import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from flows.alerts.delivery import _reason, greet
from flows.alerts.rules import load_rules
from flows.commands import notify

NOW = datetime(2026, 7, 1, tzinfo=UTC)
SECRET = "s3cret-path"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    (tmp_path / "config").mkdir()
    rules = "".join(f'[[rule]]\nid = "{name}"\nto = "TO_{name.upper()}"\n' for name in ("desk", "phone"))
    (tmp_path / "config/alerts.toml").write_text(rules)
    application = typer.Typer()
    notify.register(application)
    return application


@pytest.fixture
def refusing() -> Iterator[int]:
    """The port of a server that answers 401."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(401)

        def log_message(self, *_: object) -> None:
            return None

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_listener_that_is_down_is_said_with_its_reason_and_without_its_address(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TO_DESK", f"json://127.0.0.1:{closed_port()}/{SECRET}")
    said = greet(load_rules(tmp_path / "config")[:1], NOW)["desk"]
    assert said == "json did not take it: connection refused"
    assert logging.getLogger("apprise").propagate


def test_an_answer_that_refuses_is_said_by_its_code(
    app: typer.Typer, tmp_path: Path, refusing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TO_DESK", f"json://127.0.0.1:{refusing}/{SECRET}")
    assert greet(load_rules(tmp_path / "config")[:1], NOW)["desk"] == "json did not take it: HTTP 401"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("NameResolutionError(\"HTTPConnection(host='x'): Failed to resolve 'x' /s3cret\")", "its host is not known"),
        ("Failed to send to https://x/s3cret (read timeout=4.0): Read timed out.", "it did not answer in time"),
        ("SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] of https://x/s3cret')", "its certificate is not trusted"),
        ("Something of https://x/s3cret", "it gave no reason; check host, port and token"),
    ],
)
def test_a_reason_is_said_in_words_and_never_as_the_line_that_holds_the_address(words: str, said: str) -> None:
    reason = _reason([words])
    assert reason.startswith(said)
    assert "s3cret" not in reason


def test_one_rule_may_be_tried_alone(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TO_DESK", f"json://127.0.0.1:{closed_port()}/{SECRET}")
    result = CliRunner().invoke(app, ["notify", "test", "desk"])
    assert "desk (TO_DESK): json did not take it: connection refused" in result.output
    assert "phone" not in result.output
    assert str(CliRunner().invoke(app, ["notify", "test", "desc"]).exception) == (
        "no rule has the id 'desc'; there are: desk, phone"
    )
