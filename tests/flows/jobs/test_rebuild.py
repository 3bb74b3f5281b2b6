"""`aftershock rebuild` empties what is derived and finds it again, to the bit; what nothing can derive stays."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.jobs.ledger import record_decisions
from flows.pipeline import run_pipeline
from flows.settings import Settings
from tests.builders import make_rows
from tests.command_parameters import all_parameters
from warehouse.store.connection import open_writer
from warehouse.tables.catalog import load_tables
from warehouse.tables.claims import CLAIM_HISTORY
from warehouse.tables.news import EVENT_REVISION
from warehouse.tables.prices import CANDLE_FLOW, LISTING, QUOTED_BAR
from warehouse.tables.size import TEST_SIZE

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SINGLE_ROWS = (CANDLE_FLOW, LISTING, QUOTED_BAR, EVENT_REVISION, TEST_SIZE)
# Which run wrote a row, and what the last publication changed.
OF_THE_RUN = ("run_id",)
NOT_DERIVED = ("out.changed",)

Frames = dict[str, pl.DataFrame]


def read_everything(settings: Settings) -> Frames:
    """Every table of core and out, sorted by key."""
    with open_writer(settings.warehouse_path, 5.0) as warehouse:
        return {
            name: warehouse.frame(table, order_by=", ".join(table.key)).drop(OF_THE_RUN, strict=False)
            for name, table in load_tables().items()
            if name.split(".")[0] in ("core", "out") and name not in NOT_DERIVED
        }


@pytest.mark.slow  # two runs over the record
def test_rebuild_gives_every_table_of_core_and_out_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(tmp_path, None, True, 5.0, None, None)
    record_decisions(settings.config_path, {"2026-06-13-sacks-responds": {"note": "a remark"}})
    with open_writer(settings.warehouse_path, 5.0) as warehouse:
        for table in SINGLE_ROWS:
            warehouse.merge(table, make_rows(table, {}))
    run_pipeline(settings, NOW, say=lambda _line: None)
    before = read_everything(settings)
    assert all(before[table.name].height for table in (*SINGLE_ROWS, CLAIM_HISTORY))
    assert sum(1 for frame in before.values() if frame.height) > 30

    all_parameters()  # registers the commands
    monkeypatch.setenv("AFTERSHOCK_HOME", str(tmp_path))
    assert CliRunner().invoke(app, ["rebuild"]).exit_code == 0
    after = read_everything(settings)
    assert [name for name, frame in before.items() if not frame.equals(after[name])] == []
