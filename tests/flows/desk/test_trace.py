"""Which names and origins of numbers `trace` follows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.desk.trace import trace_back
from flows.errors import CommandError
from tests.builders import make_rows
from warehouse.store.connection import open_writer
from warehouse.store.publish import publish
from warehouse.tables.claims import CLAIM_READING, CLAIM_VERDICT
from warehouse.tables.news import EVENT
from warehouse.tables.studies import STUDY_RESULT

AT = datetime(2026, 6, 12, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    with open_writer(tmp_path / "warehouse.duckdb", 1) as warehouse:
        warehouse.merge(EVENT, make_rows(EVENT, {"event_id": "e", "title": "A law", "best_at_utc": AT}))
        warehouse.merge(CLAIM_VERDICT, make_rows(CLAIM_VERDICT, {"claim_id": "c & d", "timeframe": "1h"}))
        readings = [{"claim_id": "c & d", "reading_id": name, "market_id": "a:B/C"} for name in ("literal", "peak")]
        warehouse.merge(CLAIM_READING, make_rows(CLAIM_READING, *readings))
        result = {"study_id": "reaction", "statistic": "car", "window_end_hours": 2.0, "group_id": "category:law"}
        warehouse.merge(STUDY_RESULT, make_rows(STUDY_RESULT, result | {"result_id": "r"}))
        publish(warehouse, tmp_path / "warehouse.duckdb", tmp_path / "aftershock.duckdb")


@pytest.mark.parametrize(
    ("origin", "whats"),
    [
        ("out.claim_verdict|claim_id=c %26 d|abnormal_return", ["literal", "peak"]),
        ("out.claim_reading|claim_id=c %26 d&amp;reading_id=peak|value", ["peak"]),
        ("out.study_result|result_id=r|n", ["car"]),
        ("out.study_result|r|n", ["car"]),
        ("out.study_result|group_id=category:law&window_end_hours=2.0|estimate", ["car"]),
    ],
)
def test_the_origin_of_a_number_leads_where_its_id_leads(origin: str, whats: list[str]) -> None:
    assert trace_back(origin)["what"].to_list() == whats


def test_the_origin_of_an_events_number_leads_to_its_documents() -> None:
    assert trace_back("core.event|event_id=e|severity")["subject"].to_list() == ["A law"]


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("out.earlier_day|study_id=s&event_id=e&asset_id=TAO|n_days", "select n_days from out.earlier_day where"),
        ("out.study_result|zz=1|n", "names no single result"),
        ("core.event|category=law|count(*)", r"select count\(\*\) from core.event"),
        ("query:nothing|a=b|c", "no origin of a number"),
        ("x|y", "no origin of a number"),
        ("out.study_result|result_id=other|n", "no event, claim or result"),
    ],
)
def test_a_number_that_cannot_be_followed_says_what_can(origin: str, said: str) -> None:
    with pytest.raises(CommandError, match=said) as fault:
        trace_back(origin)
    assert "result_id=" in str(fault.value)


def test_an_unknown_id_is_told_the_nearest_and_where_all_are() -> None:
    with pytest.raises(CommandError, match=r"nearest: c & d; see: aftershock events list, aftershock claims list"):
        trace_back("C &")
