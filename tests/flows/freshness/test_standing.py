"""Events whose plans rest on what they did keep their rows unplanned; whatever else changes has them planned again."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from analysis.single import study as planning
from analysis.single.window.pair import EventTime
from flows.context import RunContext, StepReport
from flows.settings import Settings
from flows.steps.bundle import update_bundle
from flows.steps.models import MODELS_STUDY, update_model_studies
from flows.steps.studies import update_studies
from warehouse.store.connection import Warehouse, open_writer
from warehouse.tables.choice import MARKET_CHOICE
from warehouse.tables.contract import Table
from warehouse.tables.news import EVENT
from warehouse.tables.prices import CANDLE
from warehouse.tables.single import SPECIFICATION_SUMMARY
from warehouse.tables.studies import EXCLUSION, STUDY_PATH, STUDY_RESULT

EPISODE = "2026-06-12-fable-mythos-access-restriction"
ORDER = "2026-06-02-ai-model-review-order-signed"
EARLY = "2026-02-16-upbit-lists-tao"  # before the first bar: left out with reasons
ROWS = "event_id = $event"
Step = Callable[[RunContext], StepReport]
Planned = Callable[..., set[str]]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    """Two events measured and fitted, and one that cannot be."""
    home = tmp_path_factory.mktemp("home")
    with open_writer(home / "warehouse.duckdb", 5.0) as warehouse:
        settings = Settings(home, None, True, 5.0, None, None)
        context = RunContext(settings, warehouse, "run", datetime(2026, 7, 2, tzinfo=UTC), lambda _line: None)
        update_bundle(context)
        wanted = warehouse.frame(EVENT).filter(pl.col("event_id").is_in([EPISODE, ORDER, EARLY]))
        warehouse.replace(EVENT, wanted)
        update_studies(context)
        update_model_studies(context)
        yield context


@pytest.fixture
def planned(context: RunContext, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planned]:
    """Takes the steps and tells which events were planned; afterwards the record is as it was, and measured so."""
    tables = (EVENT, CANDLE, STUDY_RESULT, EXCLUSION, MARKET_CHOICE, SPECIFICATION_SUMMARY)
    before = {table: context.warehouse.frame(table) for table in tables}
    choose, seen = planning.choose_pair, set[str]()

    def noted(specification: object, event: EventTime, *others: object) -> object:
        seen.add(event.event_id)
        return choose(specification, event, *others)  # type: ignore[arg-type] # as it was called

    def take(*steps: Step) -> set[str]:
        seen.clear()
        for step in steps or (update_studies, update_model_studies):
            step(context)
        return set(seen)

    monkeypatch.setattr(planning, "choose_pair", noted)
    yield take
    for table, rows in before.items():
        context.warehouse.replace(table, rows)
    take()


def test_nothing_new_plans_no_event(planned: Planned) -> None:
    assert planned() == set()


@pytest.mark.parametrize(
    ("table", "event"),
    [(STUDY_RESULT, ORDER), (MARKET_CHOICE, EPISODE), (EXCLUSION, EARLY), (SPECIFICATION_SUMMARY, EPISODE)],
)
def test_rows_of_a_study_that_are_gone_come_back(
    context: RunContext, planned: Planned, table: Table, event: str
) -> None:
    before = context.warehouse.frame(table).sort(table.key)
    assert context.warehouse.replace_part(table, table.empty(), ROWS, event=event) > 0
    assert event in planned()
    assert planned() == set()
    assert context.warehouse.frame(table).sort(table.key).equals(before)


def test_rows_of_the_models_that_are_gone_or_other_come_back(context: RunContext, planned: Planned) -> None:
    before = context.warehouse.frame(STUDY_RESULT).sort(STUDY_RESULT.key)
    own = before.filter(study_id=MODELS_STUDY, event_id=EPISODE)
    context.warehouse.merge(STUDY_RESULT, own.head(1).with_columns(spec_sha256=pl.lit("other")))
    assert planned() == {EPISODE}
    assert context.warehouse.frame(STUDY_RESULT).sort(STUDY_RESULT.key).equals(before)


def test_a_pass_that_dies_on_a_false_price_leaves_nothing_of_it_once_the_price_is_right(
    context: RunContext, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 6, 12, 20, tzinfo=UTC)
    right = context.warehouse.frame(CANDLE, where="open_time_utc = $at", at=at)
    paths = context.warehouse.frame(STUDY_PATH).sort(STUDY_PATH.key)
    replace_part = Warehouse.replace_part

    def die_at_results(self: Warehouse, table: Table, *others: object, **parameters: object) -> int:
        if table is STUDY_RESULT and "event_ids" in parameters:
            raise KeyboardInterrupt
        return replace_part(self, table, *others, **parameters)  # type: ignore[arg-type] # as it was called

    move_price(context, at)
    with monkeypatch.context() as dying:
        dying.setattr(Warehouse, "replace_part", die_at_results)
        with pytest.raises(KeyboardInterrupt):
            update_studies(context)
    assert not context.warehouse.frame(STUDY_PATH).sort(STUDY_PATH.key).equals(paths)
    context.warehouse.merge(CANDLE, right)
    planned(update_studies)
    assert context.warehouse.frame(STUDY_PATH).sort(STUDY_PATH.key).equals(paths)


def move_price(context: RunContext, at: datetime) -> None:
    bars = context.warehouse.frame(CANDLE, where="open_time_utc = $at", at=at)
    assert bars.height > 1
    close = pl.col("close_quote") * 1.001
    high = pl.max_horizontal("high_quote", close)
    context.warehouse.merge(CANDLE, bars.with_columns(close_quote=close, high_quote=high))


@pytest.mark.parametrize(
    ("at", "events"),
    [
        (datetime(2026, 6, 1, tzinfo=UTC), {EPISODE, ORDER}),
        (datetime(2026, 6, 12, 20, tzinfo=UTC), {EPISODE}),
        (datetime(2026, 6, 24, tzinfo=UTC), set()),
    ],
)
def test_a_price_has_the_events_that_see_it_planned_again(
    context: RunContext, planned: Planned, at: datetime, events: set[str]
) -> None:
    move_price(context, at)
    assert planned(update_studies) == events
    assert planned(update_model_studies) >= {EPISODE, ORDER}  # benchmarks are made of every price


def test_an_event_that_comes_has_those_after_it_planned_again(context: RunContext, planned: Planned) -> None:
    order = context.warehouse.frame(EVENT, where=ROWS, event=ORDER)
    moved = pl.col("earliest_at_utc", "best_at_utc", "latest_at_utc") + timedelta(days=2)
    context.warehouse.merge(EVENT, order.with_columns(moved, event_id=pl.lit("between")))
    assert planned() == {"between", ORDER, EPISODE}
