"""One run of a schedule at a time."""

import os
from pathlib import Path

import pytest

from flows.errors import EXIT_BUSY, CommandError
from flows.serve.turns import runs_that_died, runs_under_way, serve_alone, take_turn, wait_until_idle


def test_a_turn_is_refused_while_it_is_held_and_told_when_its_holder_died(tmp_path: Path) -> None:
    with take_turn(tmp_path, "prices", "first") as is_ours, take_turn(tmp_path, "prices", "second") as is_too:
        assert (is_ours, is_too) == (True, False)
        assert runs_under_way(tmp_path) == {"first"}
        assert runs_that_died(tmp_path) == set()
    assert runs_under_way(tmp_path) == set()
    (tmp_path / "schedules" / "news.run").write_text("gone")
    assert runs_that_died(tmp_path) == {"gone"}
    assert runs_that_died(tmp_path) == set()


def test_waiting_for_idle_ends_with_no_when_a_run_goes_on(tmp_path: Path) -> None:
    assert wait_until_idle(tmp_path, 0.0)
    with take_turn(tmp_path, "daily", "long"):
        assert not wait_until_idle(tmp_path, 0.3)
    assert wait_until_idle(tmp_path, 0.0)


def test_a_home_is_served_by_one_process_at_a_time(tmp_path: Path) -> None:
    with serve_alone(tmp_path):
        with (
            pytest.raises(CommandError, match=f"served already .process {os.getpid()}") as refused,
            serve_alone(tmp_path),
        ):
            pass
        assert refused.value.exit_code == EXIT_BUSY
        with serve_alone(tmp_path / "another"):
            pass
    with serve_alone(tmp_path):
        pass
