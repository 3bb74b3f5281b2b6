"""The Federal Register, GDELT and the search services."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from ingest.news.feeds import load_feeds
from ingest.news.harvest import harvest
from ingest.news.imports import import_file
from ingest.news.parse import federal_register, gdelt
from ingest.news.parse.decode import DecodeReason
from ingest.payload import Payload
from tests.ingest.news.news_builders import NOW
from tests.paths import shared

FEEDS = {feed.feed_id: feed for feed in load_feeds()}


def payload(feed_id: str, document: object) -> Payload:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Payload(feed_id, "https://x.example/", NOW, 200, body)


def test_order_carries_its_days_of_signature_and_publication() -> None:
    row = {
        "document_number": "2026-1", "title": "An Order", "type": "Presidential Document", "subtype": "Executive Order",
        "executive_order_number": "14999", "signing_date": "2026-06-01", "publication_date": "2026-06-05",
        "html_url": "https://www.federalregister.gov/d/2026-1", "agency_names": ["Executive Office of the President"],
    }  # fmt: skip
    found = harvest(payload("us_fr_presidential", {"count": 1, "results": [row]}), FEEDS["us_fr_presidential"], "r")
    [document] = found.register_documents.to_dicts()
    assert (document["signed_on"], document["published_on"]) == (date(2026, 6, 1), date(2026, 6, 5))
    assert (document["kind"], document["subkind"]) == ("presidential_document", "executive_order")
    [entry] = found.entries.to_dicts()
    assert (entry["time_basis"], entry["published_at_utc"]) == ("date_only", datetime(2026, 6, 5, tzinfo=UTC))
    assert entry["first_seen_at_utc"] == NOW


def test_correction_is_linked_to_what_it_corrects() -> None:
    row = {"title": "A Plan", "type": "Notice", "publication_date": "2024-01-02"}
    api = "https://www.federalregister.gov/api/v1/documents"
    rows = [
        row | {"document_number": "C1-2023-27742", "correction_of": f"{api}/2023-27742"},
        row | {"document_number": "2024-00001", "correction_of": f"{api}/2023-20001.json"},
        row | {"document_number": "R1-2023-28853"},
        row | {"document_number": "2023-27742", "correction_of": None},
    ]
    found = harvest(payload("us_fr_ai_json", {"results": rows}), FEEDS["us_fr_ai_json"], "r").register_documents
    assert dict(found.select("document_number", "corrects_document_number").iter_rows()) == {
        "C1-2023-27742": "2023-27742",
        "2024-00001": "2023-20001",
        "R1-2023-28853": "2023-28853",
        "2023-27742": None,
    }


def test_recorded_orders_are_read_with_both_days() -> None:
    body = shared("data", "news", "federal_register", "executive_orders_all.json").read_bytes()
    found = harvest(payload("us_fr_presidential", body), FEEDS["us_fr_presidential"], "r")
    documents = found.register_documents
    assert documents.height == 699
    assert documents["signed_on"].null_count() < 10
    assert (documents["signed_on"] <= documents["published_on"]).all()


def test_document_without_a_number_is_refused() -> None:
    found = harvest(payload("us_fr_ai_json", {"results": [{"title": "x"}]}), FEEDS["us_fr_ai_json"], "r")
    assert found.quarantined["reason"].to_list() == ["no_identity"]


def test_months_cover_a_span_once() -> None:
    slices = federal_register.month_slices(date(2025, 12, 15), date(2026, 2, 3))
    assert slices == [
        (date(2025, 12, 15), date(2026, 1, 1)),
        (date(2026, 1, 1), date(2026, 2, 1)),
        (date(2026, 2, 1), date(2026, 2, 3)),
    ]


def test_register_query_is_half_open() -> None:
    query = parse_qs(federal_register.register_query("artificial intelligence", date(2026, 1, 1), date(2026, 2, 1)))
    assert query["conditions[publication_date][lte]"] == ["2026-01-31"]
    assert "signing_date" in query["fields[]"]


def test_crawl_time_is_no_publishers_time_and_bounds_first_sight() -> None:
    article = {"url": "https://a.example/1", "title": "T", "seendate": "20260613T141500Z", "domain": "a.example",
               "language": "English"}  # fmt: skip
    [entry] = harvest(payload("ag_gdelt", {"articles": [article]}), FEEDS["ag_gdelt"], "r").entries.to_dicts()
    assert (entry["time_basis"], entry["outlet"], entry["language"]) == ("crawl", "a.example", "en")
    assert entry["first_seen_at_utc"] == entry["published_at_utc"] == datetime(2026, 6, 13, 14, 15, tzinfo=UTC)


def test_refusal_in_words_is_malformed_and_an_empty_object_is_not() -> None:
    refused = harvest(payload("ag_gdelt", b"Please limit requests to one every 5 seconds."), FEEDS["ag_gdelt"], "r")
    assert refused.is_malformed
    assert "Please limit" in refused.detail
    assert harvest(payload("ag_gdelt", {}), FEEDS["ag_gdelt"], "r").reason is DecodeReason.NO_ENTRIES


@pytest.mark.parametrize("feed_id", ["us_fr_ai_json", "ag_gdelt", "ag_hn_algolia", "uk_govuk_search"])
@pytest.mark.parametrize("wrong", [5, [1], {"a": 1}, True, None])
def test_values_of_the_wrong_kind_never_raise(feed_id: str, wrong: object) -> None:
    names = ("document_number", "title", "abstract", "publication_date", "agency_names", "html_url", "url", "seendate",
             "domain", "objectID", "created_at", "link", "_id", "public_timestamp", "story_text")  # fmt: skip
    row = dict.fromkeys(names, wrong)
    document = {"results": [row], "articles": [row], "hits": [row], "count": wrong, "next_page_url": wrong}
    found = harvest(payload(feed_id, document), FEEDS[feed_id], "r")
    assert found.entries.height + found.quarantined.height >= 1


def test_window_splits_into_touching_halves() -> None:
    start, end = NOW, NOW + timedelta(hours=1)
    assert gdelt.halve_window(start, end) == [(start, NOW + timedelta(minutes=30)), (NOW + timedelta(minutes=30), end)]


@pytest.mark.parametrize(
    ("feed_id", "document", "title", "url", "basis"),
    [
        (
            "ag_hn_algolia",
            {"hits": [{"objectID": "7", "title": "T", "created_at": "2026-06-13T00:51:30Z", "url": None}]},
            "T", "https://news.ycombinator.com/item?id=7", "submission",
        ),
        (
            "uk_govuk_search",
            {"results": [{"title": "G", "link": "/government/x", "public_timestamp": "2026-06-13T00:51:30Z"}]},
            "G", "https://www.gov.uk/government/x", "publisher",
        ),
    ],
)  # fmt: skip
def test_search_hits_are_entries(feed_id: str, document: object, title: str, url: str, basis: str) -> None:
    [entry] = harvest(payload(feed_id, document), FEEDS[feed_id], "r").entries.to_dicts()
    assert (entry["title"], entry["url"], entry["time_basis"]) == (title, url, basis)


@pytest.mark.parametrize(
    ("body", "kind", "titles"),
    [
        (
            b'{"articles": [{"url": "https://a.example/1", "title": "A \\x escape", "seendate": "20260613T091500Z"}]}',
            "gdelt",
            [r"A \x escape"],
        ),
        (b'{"hits": [{"objectID": "1", "title": "T", "created_at": "2026-06-13T09:15:00Z"}]}', "hn_json", ["T"]),
        (b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "T"}]}', "rss", ["T"]),
    ],
)
def test_a_file_of_a_service_s_answer_is_known_by_its_fields(
    tmp_path: Path, body: bytes, kind: str, titles: list[str]
) -> None:
    path = tmp_path / "answer.json"
    path.write_bytes(body)
    imported = import_file(path, None, (), NOW, "r")
    assert (imported.kind, imported.harvest.entries["title"].to_list()) == (kind, titles)


def test_the_case_of_a_bad_escape_is_imported_whole(tmp_path: Path) -> None:
    imported = import_file(shared("cases", "feeds", "15_gdelt_bad_escape.json"), None, (), NOW, "r")
    assert imported.harvest.entries["time_basis"].to_list() == ["crawl", "crawl"]
