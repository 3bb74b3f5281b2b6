"""A new headline recomputes attention and not the correlations of prices; a price recomputes those alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from analysis.together.attention.attention import measure_attention
from flows.context import RunContext
from flows.jobs.labelled_files import load_user_vocabulary
from flows.steps import correlations
from flows.steps.correlations import PARTS, read_coverage, update_correlations
from tests.builders import make_rows
from tests.flows.shipped import open_shipped
from warehouse.tables.attention import ATTENTION
from warehouse.tables.news import ENTRY, STORY, STORY_ENTRY
from warehouse.tables.ops import STEP_INPUT
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


def write_headlines(context, name, last):
    """A hundred headlines of one newspaper twelve hours apart, each a story of its own, every second of AI policy."""
    told = {"title": "AI", "outlet": "o", "outlet_kind": "press", "title_version": 1, "time_basis": "publisher"}
    kinds = {f"{name}-{number}": ("export_control_access", "not_relevant")[number % 2] for number in range(100)}
    at = {story: last - number * timedelta(hours=12) for number, story in enumerate(kinds)}
    entries = [told | {"entry_id": i, "published_at_utc": at[i], "first_seen_at_utc": at[i]} for i in kinds]
    stories = [{"story_id": i, "is_relevant": kind != "not_relevant", "category": kind} for i, kind in kinds.items()]
    context.warehouse.merge(ENTRY, make_rows(ENTRY, *entries))
    context.warehouse.merge(STORY, make_rows(STORY, *stories))
    context.warehouse.merge(STORY_ENTRY, make_rows(STORY_ENTRY, *({"story_id": i, "entry_id": i} for i in kinds)))


def count_stale(context):
    """Rows of attention that are not as they would be measured from nothing."""
    reader = context.warehouse
    anew = measure_attention(read_coverage(reader, load_user_vocabulary(context.settings.config_path)))
    stored = reader.frame(ATTENTION).select(anew.columns)
    return pl.concat([stored, anew]).unique(keep="none").height


def test_a_headline_takes_attention_and_nothing_of_prices_alone(measured, monkeypatch):
    write_headlines(measured, "s", AT)
    assert parts_taken(measured, monkeypatch) == ["attention"]


def test_attention_measured_from_the_changed_weeks_on_is_that_measured_from_nothing(measured):
    write_headlines(measured, "late", datetime(2026, 6, 28, 12, tzinfo=UTC))
    assert update_correlations(measured).n_changed > 0
    assert count_stale(measured) == 0


def test_another_program_over_the_same_headlines_keeps_their_attention(measured):
    before = measured.warehouse.frame(ATTENTION).sort(ATTENTION.key)
    assert before.height > 0
    is_program = "step = 'correlations:attention' and input = 'code'"
    assert measured.warehouse.replace_part(STEP_INPUT, STEP_INPUT.empty(), is_program) == 1
    update_correlations(measured)
    assert measured.warehouse.frame(ATTENTION).sort(ATTENTION.key).equals(before)
    assert count_stale(measured) == 0


def test_a_pass_that_stops_on_the_way_leaves_no_stale_attention(measured, monkeypatch):
    def stop(_material):
        raise KeyboardInterrupt

    write_headlines(measured, "gone", AT)
    attention = "correlations:attention"
    monkeypatch.setattr(correlations, "PARTS", {attention: PARTS[attention], "stop": stop})
    monkeypatch.setattr(correlations, "has_nothing_new", lambda _context, _part: False)
    with pytest.raises(KeyboardInterrupt):
        update_correlations(measured)
    monkeypatch.undo()
    assert count_stale(measured) == 0
    measured.warehouse.replace_part(ENTRY, ENTRY.empty(), "entry_id like 'gone-%'")
    measured.warehouse.replace_part(STORY_ENTRY, STORY_ENTRY.empty(), "story_id like 'gone-%'")
    assert count_stale(measured) > 0
    update_correlations(measured)
    assert count_stale(measured) == 0


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
