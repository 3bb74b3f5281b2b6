"""`aftershock rebuild`, `diff`, `history`, `backup`, `restore` and `doctor`: look after an installation."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from flows.errors import CommandError
from flows.options import FormatOption
from flows.output import Format, emit, talk
from warehouse.tables.units import plural


def register(app: typer.Typer) -> None:
    """Attach the commands."""
    app.command("rebuild")(rebuild)
    app.command("diff")(diff)
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("history")(history)
    app.command("doctor")(doctor)


def rebuild(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be emptied, and stop.")] = False,
) -> None:
    """Empty everything that is derived and derive it again from what was received; your own ledger stays.

    Example: aftershock rebuild --dry-run
    """
    from dataclasses import replace
    from datetime import UTC, datetime

    from flows.jobs.config_check import require_sound
    from flows.jobs.maintenance import DERIVED, empty_derived_tables
    from flows.pipeline import run_pipeline
    from flows.progress import Progress
    from flows.settings import load_settings

    if dry_run:
        talk(f"would empty and derive again: {', '.join(table.name for table in DERIVED)}")
        return
    settings = replace(load_settings(), is_offline=True)
    require_sound(settings.config_path)  # before anything is emptied
    read, n_rows = empty_derived_tables(settings)
    talk(f"{read.n_documents} kept documents read again: {plural(read.n_changed, 'row')} of news changed")
    if read.n_unread:
        talk(f"{read.n_unread} kept documents have no reader or no bytes any more; what they gave stays")
    talk(f"emptied {len(DERIVED)} derived tables ({n_rows} rows)")
    with Progress() as progress:
        outcome = run_pipeline(settings, datetime.now(UTC), say=progress.say, command="rebuild")
    for step in outcome.steps:
        talk(f"{step.name}: {step.report.detail}")


def diff(
    before: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads the annotation
        typer.Argument(help="An earlier published file; the newest of the history when absent.", metavar="A"),
    ] = None,
    after: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(help="The file to compare it with; the current one when absent.", metavar="B"),
    ] = None,
    summary: Annotated[
        bool, typer.Option("--summary", help="Count by table, subject and column instead of listing rows.")
    ] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Say which results differ between two published files; names in history/ (aftershock history) need no path.

    Example: aftershock diff --summary
    """
    from flows.jobs.maintenance import compare_published, find_published, summarise_changes
    from flows.settings import load_settings

    published = load_settings().published_path
    first = find_published(published, before)
    second = find_published(published, after) if after else published
    talk(f"{first} beside {second}")
    emit((summarise_changes if summary else compare_published)(first, second), fmt, "differences")


def history(fmt: FormatOption = Format.TABLE) -> None:
    """List the published files of earlier runs, the newest first; the last few are kept, a few gigabytes at most.

    Example: aftershock history
    """
    import polars as pl

    from flows.settings import load_settings
    from warehouse.store.published.history import kept_files

    rows = [(file.path.name, file.published_at, file.n_bytes) for file in kept_files(load_settings().published_path)]
    names = ["file", "published_at_utc", "n_bytes"]
    emit(pl.DataFrame(rows, schema=names, orient="row"), fmt, "history")


def backup(
    folder: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads the annotation
        typer.Argument(help="A folder to make; one named by the time in backups/ of the home when absent."),
    ] = None,
) -> None:
    """Keep a copy of the warehouse and of config/, read to its end and checked.

    Example: aftershock backup /mnt/disk/aftershock-june
    """
    from datetime import UTC, datetime

    from flows.jobs.safekeeping import back_up
    from flows.settings import load_settings

    target, n_tables = back_up(load_settings(), datetime.now(UTC), folder)
    talk(f"{target}: {n_tables} tables, read again and checked")


def restore(
    source: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads the annotation
        typer.Argument(help="A backup's folder or a published file; the published copy of this home when absent."),
    ] = None,
) -> None:
    """Put a copy in the warehouse's place, after reading it to its end; the earlier file is kept beside it.

    Example: aftershock restore aftershock-home/backups/20260701T053000Z
    """
    from datetime import UTC, datetime

    from flows.jobs.safekeeping import put_back
    from flows.settings import load_settings

    copy, aside = put_back(load_settings(), datetime.now(UTC), source)
    kept = f"; the earlier one is {aside}" if aside else ""
    talk(f"the warehouse is what {copy} holds{kept}; go on with: aftershock run")


def doctor(
    cure_clock: Annotated[
        bool, typer.Option("--cure-clock", help="First mend what a clock that was ahead has stored.")
    ] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Check this installation: disk, config/, both files to their last byte, clock, sources, schedules, logs, network.

    Exit code 2 when something must be mended.

    Example: aftershock doctor
    """
    from datetime import UTC, datetime

    import polars as pl

    from flows.jobs import clocks
    from flows.jobs.doctor import examine
    from flows.settings import load_settings

    settings, now = load_settings(), datetime.now(UTC)
    if cure_clock:
        n_rows = clocks.cure_clock(settings, now)
        talk(f"{n_rows} stamps from the future mended; aftershock run publishes the file anew")
    findings = examine(settings, now)
    rows = [(f.subject, "ok" if f.is_good else "attention" if f.is_optional else "mend", f.detail) for f in findings]
    emit(pl.DataFrame(rows, schema=["what", "state", "detail"], orient="row"), fmt)
    broken: Optional[str] = next((f.detail for f in findings if not f.is_good and not f.is_optional), None)  # noqa: UP045
    if broken:
        raise CommandError(broken)
