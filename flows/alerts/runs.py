"""Telling of runs that failed, crashed or did not come, from outside of a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flows.alerts.delivery import deliver
from flows.alerts.noticing import Newsworthy, note
from flows.alerts.rules import load_rules
from flows.serve.last_run import read_last_run
from flows.settings import Settings
from warehouse.store.connection import open_writer
from warehouse.store.errors import BusyError
from warehouse.tables.units import iso_minute


def tell_of_run(settings: Settings, now: datetime, name: str, title: str, words: str) -> int:
    """Note and send that something is wrong with a run; returns how many were sent. Quiet without a rule for runs."""
    rules = [rule for rule in load_rules(settings.config_path) if "run" in rule.kinds]
    if not rules:
        return 0
    found = Newsworthy("run", name, title, f"{words}. See schedules.log and aftershock doctor.", "health.html")
    with open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        note(warehouse, rules, found, now)
        return deliver(warehouse, rules, now, settings.site_path).n_sent


def tell_of_silence(settings: Settings, now: datetime, longest: timedelta) -> bool:
    """Tell once that no run has ended for longer than `longest`; whether it was so. A run that writes is waited for."""
    last = read_last_run(settings.home)
    if last is None or now - datetime.fromisoformat(last.at_utc) <= longest:
        return False
    try:
        title = f"No run has ended since {iso_minute(datetime.fromisoformat(last.at_utc))} UTC"
        tell_of_run(settings, now, f"after {last.run_id}", title, f"The last one was {last.run_id}: {last.outcome}")
    except BusyError:
        return False
    return True


def watch_runs(settings: Settings, longest: timedelta) -> bool:
    """`tell_of_silence` by the clock."""
    return tell_of_silence(settings, datetime.now(UTC), longest)
