"""A new headline recomputes attention and not the correlations of prices; a price recomputes those alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows.context import RunContext
from flows.steps import correlations
from flows.steps.correlations import PARTS, update_correlations
from tests.builders import make_rows
from tests.flows.shipped import open_shipped
from warehouse.tables.attention import ATTENTION
from warehouse.tables.news import ENTRY, STORY, STORY_ENTRY
from warehouse.tables.prices import OBSERVATION

AT = datetime(2026, 6, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    with open_shipped(tmp_path_factory.mktemp("parts")) as context:
        update_correlations(context)
        yield context


def parts_taken(context: RunContext, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    taken: list[str] = []

    def noting(name, measure):
        return lambda material: taken.append(name) or measure(material)

    monkeypatch.setattr(correlations, "PARTS", {name: noting(name, measure) for name, measure in PARTS.items()})
    update_correlations(context)
    return [name.removeprefix("correlations:") for name in taken]


def test_nothing_new_takes_no_part(measured, monkeypatch):
    assert parts_taken(measured, monkeypatch) == []


def test_a_headline_takes_attention_and_nothing_of_prices_alone(measured, monkeypatch):
    at = {"published_at_utc": AT, "first_seen_at_utc": AT, "time_basis": "publisher"}
    ids = [f"entry-{number}" for number in range(100)]
    rows = [{"entry_id": name, "title": "AI", "outlet": name, "title_version": 1, **at} for name in ids]
    story = {"story_id": "s", "is_relevant": True, "category": "export_control_access", "first_public_at_utc": AT}
    measured.warehouse.merge(ENTRY, make_rows(ENTRY, *rows))
    measured.warehouse.merge(STORY, make_rows(STORY, story))
    measured.warehouse.merge(STORY_ENTRY, make_rows(STORY_ENTRY, *({"story_id": "s", "entry_id": n} for n in ids)))
    assert parts_taken(measured, monkeypatch) == ["attention"]


def make_attention(start):
    return make_rows(ATTENTION, {"frequency": "hourly", "kind": "all", "subject_id": "mine", "start_utc": start})


def test_attention_after_the_last_bar_takes_nothing(measured, monkeypatch):
    measured.warehouse.merge(ATTENTION, make_attention(datetime(2027, 1, 1, tzinfo=UTC)))
    assert parts_taken(measured, monkeypatch) == []


def test_other_attention_takes_what_prices_did_after_it(measured, monkeypatch):
    measured.warehouse.merge(ATTENTION, make_attention(AT))
    assert parts_taken(measured, monkeypatch) == ["responses"]


def test_a_price_takes_what_rests_on_prices_alone(measured, monkeypatch):
    row = {"source_id": "x", "asset_id": "TAO", "observed_at_utc": AT, "price_quote": 300.0}
    measured.warehouse.merge(OBSERVATION, make_rows(OBSERVATION, row))
    assert parts_taken(measured, monkeypatch) == ["prices"]
