"""Revised titles, and tables of headlines from elsewhere."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from ingest.news.feeds import load_feeds
from ingest.news.fetch.failures import SourceProblem, summarise
from ingest.news.imports import import_file
from ingest.news.parse.entries import parse_feed
from ingest.news.parse.headlines import UnknownColumnsError, parse_headlines
from ingest.news.parse.versions import KNOWN_COLUMNS, select_new
from ingest.source import Source
from tests.ingest.news.news_builders import LAB, NOW, rss
from tests.paths import shared
from warehouse.tables.news import ENTRY


def issue(*titles: str, at: datetime = NOW) -> pl.DataFrame:
    items = [f"<title>{title}</title><guid>{number}</guid>" for number, title in enumerate(titles)]
    return parse_feed(rss(*items), LAB, Source(LAB.feed_id, "r", at)).entries


def test_known_titles_are_not_new() -> None:
    first = select_new(issue("a", "b"), ENTRY.empty())
    assert first.height == 2
    assert select_new(issue("a", "b"), first.select(KNOWN_COLUMNS)).height == 0


def test_revised_title_is_the_next_version_and_an_old_one_that_returns_is_not() -> None:
    stored = select_new(issue("a"), ENTRY.empty())
    later = select_new(issue("a, corrected", at=NOW + timedelta(hours=1)), stored.select(KNOWN_COLUMNS))
    assert later["title_version"].to_list() == [2]
    assert later["entry_id"][0] != stored["entry_id"][0]
    both = pl.concat([stored, later]).select(KNOWN_COLUMNS)
    assert select_new(issue("a"), both).height == 0


def test_versions_of_one_import_are_numbered_as_they_were_seen() -> None:
    frame = pl.concat([issue("second", at=NOW + timedelta(hours=1)), issue("first")])
    new = select_new(frame, ENTRY.empty())
    assert new.select("title", "title_version").rows() == [("first", 1), ("second", 2)]


def table(**columns: list[object]) -> pl.DataFrame:
    return pl.DataFrame(columns)


def read(frame: pl.DataFrame) -> pl.DataFrame:
    return parse_headlines(frame, Source("import:x", "r", NOW), {"decrypt.co": "crypto_press"}).entries


def test_simple_columns_are_enough() -> None:
    frame = table(
        title=["One &amp; <b>two</b>"], url=["https://decrypt.co/1?a=1&amp;b=2"], outlet=["decrypt.co"],
        published_utc=["2026-06-13T00:50:03Z"],
    )  # fmt: skip
    [row] = read(frame).to_dicts()
    assert (row["title"], row["url"]) == ("One & two", "https://decrypt.co/1?a=1&b=2")
    assert (row["outlet_kind"], row["time_basis"]) == ("crypto_press", "publisher")
    assert row["first_seen_at_utc"] == NOW


def test_submission_and_crawl_times_are_sightings() -> None:
    at = datetime(2026, 6, 1, 10, tzinfo=UTC)
    frame = table(title=["a", "b"], published_utc=[at, at], time_basis=["hn_submission", "crawl_time"])
    assert read(frame).select("time_basis", "first_seen_at_utc").rows() == [("submission", at), ("crawl", at)]


def test_midnight_and_impossible_claims_give_no_hour() -> None:
    frame = table(
        title=["a", "b", "c"],
        published_utc=["2026-06-01", "1970-01-01T00:00:00Z", "soon"],
    )
    rows = read(frame)
    assert rows["time_basis"].to_list() == ["date_only", "first_seen", "first_seen"]
    assert rows["published_raw"].to_list() == ["2026-06-01", "1970-01-01T00:00:00Z", "soon"]


def test_row_without_a_title_is_quarantined_with_its_number() -> None:
    found = parse_headlines(table(title=["a", "  "], url=[None, "https://x.example"]), Source("import:x", "r", NOW), {})
    assert found.entries.height == 1
    assert found.quarantined.select("reason", "row_number").rows() == [("no_title", 2)]


def test_table_without_titles_is_refused_by_name() -> None:
    with pytest.raises(UnknownColumnsError, match="found text"):
        read(table(text=["a"]))


def test_recorded_headlines_arrive_whole() -> None:
    imported = import_file(shared("data", "news", "headlines.parquet"), None, load_feeds(), NOW, "r")
    entries = imported.harvest.entries
    assert imported.n_rows == 260_856
    assert entries.height + imported.harvest.quarantined.height == imported.n_rows
    assert select_new(entries, ENTRY.empty())["entry_id"].is_unique().all()
    assert entries.filter(pl.col("title").str.contains(r"<[A-Za-z/!?]")).height == 0
    assert set(entries["time_basis"].unique()) == {"publisher", "submission", "crawl", "date_only", "first_seen"}


def test_many_failures_of_one_kind_are_one_line() -> None:
    lines = summarise(
        [SourceProblem(f"f{n}", "timeout", f"f{n}: late") for n in range(9)]
        + [SourceProblem("g", "http_404", "g: gone")]
    )
    assert lines[0].startswith("9 feeds: no answer in time; tried again later (f0, f1, f2, f3, f4 and 4 more)")
    assert lines[1] == "g: gone"
