"""A run over the shipped record, for tests of the steps that follow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.context import RunContext
from flows.settings import load_settings
from flows.steps.bundle import update_bundle
from flows.steps.prices import update_prices
from warehouse.store.connection import open_writer


@contextmanager
def open_shipped(home: Path) -> Iterator[RunContext]:
    """An offline run in `home` with the shipped candles, events, registry and coverage loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSHOCK_HOME", str(home))
        patch.setenv("AFTERSHOCK_OFFLINE", "1")
        settings = load_settings()
        with open_writer(settings.warehouse_path, 5) as warehouse:
            run = RunContext(settings, warehouse, "run", datetime(2026, 11, 22, tzinfo=UTC), lambda _line: None)
            update_bundle(run)
            update_prices(run)
            yield run
