"""`aftershock query`, `describe` and `check`: ask the published file."""

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from flows.errors import EXIT_CHECK, CommandError
from flows.options import FormatOption, Instant, instant_option
from flows.output import Format, emit, talk, write_file
from warehouse.tables.units import plural


def register(app: typer.Typer) -> None:
    """Attach the commands."""
    app.command("query")(run_query)
    app.command("describe")(describe_tables)
    app.command("check")(check_data)


def run_query(
    sql: Annotated[str, typer.Argument(help="One select statement, or - to read it from standard input.")],
    fmt: Annotated[
        Optional[Format],  # noqa: UP045 - typer reads the annotation
        typer.Option("--format", help="How to print the rows; with --out its ending decides."),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", help="Write the rows into this file (.csv, .json, .parquet, .txt).", dir_okay=False),
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", help="Stop the statement after so long.", min=0.1)] = 60.0,
    megabytes: Annotated[int, typer.Option("--megabytes", help="Memory the statement may use.", min=50)] = 2_000,
    as_of: Annotated[
        Optional[Instant],  # noqa: UP045 - typer reads the annotation
        instant_option("Ask the file that was published at this UTC instant (`aftershock history`)."),
    ] = None,
    allow_files: Annotated[
        bool, typer.Option("--allow-files", help="Let the statement read and write files of this machine.")
    ] = False,
) -> None:
    """Run one SQL statement on the published file; never waits for a run that is writing.

    It reaches nothing but that file: no other files, no network, no extensions.

    Example: aftershock query "select claim_id, verdict from out.claim_verdict" --format csv
    """
    from flows.jobs.maintenance import find_published_at
    from flows.settings import load_settings
    from warehouse.store.published.faces import Face
    from warehouse.store.published.sandbox import Allowance, open_sandbox

    fmt = fmt or _format_of(out)
    face = {Format.JSON: Face.JSON, Format.PARQUET: Face.TYPED}.get(fmt, Face.CELLS)
    statement = sys.stdin.read() if sql == "-" else sql
    published = load_settings().published_path
    asked = published if as_of is None else find_published_at(published, as_of)
    with open_sandbox(asked, Allowance(megabytes, seconds, allow_files)) as sandbox:
        frame = sandbox.ask(statement, face)
    if out is None:
        emit(frame, fmt)
    else:
        write_file(frame, fmt, out)
        talk(f"{plural(frame.height, 'row')} in {out}")


def _format_of(out: Path | None) -> Format:
    """The format that a file's ending names; a table without a file."""
    if out is None:
        return Format.TABLE
    endings = {".csv": Format.CSV, ".json": Format.JSON, ".parquet": Format.PARQUET, ".txt": Format.TABLE}
    if out.suffix not in endings:
        raise CommandError(f"--out {out}: its ending says no format; give one of {', '.join(endings)}, or --format")
    return endings[out.suffix]


def describe_tables(
    table: Annotated[Optional[str], typer.Argument(help="A table or view such as core.event; all when absent.")] = None,  # noqa: UP045 - typer reads the annotation
    fmt: FormatOption = Format.TABLE,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the data dictionary as Markdown.")] = False,
) -> None:
    """Describe the tables: what a row is, the key, and each column with type and unit.

    Example: aftershock describe out.claim_verdict
    """
    import polars as pl

    from warehouse.tables.catalog import load_tables
    from warehouse.tables.contract import Table, View
    from warehouse.tables.dictionary import dictionary_markdown
    from warehouse.tables.views import load_views

    tables, views = load_tables(), load_views()
    if markdown:
        typer.echo(dictionary_markdown(tables, views), nl=False)
        return
    if table is None:
        shapes: tuple[Table | View, ...] = (*tables.values(), *views.values())
        rows = [(t.name, ", ".join(t.key), len(t.columns), t.description) for t in shapes]
        emit(pl.DataFrame(rows, schema=["table", "key", "columns", "description"], orient="row"), fmt)
        return
    found = tables.get(table) or views.get(table)
    if found is None:
        raise CommandError(f"no table {table}; tables: {', '.join(tables)}; views: {', '.join(views)}")
    source = found.source if isinstance(found, Table) else "a view"
    talk(f"{found.name}: {found.description}\nkey: {', '.join(found.key)}; source: {source}")
    columns = [(c.name, c.sql_type, c.unit, c.is_nullable, c.description) for c in found.columns]
    emit(pl.DataFrame(columns, schema=["column", "type", "unit", "nullable", "description"], orient="row"), fmt)


def check_data(fmt: FormatOption = Format.TABLE) -> None:
    """Run the data checks on the published file; exit code 4 when one fails; a warning is told and blocks nothing.

    Example: aftershock check --format json
    """
    import polars as pl

    from flows.settings import load_settings
    from warehouse.store.checks import run_checks
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        results = run_checks(reader)
    rows = [
        (
            r.check_id,
            "failed" if r.is_failed else "warning" if r.n_offending else "ok",
            r.n_offending,
            r.description,
            r.example_json,
        )
        for r in results
    ]
    emit(pl.DataFrame(rows, schema=["check", "result", "n_offending", "asserts", "example"], orient="row"), fmt)
    failed = [r.check_id for r in results if r.is_failed]
    if failed:
        raise CommandError(f"{len(failed)} of {len(results)} data checks failed: {', '.join(failed)}", EXIT_CHECK)
