"""`aftershock query`, `describe` and `check`: ask the published file."""

from typing import Annotated, Optional

import typer

from flows.errors import EXIT_CHECK, CommandError
from flows.options import FormatOption
from flows.output import Format, emit, talk


def register(app: typer.Typer) -> None:
    """Attach the commands."""
    app.command("query")(run_query)
    app.command("describe")(describe_tables)
    app.command("check")(check_data)


def run_query(
    sql: Annotated[str, typer.Argument(help="One select statement.")],
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Run one SQL statement on the published file; never waits for a run that is writing.

    Example: aftershock query "select claim_id, verdict from out.claim_verdict" --format csv
    """
    from flows.settings import load_settings
    from warehouse.store.connection import open_reader

    with open_reader(load_settings().published_path) as reader:
        frame = reader.sql(sql)
    emit(frame, fmt)


def describe_tables(
    table: Annotated[Optional[str], typer.Argument(help="A table such as core.event; all tables when absent.")] = None,  # noqa: UP045 - typer reads the annotation
    fmt: FormatOption = Format.TABLE,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the data dictionary as Markdown.")] = False,
) -> None:
    """Describe the tables: what a row is, the key, and each column with type and unit.

    Example: aftershock describe out.claim_verdict
    """
    import polars as pl

    from warehouse.tables.catalog import load_tables
    from warehouse.tables.dictionary import dictionary_markdown

    tables = load_tables()
    if markdown:
        typer.echo(dictionary_markdown(tables), nl=False)
        return
    if table is None:
        rows = [(t.name, ", ".join(t.key), len(t.columns), t.description) for t in tables.values()]
        emit(pl.DataFrame(rows, schema=["table", "key", "columns", "description"], orient="row"), fmt)
        return
    if table not in tables:
        raise CommandError(f"no table {table}; tables: {', '.join(tables)}")
    found = tables[table]
    talk(f"{found.name}: {found.description}\nkey: {', '.join(found.key)}; source: {found.source}")
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
