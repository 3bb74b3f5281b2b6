"""Prefect's automations are made once and kept up to date."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from flows.serve.automations import ENDS, apply_automations, planned_automations
from flows.settings import Settings, child_environment

PRICES = UUID(int=1)


class Client:
    """Keeps automations by name."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.updated: list[UUID] = []

    def read_automations_by_name(self, name: str) -> list[Any]:
        return [SimpleNamespace(id=UUID(int=9))] if name in self.kept else []

    def create_automation(self, automation: Any) -> None:
        self.kept[automation.name] = automation

    def update_automation(self, automation_id: UUID, _automation: Any) -> None:
        self.updated.append(automation_id)


def test_a_second_start_makes_no_second_automation() -> None:
    client = Client()
    names = apply_automations(client, PRICES)  # type: ignore[arg-type]
    assert apply_automations(client, PRICES) == names  # type: ignore[arg-type]
    assert sorted(client.kept) == sorted(names)
    assert len(client.updated) == len(names)


def test_a_hanging_run_is_cancelled_and_a_silence_asks_for_the_price_pass() -> None:
    hanging, silent = planned_automations(PRICES)
    assert hanging.trigger.expect == ENDS  # type: ignore[union-attr] # a run that ended in any way does not hang
    assert hanging.actions[0].type == "cancel-flow-run"
    assert silent.actions[0].deployment_id == PRICES  # type: ignore[union-attr]


def test_prefect_forgets_runs_within_days_and_what_happened_to_them_within_hours(tmp_path: Path) -> None:
    settings = Settings(tmp_path, None, True, 5.0, None, None)
    asked = (
        "from prefect.settings import get_current_settings as s; server = s().server;"
        "vacuum = server.services.db_vacuum;"
        "print('flow_runs' in vacuum.enabled_vacuum_types, vacuum.retention_period, server.events.retention_period)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asked],
        env=child_environment(settings, "http://127.0.0.1:1/api"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.strip() == "True 3 days, 0:00:00 3:00:00", answer.stderr[-500:]
