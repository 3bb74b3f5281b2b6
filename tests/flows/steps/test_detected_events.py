"""A detected event that a second clock dates gets everything that an event of the ledger gets."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from flows.context import RunContext
from flows.jobs.labelled_files import load_user_vocabulary
from flows.steps.correlations import Material, measure_event_part
from flows.steps.models import MODELS_STUDY, update_model_studies
from flows.steps.studies import update_studies
from tests.flows.shipped import open_shipped
from warehouse.store.connection import Warehouse
from warehouse.tables.contract import UTC as UTC_TYPE
from warehouse.tables.news import EVENT
from warehouse.tables.single import (
    COUNTERFACTUAL,
    JUMP,
    REACTION_TIME,
    SPECIFICATION,
    SPECIFICATION_SUMMARY,
    TIMING_BAND,
)
from warehouse.tables.studies import STUDY_PATH, STUDY_RESULT

LEDGER = "2026-06-12-fable-mythos-access-restriction"
FIRM, FAINT, CONFIRMED, UPPER = "firm", "faint", "confirmed", "upper-bound"
TOKENS_ONLY = """
[[study]]
id = "reaction"
asset_ids = ["TAO", "BTC", "ETH"]
specification_asset_ids = ["TAO"]
"""
pytestmark = pytest.mark.slow  # five events on three tokens under every method
# What every event gets, and what only events do that take every method.
WINDOWS = (STUDY_PATH, REACTION_TIME, JUMP)
METHODS = (COUNTERFACTUAL, SPECIFICATION, SPECIFICATION_SUMMARY, TIMING_BAND)


def detect(ledger: pl.DataFrame, event_id: str, days: int, **values: str) -> pl.DataFrame:
    """The same event as detection would tell it, so many days before."""
    before = [
        (pl.col(f"{end}_at_utc") - timedelta(days=days)).cast(UTC_TYPE).alias(f"{end}_at_utc")
        for end in ("earliest", "best", "latest")
    ]
    told = {"event_id": event_id, "origin": "detected", "status": "detected", "relevance": "high"} | values
    return ledger.with_columns(*before, **{name: pl.lit(value) for name, value in told.items()})


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    home: Path = tmp_path_factory.mktemp("home")
    (home / "config").mkdir()
    (home / "config" / "studies.toml").write_text(TOKENS_ONLY)
    with open_shipped(home) as run:
        ledger = run.warehouse.frame(EVENT, where="event_id = $event", event=LEDGER)
        others = (
            detect(ledger, FIRM, 3),
            detect(ledger, FAINT, 4, relevance="low"),
            detect(ledger, UPPER, 5, time_precision="upper_bound"),
            detect(ledger, CONFIRMED, 6, relevance="low", status="confirmed"),
        )
        run.warehouse.replace(EVENT, pl.concat([ledger, *others]))
        update_studies(run)
        update_model_studies(run)
        yield run


def statistics(warehouse: Warehouse, event_id: str, study_id: str = "reaction") -> set[str]:
    where = "event_id = $event and study_id = $study"
    return set(warehouse.frame(STUDY_RESULT, where=where, event=event_id, study=study_id)["statistic"])


def test_a_firm_event_gets_every_statistic_of_the_ledgers(context: RunContext) -> None:
    assert statistics(context.warehouse, FIRM) == statistics(context.warehouse, LEDGER)
    assert statistics(context.warehouse, FAINT) < statistics(context.warehouse, LEDGER)


@pytest.mark.parametrize("table", [*WINDOWS, *METHODS], ids=lambda table: table.name)
def test_a_firm_event_is_in_every_table_of_single_events(context: RunContext, table) -> None:
    found = set(context.warehouse.frame(table)["event_id"])
    everyone = {LEDGER, FIRM, FAINT, UPPER, CONFIRMED}
    assert found == (everyone if table in WINDOWS else {LEDGER, FIRM, CONFIRMED})


def test_a_firm_event_is_measured_under_every_model(context: RunContext) -> None:
    assert statistics(context.warehouse, FIRM, MODELS_STUDY) == statistics(context.warehouse, LEDGER, MODELS_STUDY)
    assert statistics(context.warehouse, CONFIRMED, MODELS_STUDY)
    assert not statistics(context.warehouse, FAINT, MODELS_STUDY)
    assert not statistics(context.warehouse, UPPER, MODELS_STUDY)


def test_correlations_are_compared_around_a_firm_event(context: RunContext) -> None:
    material = Material(context.warehouse, load_user_vocabulary(context.settings.config_path))
    (_, _, around), _ = measure_event_part(material)
    assert set(around["event_id"]) == {LEDGER, FIRM, CONFIRMED}
