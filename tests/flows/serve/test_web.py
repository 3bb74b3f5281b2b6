"""The pages on loopback: what they answer, to whom, and in which state."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.serve.last_run import note_run, read_last_run
from flows.serve.web import HEADERS, pages_server, read_health
from flows.settings import Settings

NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(tmp_path, None, True, 5, None, None)
    found.site_path.mkdir()
    (found.site_path / "index.html").write_text("<p>the page</p>")
    return found


@pytest.fixture
def address(settings: Settings) -> Iterator[str]:
    with pages_server(settings, 0) as found:
        yield found


def ask(url: str, method: str = "GET", host: str | None = None) -> tuple[int, str, dict[str, str]]:
    request = urllib.request.Request(url, method=method)
    if host:
        request.add_header("Host", host)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), {k.lower(): v for k, v in error.headers.items()}


def test_a_page_comes_with_every_closing_header(address: str) -> None:
    code, body, headers = ask(address)
    assert (code, body) == (200, "<p>the page</p>")
    assert {name: headers[name.lower()] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "path", ["%00", "..%2f..%2fwarehouse.duckdb", "a" * 3000, "no-such-page", "%ff%fe", "//x/../.."]
)
def test_an_odd_path_is_not_found_and_shows_no_traceback(address: str, path: str) -> None:
    code, body, _ = ask(address + path)
    assert code == 404
    assert "Traceback" not in body


def test_another_host_name_is_refused(address: str) -> None:
    assert ask(address, host="evil.example")[0] == 400
    assert ask(address, host="localhost")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(address: str, method: str) -> None:
    assert ask(address, method)[0] == 405


def test_health_tells_the_last_good_run_and_its_age(settings: Settings, address: str) -> None:
    assert ask(f"{address}health")[0] == 503
    settings.published_path.touch()
    note_run(settings.home, "good", "source_failed", NOW, 2)
    note_run(settings.home, "bad", "crashed", NOW + timedelta(hours=1), 0)
    code, body, _ = ask(f"{address}health")
    assert (code, json.loads(body)["run_id"]) == (200, "bad")
    health = read_health(settings, NOW + timedelta(hours=2))
    assert health["last_good_age_seconds"] == 7200.0
    assert health["outcome"] == "crashed"


def test_metrics_are_samples_that_prometheus_reads(settings: Settings, address: str) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    settings.published_path.touch()
    note_run(settings.home, "good", "done", NOW, 3)
    code, body, _ = ask(f"{address}metrics")
    samples = {s.name: s.value for family in text_string_to_metric_families(body) for s in family.samples}
    assert code == 200
    assert samples["aftershock_is_published"] == 1.0
    assert samples["aftershock_failed_sources"] == 3.0
    assert samples["aftershock_last_good_run_age_seconds"] > 0.0


def test_a_note_that_is_torn_is_no_note(tmp_path: Path) -> None:
    (tmp_path / "last-run.json").write_text('{"run_id": "x"')
    assert read_last_run(tmp_path) is None
