"""`aftershock import news` as a person calls it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest

from tests.e2e.command import run_aftershock
from tests.ingest.news.news_builders import rss
from warehouse.store.connection import open_reader
from warehouse.tables.news import DOCUMENT, ENTRY, INCIDENT
from warehouse.tables.prices import QUARANTINE


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "feed.xml").write_bytes(rss("<title>From a feed</title>"))
    (tmp_path / "table.csv").write_text(
        "title,url,outlet,published_utc\nFrom a table,https://a.example/1,A,2026-06-13\n"
    )
    (tmp_path / "feed.json").write_text(json.dumps({"items": [{"id": "1", "title": "From JSON Feed"}]}))
    pl.DataFrame({"title": ["From Parquet", None]}).write_parquet(tmp_path / "table.parquet")
    incident = {"provider": "p", "title": "Down", "started_utc": "2026-06-13T00:50:43Z", "incident_id": "x1"}
    (tmp_path / "incidents.jsonl").write_text(json.dumps(incident) + "\n{broken\n")
    (tmp_path / "page.html").write_text("<html>blocked</html>")
    names = ("feed.xml", "table.csv", "feed.json", "table.parquet", "incidents.jsonl", "page.html")
    return [str(tmp_path / name) for name in names]


def test_every_kind_is_stored_once_and_the_bad_file_is_named(tmp_path: Path, files: list[str]) -> None:
    home = tmp_path / "home"
    first = run_aftershock(home, "import", "news", *files, "--format", "csv")
    assert first.returncode == 3
    assert "page.html: html_page" in first.stderr
    report = pl.read_csv(io.StringIO(first.stdout))
    assert report["kind"].to_list() == ["rss", "headlines", "rss", "headlines", "incidents", "unreadable"]
    assert report["n_new"].to_list() == [1, 1, 1, 1, 1, 0]
    assert report["n_refused"].to_list() == [0, 0, 0, 1, 1, 0]
    second = run_aftershock(home, "import", "news", *files[:-1], "--format", "csv")
    assert second.returncode == 0
    assert pl.read_csv(io.StringIO(second.stdout))["n_new"].sum() == 0
    with open_reader(home / "aftershock.duckdb") as reader:
        titles = set(reader.frame(ENTRY)["title"])
        assert titles == {"From a feed", "From a table", "From JSON Feed", "From Parquet"}
        assert reader.frame(INCIDENT)["incident_id"].to_list() == ["p:x1"]
        assert set(reader.frame(QUARANTINE)["reason"]) == {"no_title", "broken_json"}
        assert reader.frame(DOCUMENT).height == 5


def test_dry_run_stores_nothing(tmp_path: Path, files: list[str]) -> None:
    home = tmp_path / "home"
    done = run_aftershock(home, "import", "news", files[0], "--dry-run", "--format", "json")
    assert json.loads(done.stdout)[0]["n_new"] == 1
    assert not (home / "aftershock.duckdb").exists()


def test_file_may_be_an_issue_of_a_registered_feed_seen_at_an_instant(tmp_path: Path, files: list[str]) -> None:
    home = tmp_path / "home"
    done = run_aftershock(home, "import", "news", files[0], "--feed", "cr_decrypt", "--seen-at", "2026-06-13T01:00:00Z")
    assert done.returncode == 0, done.stderr
    with open_reader(home / "aftershock.duckdb") as reader:
        [row] = reader.frame(ENTRY).to_dicts()
    assert (row["feed_id"], f"{row['first_seen_at_utc']:%H:%M}") == ("cr_decrypt", "01:00")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.xml",), "nowhere.xml: cannot be read"),
        (("pyproject.toml", "--feed", "nobody"), "no feed is registered as 'nobody'"),
    ],
)
def test_usage_mistake_is_exit_code_2_with_its_reason(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run_aftershock(tmp_path / "home", "import", "news", *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_file_of_which_no_row_is_kept_ends_with_exit_4_and_says_which_row_and_why(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("title,published_utc\n,2026-06-13\n,2026-06-14\n")
    done = run_aftershock(tmp_path / "home", "import", "news", str(tmp_path / "empty.csv"))
    assert done.returncode == 4
    assert "empty.csv: no row was kept; row 1 refused: a row without a title" in done.stderr
    assert "aftershock quarantine list" in done.stderr
    with open_reader(tmp_path / "home" / "aftershock.duckdb") as reader:
        assert sorted(reader.frame(QUARANTINE)["row_number"]) == [1, 2]
