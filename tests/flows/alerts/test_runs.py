"""People are told of runs that failed or did not come, once, and only where a rule says so."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.alerts import delivery
from flows.alerts.runs import tell_of_run, tell_of_silence
from flows.serve.last_run import note_run
from flows.settings import Settings
from warehouse.store.connection import open_writer

NOW = datetime(2026, 7, 1, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, None, True, 0.1, None, None)


@pytest.fixture
def sent(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Titles that were sent to the one rule."""
    titles: list[str] = []
    monkeypatch.setenv("TO_ME", "json://nowhere")
    monkeypatch.setattr(delivery, "send_by_apprise", lambda _address, row: titles.append(row["title"]))
    settings.config_path.mkdir()
    (settings.config_path / "alerts.toml").write_text('[[rule]]\nid = "mine"\nto = "TO_ME"\n')
    return titles


def test_a_failed_run_is_told_once(settings: Settings, sent: list[str]) -> None:
    assert [tell_of_run(settings, NOW, "brave-otter", "Run brave-otter crashed", "Gone") for _ in range(2)] == [1, 0]
    assert sent == ["Run brave-otter crashed"]


def test_without_a_rule_for_runs_nothing_is_written(settings: Settings) -> None:
    assert tell_of_run(settings, NOW, "brave-otter", "Run brave-otter crashed", "Gone") == 0
    assert not settings.warehouse_path.exists()


def test_a_silence_is_told_once_until_a_run_ends_again(settings: Settings, sent: list[str]) -> None:
    assert not tell_of_silence(settings, NOW, HALF_AN_HOUR)  # no run has ever ended: the first one may be long
    note_run(settings.home, "first", "done", NOW, 0)
    for minutes in (10, 31, 32):
        tell_of_silence(settings, NOW + timedelta(minutes=minutes), HALF_AN_HOUR)
    assert sent == ["No run has ended since 2026-07-01 00:00 UTC"]
    note_run(settings.home, "second", "done", NOW + timedelta(hours=1), 0)
    tell_of_silence(settings, NOW + timedelta(hours=2), HALF_AN_HOUR)
    assert len(sent) == 2


def test_a_run_that_writes_is_no_silence(settings: Settings, sent: list[str]) -> None:
    note_run(settings.home, "first", "done", NOW, 0)
    with open_writer(settings.warehouse_path, 1):
        assert not tell_of_silence(settings, NOW + timedelta(hours=2), HALF_AN_HOUR)
    assert sent == []
