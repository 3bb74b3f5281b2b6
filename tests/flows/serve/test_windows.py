"""A fresh event is measured again at the instants at which its windows complete."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import polars as pl

from flows.pipeline import PRICE_STEPS, STEPS
from flows.serve.windows import SETTLE, schedule_windows, windows_ahead
from warehouse.tables.contract import UTC as UTC_TYPE

NOW = datetime(2026, 6, 13, 2, tzinfo=UTC)
WINDOWS = (1.0, 4.0, 12.0, 24.0, 72.0, 168.0)
DEPLOYMENT = UUID(int=7)


def make_events(*rows: tuple[str, datetime, str]) -> pl.DataFrame:
    schema = {"event_id": pl.String, "best_at_utc": UTC_TYPE, "status": pl.String, "category": pl.String}
    return pl.DataFrame([(*row, "outage") for row in rows], schema=schema, orient="row")


class Client:
    """Keeps what was asked of Prefect."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def create_flow_run_from_deployment(self, deployment_id: UUID, **asked: Any) -> None:
        assert deployment_id == DEPLOYMENT
        self.asked.append(asked)


def test_the_windows_that_lie_ahead_are_due_when_their_last_bar_has_settled() -> None:
    events = make_events(("fresh", NOW - timedelta(hours=2), "detected"))
    ends = windows_ahead(events, WINDOWS, NOW)
    assert [end.hours for end in ends] == [4.0, 12.0, 24.0, 72.0, 168.0]
    assert ends[0].due_at_utc == NOW + timedelta(hours=2) + SETTLE


def test_a_window_that_is_due_at_this_instant_is_not_ahead_and_an_event_of_this_instant_is_known() -> None:
    events = make_events(("due", NOW - timedelta(hours=168) - SETTLE, "detected"), ("now", NOW, "detected"))
    assert {end.event_id for end in windows_ahead(events, WINDOWS, NOW)} == {"now"}


def test_old_rejected_and_future_events_have_no_windows_ahead() -> None:
    events = make_events(
        ("old", NOW - timedelta(days=8), "confirmed"),
        ("rejected", NOW, "rejected"),
        ("future", NOW + timedelta(hours=1), "confirmed"),
    )
    assert windows_ahead(events, WINDOWS, NOW) == []


def test_the_same_window_has_the_same_key_and_a_retimed_event_another() -> None:
    first = windows_ahead(make_events(("fresh", NOW, "detected")), WINDOWS, NOW)
    again = windows_ahead(make_events(("fresh", NOW, "confirmed")), WINDOWS, NOW + timedelta(minutes=30))
    moved = windows_ahead(make_events(("fresh", NOW - timedelta(minutes=9), "detected")), WINDOWS, NOW)
    assert [end.key for end in first] == [end.key for end in again]
    assert not {end.key for end in first} & {end.key for end in moved}


def test_each_window_is_one_scheduled_price_pass_with_a_name_and_tags() -> None:
    client = Client()
    ends = windows_ahead(make_events(("fresh", NOW, "detected")), (1.0, 24.0), NOW)
    assert schedule_windows(client, DEPLOYMENT, ends) == 2  # type: ignore[arg-type]
    first, second = client.asked
    assert first["state"].state_details.scheduled_time == NOW + timedelta(hours=1) + SETTLE
    assert first["parameters"] == {"steps": list(PRICE_STEPS)}
    assert (first["name"], first["tags"]) == ("fresh 1 h complete", ["aftershock", "window", "outage"])
    assert first["idempotency_key"] != second["idempotency_key"]


def test_the_steps_to_choose_from_are_those_of_a_pass() -> None:
    from flows.serve.deployments import StepName

    assert get_args(StepName) == tuple(name for name, _ in STEPS)
