"""A step whose inputs are as they were is not taken, and every table that a step reads is one of its inputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from analysis.tape.observations import observed_markets
from flows import freshness, pipeline
from flows.context import RunContext, StepReport
from flows.freshness import Rows, has_nothing_new, inputs_of, remember_inputs
from flows.jobs.maintenance import forget_derived
from flows.pipeline import STEPS, load_step, run_pipeline
from flows.settings import Settings
from flows.steps import publish as publishing
from tests.builders import make_rows
from tests.flows.shipped import open_shipped
from warehouse.store import connection as store
from warehouse.store import upsert
from warehouse.store.candles import add_refusals, upsert_candles, withdraw_candles
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.attention import ATTENTION
from warehouse.tables.claims import CLAIM
from warehouse.tables.news import ENTRY, EVENT, FETCH
from warehouse.tables.ops import ASKED_SERIES, STEP_INPUT
from warehouse.tables.prices import CANDLE, MARKET, QUARANTINE
from warehouse.tables.studies import STUDY_RESULT

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TABLE = re.compile(r"\b(?:core|out|ops|raw)\.[a-z_]+")
# Read only to believe what was believed at an instant, which no step of a run asks for.
AS_OF_TABLES = {"core.candle_revision", "ops.run"}
# What a view is made of, as far as a run reads it.
VIEWS = {"core.coin_candle": {"core.candle", "core.market"}}


@pytest.fixture
def context(tmp_path: Path) -> Iterator[RunContext]:
    settings = Settings(tmp_path, None, True, 1, None, None)
    with open_writer(settings.warehouse_path, 1) as warehouse:
        yield RunContext(settings, warehouse, "run", NOW, lambda _line: None)


def make_candle(hour: int, close: float = 2.0, source_id: str = "exchange"):
    start = datetime(2026, 6, 1, tzinfo=UTC)
    return make_rows(
        CANDLE,
        {
            "market_id": "kraken:TAO/USD",
            "timeframe": "1h",
            "open_time_utc": start + timedelta(hours=hour),
            "open_quote": 2.0,
            "high_quote": max(2.0, close),
            "low_quote": min(2.0, close),
            "close_quote": close,
            "volume_base": 1.0,
            "source_id": source_id,
            "first_seen_at_utc": NOW,
            "run_id": "run",
            "is_revised": False,
        },
    )


def test_a_step_is_fresh_only_after_it_came_to_its_end(context):
    assert not has_nothing_new(context, "moves")
    remember_inputs(context, "moves")
    assert has_nothing_new(context, "moves")


def test_a_new_row_in_a_table_that_a_step_reads_wakes_that_step_and_no_other(context):
    for step in ("moves", "events"):
        remember_inputs(context, step)
    context.warehouse.merge(ENTRY, make_rows(ENTRY, {"entry_id": "one", "title": "AI"}))
    assert has_nothing_new(context, "moves")
    assert not has_nothing_new(context, "events")


@pytest.mark.parametrize(
    "write",
    [
        lambda warehouse: upsert_candles(warehouse, make_candle(3)),
        lambda warehouse: upsert_candles(warehouse, make_candle(1, 3.0)),
        lambda warehouse: withdraw_candles(warehouse, make_candle(1), QUARANTINE.empty()),
    ],
    ids=["new", "revised", "withdrawn"],
)
def test_every_way_to_change_candles_wakes_the_steps_that_read_them(context, write):
    upsert_candles(context.warehouse, make_candle(1))
    remember_inputs(context, "moves")
    write(context.warehouse)
    assert not has_nothing_new(context, "moves")


def test_a_refusal_changes_the_digest_of_the_quarantine(context):
    before = context.warehouse.digest(QUARANTINE)
    add_refusals(context.warehouse, make_rows(QUARANTINE, {"quarantine_id": "q"}))
    assert context.warehouse.digest(QUARANTINE) != before


def test_a_line_in_the_users_own_files_wakes_every_step(context):
    remember_inputs(context, "moves")
    folder = context.settings.config_path
    folder.mkdir()
    (folder / "tags.toml").write_text("# a word of mine\n")
    assert not has_nothing_new(context, "moves")


def test_other_code_wakes_every_step(context, monkeypatch):
    remember_inputs(context, "moves")
    monkeypatch.setattr(freshness, "hash_step", lambda _step: "another")
    assert not has_nothing_new(context, "moves")


def test_the_same_rows_written_again_wake_nobody(context):
    rows = make_rows(ENTRY, {"entry_id": "one", "title": "AI"})
    context.warehouse.merge(ENTRY, rows)
    remember_inputs(context, "events")
    context.warehouse.merge(ENTRY, rows)
    context.warehouse.replace(EVENT, EVENT.empty())
    assert has_nothing_new(context, "events")


def test_a_market_of_observed_prices_does_not_wake_events_that_candles_date(context):
    remember_inputs(context, "events")
    context.warehouse.merge(MARKET, observed_markets(["TAO"]))
    assert has_nothing_new(context, "events")
    listed = observed_markets(["FET"]).with_columns(kind=pl.lit("spot"))
    context.warehouse.merge(MARKET, listed)
    assert not has_nothing_new(context, "events")


def test_a_missing_published_file_is_published_again(context):
    context.settings.published_path.write_bytes(b"x")
    remember_inputs(context, "publish")
    assert has_nothing_new(context, "publish")
    context.settings.published_path.unlink()
    assert not has_nothing_new(context, "publish")


def test_attempts_at_sources_are_published_when_their_hour_is_over_and_a_failing_series_at_once(context):
    def attempt(minutes: int) -> None:
        at = NOW + timedelta(minutes=minutes)
        context.warehouse.merge(FETCH, make_rows(FETCH, {"source_id": "feed", "attempted_at_utc": at}))

    def asked(**changes: object) -> None:
        row = {"market_id": "okx:TAO/USDT", "timeframe": "1h", "outcome": "answered", "asked_until_utc": NOW, **changes}
        context.warehouse.merge(ASKED_SERIES, make_rows(ASKED_SERIES, row))

    context.settings.published_path.write_bytes(b"x")
    attempt(-90)
    asked()
    for step in ("checks", "publish"):
        remember_inputs(context, step)
    attempt(2)
    assert not has_nothing_new(context, "publish")  # the hour of the first attempt is over
    for step in ("checks", "publish"):
        remember_inputs(context, step)
    attempt(58)
    asked(asked_until_utc=NOW + timedelta(minutes=58), answered_at_utc=NOW + timedelta(minutes=58))
    assert has_nothing_new(context, "publish")
    assert has_nothing_new(context, "checks")
    asked(outcome="failed", detail="closed")
    assert not has_nothing_new(context, "publish")


def test_another_file_in_the_published_place_is_replaced(context):
    context.settings.published_path.write_bytes(b"x")
    remember_inputs(context, "publish")
    context.settings.published_path.write_bytes(b"xy")
    assert not has_nothing_new(context, "publish")


def test_a_step_with_a_problem_is_taken_again_and_names_it_again(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "STEPS", (("moves", "moves"),))
    monkeypatch.setattr(pipeline, "load_step", lambda _name: lambda _context: StepReport(0, "done", ("planted",)))
    settings = Settings(tmp_path, None, True, 1, None, None)
    for _ in range(2):
        outcome = run_pipeline(settings, NOW, say=lambda _line: None)
        assert outcome.source_problems == ["planted"]


def test_a_step_without_new_inputs_is_not_called_again(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(pipeline, "STEPS", (("moves", "moves"), ("news", "news")))
    monkeypatch.setattr(pipeline, "load_step", lambda name: lambda _c: called.append(name) or StepReport(0, "done"))
    for _ in range(2):
        run_pipeline(Settings(tmp_path, None, True, 1, None, None), NOW, say=lambda _line: None)
    # News asks the outside world and is always taken.
    assert called == ["moves", "news", "news"]


class Statements:
    """The tables that are read through frames and queries, and those that `merge` and `replace` are asked to hold."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read: list[str] = []
        self.written: list[str] = []
        monkeypatch.setattr(store, "fetch_frame", self._noting(store.fetch_frame, self.read))
        monkeypatch.setattr(upsert, "run_statement", self._noting(upsert.run_statement, self.written))

    def _noting(self, function: Callable[..., object], texts: list[str]) -> Callable[..., object]:
        def noted(connection: object, sql: str, *rest: object) -> object:
            texts.append(sql)
            return function(connection, sql, *rest)

        return noted

    def take(self) -> set[str]:
        """Tables read since the last call, without those the same step wrote."""
        read, written = (
            {table for sql in texts for line in sql.splitlines() if line[:2] != "--" for table in TABLE.findall(line)}
            for texts in (self.read, self.written)
        )
        self.read.clear()
        self.written.clear()
        for view in read & VIEWS.keys():
            read = read - {view} | VIEWS[view]
        return read - written


