"""A served day of disturbances ends where a day in peace does: the short form of `python -m tests.torture.soak`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.torture.counted import note
from tests.torture.soak import BAD, soak, verdict

pytestmark = [
    pytest.mark.slow,
    pytest.mark.prefect,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see which processes are left"),
]
# Those that no test of a single stop has; ends by its steps, not by the clock.
KINDS, MINUTES, SEED = ("Prefect's server killed", "disk full"), 0.0, 1


def test_a_disturbed_day_ends_with_the_warehouse_of_a_peaceful_one(tmp_path: Path) -> None:
    found = verdict(soak(MINUTES, SEED, KINDS, tmp_path))
    assert {kind: found[kind] for kind in KINDS} == dict.fromkeys(KINDS, 1)
    assert {name: found[name] for name in BAD if found[name]} == {}
    # A day in which nothing happened would prove nothing.
    assert int(str(found["events"])) >= 2
    assert int(str(found["told in peace"])) >= 3
    assert found["moves that waited for a headline"] == ["explained"]
    note("disturbances of a served day", len(KINDS), 0, 0)
