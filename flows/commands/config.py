"""`aftershock config`: look at your own files."""

import typer

from flows.errors import CommandError
from flows.options import FormatOption
from flows.output import Format, emit, talk

config_app = typer.Typer(name="config", no_args_is_help=True, help="Your own TOML files in the home's config/ folder.")


def register(parent: typer.Typer) -> None:
    """Attach the group."""
    parent.add_typer(config_app)


@config_app.command("check")
def check_config(fmt: FormatOption = Format.TABLE) -> None:
    """Check every file of config/ and say what each adds to or changes in what ships; nothing is written.

    An entry whose id is known changes only the keys it names (a list replaces the whole list); a new id must be
    complete. Every fault is named with file, line, entry and key, and ends with exit code 2.

    Example: aftershock config check
    """
    from flows.jobs.config_check import examine_configuration
    from flows.settings import load_settings

    path = load_settings().config_path
    found = examine_configuration(path)
    if found.changes.height or not found.faults:
        emit(found.changes, fmt, f"your own entries in {path}")
    for line in found.unread:
        talk(f"! {line}")
    if found.faults:
        raise CommandError("\n".join(found.faults))
    talk(f"{found.changes.height} entries in {found.changes['file'].n_unique()} files of {path}, no fault")
