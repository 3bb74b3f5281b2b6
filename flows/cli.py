"""The `aftershock` command: collects the command groups and turns errors into exit codes."""

from __future__ import annotations

import sys
import traceback
import warnings
from typing import Annotated

import typer

from flows.errors import fault_of_error
from flows.output import talk

# What a shell reports for a command that Ctrl-C ended.
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="aftershock",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def register_commands() -> None:
    """Attach every module of `flows.commands`, once."""
    if app.registered_groups:
        return
    from flows.commands import MODULES

    for module in MODULES:
        module.register(app)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        from flows.commands.version import show_version

        show_version()
        raise typer.Exit


@app.callback()
def describe(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the installed version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Measure what AI-policy news does to decentralised-AI tokens.

    Exit codes: 0 done, 1 a bug, 2 usage, 3 a source failed, 4 a data check failed, 5 the database is busy,
    6 the disk or the memory refused, or a file is damaged.

    Example: aftershock run
    """


def main() -> None:
    """Entry point: run a command and exit with its documented code (typer ends usage errors with 2 itself)."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # what libraries tell one another is not for the reader of a run
    register_commands()
    try:
        app()
    except SystemExit:
        raise
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.exit(0)
    except BaseException as error:
        fault = fault_of_error(error)
        if fault.is_bug:
            traceback.print_exc()
        talk(f"aftershock: {fault.sentence}")
        sys.exit(fault.exit_code)
