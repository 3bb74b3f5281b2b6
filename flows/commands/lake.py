"""`aftershock lake`: the published file as a Delta Lake that other engines and machines read."""

from typing import Annotated, Optional

import typer

from flows.errors import EXIT_CHECK
from flows.options import FormatOption
from flows.output import Format, emit, talk

lake_app = typer.Typer(no_args_is_help=True, help="The tables as a Delta Lake, for Spark, Trino, Dask, polars, DuckDB.")
UriArgument = Annotated[str, typer.Argument(help="A folder, or an address such as s3://bucket/aftershock.")]


def register(app: typer.Typer) -> None:
    """Attach the group."""
    app.add_typer(lake_app, name="lake")


@lake_app.command("publish")
def publish_tables(
    uri: UriArgument,
    table: Annotated[Optional[list[str]], typer.Option(help="Only this table; repeat for more.")] = None,  # noqa: UP045 - typer reads the annotation
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Write what changed of the published file: of candles and reference prices the changed months, else the table.

    The release (release.json: the versions that belong together) is written last. Nothing changed is no commit. An
    object store is reached as the environment says (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, …). Needs the extra `scale`.

    Example: aftershock lake publish lake
    """
    from flows.desk.lake import publish_lake
    from flows.progress import Progress

    with Progress() as progress:
        done = publish_lake(uri, table or [], progress.say)
    emit(done, fmt)
    written = done.filter(done["n_parts_written"] > 0)
    talk(f"{written.height} of {done.height} tables had changed" if written.height else "nothing has changed")


@lake_app.command("check")
def check_tables(uri: UriArgument, fmt: FormatOption = Format.TABLE) -> None:
    """Read every row of the release and of the published file, and compare; exit code 4 where they differ.

    Example: aftershock lake check lake
    """
    from flows.desk.lake import check_lake

    found = check_lake(uri)
    emit(found, fmt)
    apart = found.filter(found["state"] != "equal")
    if apart.height:
        talk(f"{apart.height} tables of {uri} are not as in the published file; aftershock lake publish {uri}")
        raise typer.Exit(EXIT_CHECK)


@lake_app.command("vacuum")
def sweep_files(
    uri: UriArgument,
    keep: Annotated[str, typer.Option(help="Readers of versions this old still end well, e.g. 30d.")] = "30d",
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Delete files that neither the release nor a version of the last days needs, those of killed writers included.

    Example: aftershock lake vacuum lake --keep 30d
    """
    from flows.desk.lake import parse_keep, sweep_lake

    emit(sweep_lake(uri, parse_keep(keep)), fmt)