def test_every_step_reads_only_what_it_names(tmp_path, monkeypatch):
    """Otherwise a step would sleep while something it rests on has changed."""
    statements = Statements(monkeypatch)
    with open_shipped(tmp_path) as context:
        titles = ("Nvidia barred from selling chips to China", "US orders Anthropic to shut down Fable 5")
        known = {"published_at_utc": NOW - timedelta(days=1), "first_seen_at_utc": NOW, "time_basis": "publisher"}
        rows = [{"entry_id": title, "title": title, "outlet_kind": "regulator", **known} for title in titles]
        context.warehouse.merge(ENTRY, make_rows(ENTRY, *rows))
        monkeypatch.setattr(Warehouse, "held", Warehouse.frame)
        undeclared = {}
        for name, reference in STEPS:
            if name not in inputs_of() or name == "publish":
                continue
            statements.take()
            load_step(reference)(context)
            undeclared[name] = (
                statements.take()
                - {item.table.name if isinstance(item, Rows) else item.name for item in inputs_of()[name]}
                - AS_OF_TABLES
            )
    assert {name: found for name, found in undeclared.items() if found} == {}


def test_what_is_remembered_can_be_read_at_a_prompt(context):
    remember_inputs(context, "moves:latest")
    stored = context.warehouse.frame(STEP_INPUT, where="step = 'moves:latest'")
    assert set(stored["input"]) == {"code", "config", "core.candle", "core.market", "core.asset"}


