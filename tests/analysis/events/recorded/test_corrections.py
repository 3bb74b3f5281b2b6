"""A correction in the Federal Register stands with the event of the document that it mends."""

from datetime import date

import polars as pl

from analysis.events.recorded.corrections import attach_corrections
from tests.analysis.events.headline_frames import instant
from tests.analysis.events.recorded.test_merging import make_event, make_events, make_sources
from tests.builders import make_rows
from warehouse.tables.news import EVENT_SOURCE, REGISTER_DOCUMENT

ORDER = "https://www.federalregister.gov/documents/2025/01/31/2025-02172/removing-barriers"
MENDED = "https://www.federalregister.gov/documents/2025/02/10/C1-2025-02172/removing-barriers-correction"


def make_document(number: str, corrects: str | None, url: str) -> dict[str, object]:
    known = {"document_number": number, "corrects_document_number": corrects, "url": url, "title": f"Order {number}"}
    return known | {"published_on": date(2025, 2, 10), "first_seen_at_utc": instant("2025-02-10T13:00:00Z")}


DOCUMENTS = make_rows(
    REGISTER_DOCUMENT,
    make_document("2025-02172", None, ORDER),
    make_document("C1-2025-02172", "2025-02172", MENDED),
    make_document("C1-2025-09999", "2025-09999", "https://www.federalregister.gov/d/C1-2025-09999"),
)


def make_evidence(event_id: str, url: str, number: int = 1, role: str = "first_report") -> pl.DataFrame:
    row = make_sources((event_id, number, "Federal Register", "2025-01-31T13:45:00Z", role))
    return EVENT_SOURCE.conform(row.with_columns(url=pl.lit(url)))


EVENTS = make_events(make_event("order", "2025-01-31T13:45:00Z"))


def test_a_correction_joins_the_evidence_of_what_it_corrects():
    events, sources = attach_corrections(EVENTS, make_evidence("order", ORDER), DOCUMENTS)
    assert events.equals(EVENTS)
    assert sources.select("event_id", "source_number", "role", "title", "url", "time_basis").rows() == [
        ("order", 1, "first_report", "Federal Register", ORDER, "publisher"),
        ("order", 2, "correction", "Order C1-2025-02172", MENDED, "date_only"),
    ]
    assert sources["published_at_utc"][1] == instant("2025-02-10T00:00:00Z")


def test_a_correction_that_was_detected_is_no_event_of_its_own():
    both = make_events(make_event("order", "2025-01-31T13:45:00Z"), make_event("mend", "2025-02-10T13:45:00Z"))
    evidence = pl.concat([make_evidence("order", ORDER), make_evidence("mend", MENDED)])
    events, sources = attach_corrections(both, evidence, DOCUMENTS)
    assert events["event_id"].to_list() == ["order"]
    assert sources.select("event_id", "role", "url").rows() == [
        ("order", "first_report", ORDER),
        ("order", "correction", MENDED),
    ]


def test_an_event_that_also_tells_something_else_stays_one_and_the_order_has_it_too():
    both = make_events(make_event("order", "2025-01-31T13:45:00Z"), make_event("other", "2025-02-10T13:45:00Z"))
    evidence = pl.concat(
        [
            make_evidence("order", ORDER),
            make_evidence("other", MENDED),
            make_evidence("other", "https://a.example/act", number=2),
        ]
    )
    events, sources = attach_corrections(both, evidence, DOCUMENTS)
    assert events["event_id"].to_list() == ["order", "other"]
    assert sources.filter(pl.col("event_id") == "other")["role"].to_list() == ["correction", "first_report"]
    assert sources.filter(pl.col("event_id") == "order")["role"].to_list() == ["first_report", "correction"]


def test_without_corrections_nothing_changes():
    evidence = make_evidence("order", ORDER)
    events, sources = attach_corrections(EVENTS, evidence, DOCUMENTS.head(1))
    assert events.equals(EVENTS)
    assert sources.equals(evidence)
