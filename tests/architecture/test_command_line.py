"""`aftershock --help` is light, complete and ends with an example."""

import resource
import subprocess
import sys

import pytest
import typer

from flows.cli import app, register_commands

HEAVY = {
    "polars",
    "duckdb",
    "prefect",
    "statsmodels",
    "ccxt",
    "plotly",
    "scipy",
    "numpy",
    "pandas",
    "httpx",
    "numba",
}
# Processor time, which another program on the machine does not lengthen.
HELP_SECONDS = 0.4


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_help_imports_no_heavy_library() -> None:
    code = "import sys; from flows.cli import app, register_commands; register_commands(); import typer.main; "
    code += "typer.main.get_command(app); print(' '.join({m.split('.')[0] for m in sys.modules}))"
    assert HEAVY.isdisjoint(run_python(code).split())


def test_help_is_quick() -> None:
    code = "import sys; sys.argv = ['aftershock', '--help']; from flows.cli import main; main()"
    durations = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run_python(code)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        durations.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(durations) < HELP_SECONDS, durations


def all_commands() -> list[tuple[str, str]]:
    if not app.registered_commands:
        register_commands()
    found: list[tuple[str, str]] = []

    def walk(command: object, path: str) -> None:
        for name, child in getattr(command, "commands", {}).items():
            walk(child, f"{path} {name}")
        if not getattr(command, "commands", None):
            found.append((path, getattr(command, "help", "") or ""))

    walk(typer.main.get_command(app), "aftershock")
    return found


@pytest.mark.parametrize(("path", "text"), all_commands())
def test_every_help_ends_with_an_example(path: str, text: str) -> None:
    assert (
        text.strip().splitlines()[-1].strip().startswith(("Example:", "aftershock"))
        or "Example:" in text.split("\n\n")[-1]
    ), path
    assert path in text, f"the example shows `{path}`"
