"""`aftershock --help` is light, complete and ends with an example."""

import resource
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import pytest
import typer

from flows import options
from flows.cli import app, register_commands
from tests.command_parameters import Parameter, all_parameters, parameters_of

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


def test_a_pass_imports_no_library_before_a_step_needs_it() -> None:
    code = "import importlib, sys; from flows.pipeline import STEPS; import flows.commands.run, flows.summary; "
    code += "[importlib.import_module(place.partition(':')[0]) for _, place in STEPS]; import dashboards.shell.site; "
    code += "print(' '.join(sys.modules))"
    loaded = set(run_python(code).split())
    assert {"flows.steps.groups", "ingest.prices.exchange", "analysis.engine.regressions.leads_lags"} <= loaded
    assert loaded.isdisjoint({"ccxt", "statsmodels", "scipy.stats", "pandas", "arch", "prefect", "plotly"})


def test_help_is_quick() -> None:
    code = "import sys; sys.argv = ['aftershock', '--help']; from flows.cli import main; main()"
    durations = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run_python(code)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        durations.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(durations) < HELP_SECONDS, durations


# What a parameter of this name is everywhere, so that a wrong word is answered alike everywhere.
KINDS = {
    **dict.fromkeys(("asset", "other", "without"), options.Asset),
    **dict.fromkeys(("event", "event_id", "into"), options.EventId),
    "category": options.Category,
    "timeframe": options.Timeframe,
    "market": options.Market,
    "reason": options.ReasonText,
    **dict.fromkeys(("since", "until", "at", "now", "as_of", "seen_at", "earliest", "latest"), options.Instant),
}


def mistyped(parameters: Iterable[Parameter]) -> list[str]:
    return [
        f"{p.path} {p.name}"
        for p in parameters
        if (p.name in KINDS and p.kind not in (KINDS[p.name], Path))
        or (p.kind is datetime)
        or (p.kind in KINDS.values() and p.info.parser is None)
    ]


def test_shared_words_have_their_shared_types() -> None:
    assert mistyped(all_parameters()) == []


def test_a_plain_type_is_seen() -> None:
    def command(
        asset: Annotated[str, typer.Option()],
        event: Annotated[str | None, typer.Argument()] = None,
        noon: datetime | None = None,
        timeframe: Annotated[options.Timeframe, typer.Option()] = options.DEFAULT_TIMEFRAME,
        since: Annotated[options.Instant | None, options.instant_option("x")] = None,
    ) -> None: ...

    seen = mistyped(parameters_of(command, "x"))
    assert seen == ["x asset", "x event", "x noon", "x timeframe"]


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
