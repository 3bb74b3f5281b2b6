"""Backfilling history: resumable, within limits, stored stretch by stretch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from flows.context import StepReport
from flows.jobs.news_history import backfill_news
from tests.ingest.news.news_builders import make_context, make_settings
from tests.replay.server import ReplayServer, Request, Response
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.news import ENTRY, REGISTER_DOCUMENT
from warehouse.tables.ops import BACKFILL

NOW = datetime(2026, 3, 4, 6, tzinfo=UTC)
SINCE = date(2026, 1, 15)


class Archive:
    """A register with one document a day in pages of ten, and a crawler that saw `articles_per_hour`."""

    def __init__(self) -> None:
        self.articles_per_hour = 1
        self.failures_left: dict[str, int] = {}
        self.n_answers_before_failure = 10_000

    def handle(self, request: Request) -> Response | None:
        if request.path.endswith("robots.txt"):
            return None
        self.n_answers_before_failure -= 1
        if self.n_answers_before_failure < 0:
            return Response(b"busy", 503, "text/plain")
        if request.path == "/ag_gdelt":
            return Response(self.crawled(request.query))
        return Response(self.register(request))

    def register(self, request: Request) -> bytes:
        first = date.fromisoformat(request.query["conditions[publication_date][gte]"])
        last = date.fromisoformat(request.query["conditions[publication_date][lte]"])
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        page = int(request.query.get("page", "1"))
        results = [
            {"document_number": f"{request.path}-{day}", "title": f"Rule of {day}", "type": "Rule",
             "publication_date": day.isoformat()}
            for day in days[(page - 1) * 10 : page * 10]
        ]  # fmt: skip
        reply: dict[str, object] = {"count": len(days), "results": results}
        if page * 10 < len(days):
            reply["next_page_url"] = "https://www.federalregister.gov/api/v1/documents?" + urlencode(
                {**request.query, "page": str(page + 1)}
            )
        return json.dumps(reply).encode()

    def crawled(self, query: dict[str, str]) -> bytes:
        start, end = (
            datetime.strptime(query[name], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            for name in ("startdatetime", "enddatetime")
        )
        articles = []
        at = start
        while at <= end and len(articles) < 250:
            for number in range(self.articles_per_hour):
                url = f"https://a.example/{at:%Y%m%d%H}/{number}"
                articles.append({"url": url, "title": f"Seen {at} {number}", "seendate": f"{at:%Y%m%dT%H%M%SZ}",
                                 "domain": "a.example"})  # fmt: skip
            at += timedelta(hours=1)
        return json.dumps({"articles": articles[:250]}).encode()


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with open_writer(tmp_path / "warehouse.duckdb", 5) as writer:
        yield writer


def backfill(
    archive: Archive, warehouse: Warehouse, home: Path, source: str, since: date = SINCE, max_requests: int = 500
) -> tuple[StepReport, int]:
    with ReplayServer({"/feed": archive.handle}) as server:
        context = make_context(make_settings(home, server.url), warehouse, NOW, "r")
        report = backfill_news(context, since, sources=(source,), max_requests=max_requests)
        return report, len([request for request in server.requests if not request.path.endswith("robots.txt")])


def test_register_is_fetched_by_month_with_all_pages(warehouse: Warehouse, tmp_path: Path) -> None:
    report, n_requests = backfill(Archive(), warehouse, tmp_path, "register")
    n_days = (NOW.date() - SINCE).days
    assert report.problems == ()
    assert warehouse.frame(REGISTER_DOCUMENT).height == 2 * n_days
    assert warehouse.frame(BACKFILL).height == 2 * 3
    # January's 17 days, February's 28 and March's 3 in pages of ten, for two searches.
    assert n_requests == 2 * (2 + 3 + 1)
    entries = warehouse.frame(ENTRY)
    assert (entries["first_seen_at_utc"] - entries["published_at_utc"]).max() == timedelta(days=1)


def test_second_backfill_asks_for_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    backfill(Archive(), warehouse, tmp_path, "register")
    report, n_requests = backfill(Archive(), warehouse, tmp_path, "register")
    assert (report.n_changed, n_requests) == (0, 0)


def test_interrupted_backfill_goes_on_where_it_stopped(warehouse: Warehouse, tmp_path: Path) -> None:
    archive = Archive()
    archive.n_answers_before_failure = 6
    report, _ = backfill(archive, warehouse, tmp_path, "register")
    assert any("503" in problem for problem in report.problems)
    assert 0 < warehouse.frame(BACKFILL).height < 6
    again, n_requests = backfill(Archive(), warehouse, tmp_path, "register")
    assert again.problems == ()
    assert n_requests < 12
    assert warehouse.frame(REGISTER_DOCUMENT).height == 2 * (NOW.date() - SINCE).days


def test_full_window_is_split_until_it_is_not(warehouse: Warehouse, tmp_path: Path) -> None:
    archive = Archive()
    archive.articles_per_hour = 20
    report, _ = backfill(archive, warehouse, tmp_path, "gdelt", NOW.date() - timedelta(days=1))
    assert report.problems == ()
    assert warehouse.frame(ENTRY).height == 24 * 20
    assert warehouse.frame(ENTRY)["time_basis"].unique().to_list() == ["crawl"]


def test_request_limit_stops_and_says_how_to_go_on(warehouse: Warehouse, tmp_path: Path) -> None:
    report, n_requests = backfill(Archive(), warehouse, tmp_path, "gdelt", max_requests=5)
    assert n_requests == 5
    assert "run the backfill again" in report.problems[0]
    assert warehouse.frame(BACKFILL).height == 5
