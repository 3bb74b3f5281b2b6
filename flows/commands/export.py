"""`aftershock export`, `open`, `notebook` and `trace`: take the published file to other programs."""

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from flows.errors import CommandError
from flows.options import FormatOption
from flows.output import Format, emit, talk


def register(app: typer.Typer) -> None:
    """Attach the commands."""
    app.command("export")(export)
    app.command("open")(open_shell)
    app.command("notebook")(open_notebook)
    app.command("trace")(trace)


def export(
    what: Annotated[str, typer.Argument(help="A table or view such as out.event_reaction, or a select in quotes.")],
    out: Annotated[Path, typer.Option("--out", help="File: .parquet, .arrow, .xlsx or .csv.", dir_okay=False)],
) -> None:
    """Write a table, a view or a query for other programs, with unit and meaning of each column beside it.

    A workbook has them on a second sheet, the others in a file OUT.columns.csv. Times are UTC.

    Example: aftershock export out.event_reaction --out reactions.xlsx
    """
    from flows.desk.export import export_rows

    for path in export_rows(what, out):
        talk(f"wrote {path}")


def open_shell() -> None:
    """Open the published file in the DuckDB shell, to read; a run that publishes meanwhile is not disturbed.

    Example: aftershock open
    """
    import os
    import shutil

    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    published = load_settings().published_path
    with open_reader(published):
        pass  # a file that is absent or damaged is named here, not by the shell
    shell = shutil.which("duckdb")
    if shell is None:
        raise CommandError(
            "no DuckDB shell here: install one (uv tool install duckdb-cli), or use aftershock query; "
            f"any client from 1.2 on reads {published}"
        )
    os.execv(shell, [shell, "-readonly", "-cmd", "set TimeZone = 'UTC'", str(published)])


def open_notebook(
    file: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads the annotation
        typer.Argument(help="Where the notebook lies; aftershock-analysis.py here when absent."),
    ] = None,
) -> None:
    """Open a worked analysis as a marimo notebook; your copy is written first and never overwritten.

    Needs the extra `notebook`.

    Example: aftershock notebook june.py
    """
    import os
    from importlib.resources import files
    from importlib.util import find_spec

    if find_spec("marimo") is None:
        raise CommandError("notebooks need marimo, which is not installed: install the extra `notebook`")
    path = file or Path("aftershock-analysis.py")
    if not path.exists():
        path.write_bytes((files("flows.desk") / "worked_analysis.marimo").read_bytes())
        talk(f"wrote {path}")
    os.execv(sys.executable, [sys.executable, "-m", "marimo", "edit", str(path)])


def trace(
    what: Annotated[
        str,
        typer.Argument(help="Id of an event, headline, claim or result, or a number's origin: table|key=value|column."),
    ],
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Follow an event to its headlines and raw documents, a verdict or a number to the bars and runs behind it.

    A page's number carries its origin, e.g. 'out.claim_verdict|claim_id=tao-30-percent-in-12-hours|abnormal_return'.

    Example: aftershock trace tao-30-percent-in-12-hours --format json
    """
    from flows.desk.trace import trace_back

    emit(trace_back(what), fmt, what)