def test_a_rebuild_forgets_what_was_worked_on(context):
    remember_inputs(context, "moves:latest")
    forget_derived(context.warehouse)
    assert not has_nothing_new(context, "moves")


def make_event(status: str, title: str = "Somebody said something"):
    at = datetime(2026, 6, 1, 3, tzinfo=UTC)
    return make_rows(
        EVENT,
        {
            "event_id": "2026-06-01-said",
            "title": title,
            "category": "outage",
            "best_at_utc": at,
            "earliest_at_utc": at,
            "latest_at_utc": at,
            "time_precision": "minute",
            "status": status,
        },
    )


def test_what_prices_did_around_events_follows_those_it_counts_and_what_it_reads_of_them(context: RunContext) -> None:
    part = "correlations:events"
    remember_inputs(context, part)
    passed_over = make_event("detected").with_columns(origin=pl.lit("detected"), relevance=pl.lit("low"))
    context.warehouse.merge(EVENT, passed_over)
    assert has_nothing_new(context, part)
    context.warehouse.merge(EVENT, make_event("confirmed"))
    assert not has_nothing_new(context, part)
    remember_inputs(context, part)
    context.warehouse.merge(EVENT, make_event("confirmed", "Somebody said it otherwise"))
    assert has_nothing_new(context, part)


def test_verdicts_follow_the_events_that_claims_name_alone(context: RunContext) -> None:
    context.warehouse.merge(CLAIM, make_rows(CLAIM, {"claim_id": "c", "event_id": "2026-06-01-said"}))
    remember_inputs(context, "claims")
    context.warehouse.merge(EVENT, make_event("detected").with_columns(event_id=pl.lit("2026-06-02-other")))
    context.warehouse.merge(STUDY_RESULT, make_rows(STUDY_RESULT, {"result_id": "r", "event_id": "2026-06-02-other"}))
    assert has_nothing_new(context, "claims")
    context.warehouse.merge(STUDY_RESULT, make_rows(STUDY_RESULT, {"result_id": "s", "event_id": "2026-06-01-said"}))
    assert not has_nothing_new(context, "claims")
    remember_inputs(context, "claims")
    context.warehouse.merge(EVENT, make_event("confirmed"))
    assert not has_nothing_new(context, "claims")


def test_a_publication_does_not_check_again_what_has_just_passed(context: RunContext, monkeypatch) -> None:
    asked: list[RunContext] = []
    monkeypatch.setattr(publishing, "update_checks", lambda context: asked.append(context))
    remember_inputs(context, "checks")
    publishing.publish_warehouse(context)
    assert asked == []
    context.warehouse.merge(EVENT, make_event("confirmed"))
    publishing.publish_warehouse(context)
    assert asked == [context]


def make_attention(hour: int, frequency: str = "hourly"):
    start = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=hour)
    return make_rows(
        ATTENTION,
        {
            "frequency": frequency,
            "kind": "all",
            "subject_id": "all",
            "start_utc": start,
            "n_headlines": 2,
            "expected_headlines": 1.0,
            "is_outcome": False,
        },
    )


def test_answers_of_markets_follow_attention_up_to_their_last_bar(context: RunContext) -> None:
    part = "correlations:responses"
    upsert_candles(context.warehouse, make_candle(5))
    remember_inputs(context, part)
    context.warehouse.merge(ATTENTION, make_attention(6))
    context.warehouse.merge(ATTENTION, make_attention(0, "daily"))
    assert has_nothing_new(context, part)
    context.warehouse.merge(ATTENTION, make_attention(5))
    assert not has_nothing_new(context, part)
    remember_inputs(context, part)
    upsert_candles(context.warehouse, make_candle(6))
    assert not has_nothing_new(context, part)
