"""What a run says of its steps at its end."""

import io

import pytest
from rich.console import Console

from flows.context import StepReport
from flows.pipeline import RunOutcome, StepOutcome
from flows.summary import _print_steps


@pytest.mark.parametrize(
    ("n_changed", "notes", "expected"),
    [
        (0, (), ["Nothing changed since the last run."]),
        (2, (), ["studies: two events"]),
        (0, ("one did the rest",), ["studies: two events", "Nothing changed since the last run."]),
    ],
)
def test_a_note_is_told_when_nothing_changed_too(n_changed: int, notes: tuple[str, ...], expected: list[str]) -> None:
    said = io.StringIO()
    step = StepOutcome("studies", StepReport(n_changed, "two events", notes=notes), 1.0)
    _print_steps(Console(file=said, width=80), RunOutcome("run", (step,)))
    assert said.getvalue().split("\n")[1:-2] == expected
