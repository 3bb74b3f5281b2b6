"""A page says that its numbers may still change, and only then."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboards.findings.readings import Horizon, Reaction
from dashboards.findings.standing import has_open_window

AT = datetime(2026, 6, 13, tzinfo=UTC)
EMPTY = Horizon(
    **{name: None for name in Horizon.__dataclass_fields__ if name not in ("hours", "conventions")},
    hours=1.0,
    conventions="",
)


def make_reaction(record_hours: float, returns: dict[float, float | None]) -> Reaction:
    horizons = {hours: replace(EMPTY, hours=hours, raw_return=value) for hours, value in returns.items()}
    return Reaction("e", "m", "TAO", horizons, "x", AT + timedelta(hours=record_hours))


@pytest.mark.parametrize(
    ("record_hours", "returns", "expected"),
    [
        (30, {24.0: 0.1, 168.0: None}, True),  # a week is not over
        (200, {24.0: 0.1, 168.0: 0.2}, False),  # all windows are measured
        (200, {24.0: 0.1, 168.0: None}, False),  # a hole in the record, which no waiting fills
        (167, {24.0: 0.1, 168.0: 0.2}, False),  # bars of four hours: the window's last one closed before its end
    ],
)
def test_a_window_that_the_record_does_not_reach_is_open(
    record_hours: float, returns: dict[float, float | None], expected: bool
) -> None:
    assert has_open_window(make_reaction(record_hours, returns), AT) is expected
