"""A day of every disturbance ends where a day in peace does: the short form of `python -m tests.torture.soak`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.counted import note
from tests.torture.soak import KINDS, soak, verdict

pytestmark = pytest.mark.slow
# Ends by its steps, not by the clock.
MINUTES, SEED = 60.0, 1


def test_a_disturbed_day_ends_with_the_warehouse_of_a_peaceful_one(tmp_path: Path) -> None:
    run = soak(MINUTES, SEED, len(KINDS), tmp_path)
    found = verdict(run)
    assert {kind: found[kind] for kind in KINDS} == dict.fromkeys(KINDS, 1)
    assert found["passes that went wrong"] == []
    assert found["tables that differ"] == {}
    assert (found["told twice"], found["not told"]) == (0, 0)
    # A day in which nothing happened would prove nothing.
    assert int(str(found["events"])) >= 2
    assert int(str(found["told in peace"])) >= 3
    assert found["moves that waited for a headline"] == ["explained"]
    note("disturbances of accelerated days", len(KINDS), 0, 0)
