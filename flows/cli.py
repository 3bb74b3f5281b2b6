"""The `aftershock` command: collects the command groups and turns errors into exit codes."""

from __future__ import annotations

import sys
import traceback

import typer

from flows.errors import EXIT_BUG, EXIT_BUSY, EXIT_STORAGE, EXIT_USAGE, CommandError
from flows.output import talk

app = typer.Typer(
    name="aftershock",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def register_commands() -> None:
    """Attach every module of `flows.commands`."""
    from flows.commands import MODULES

    for module in MODULES:
        module.register(app)


@app.callback()
def describe() -> None:
    """Measure what AI-policy news does to decentralised-AI tokens.

    Exit codes: 0 done, 1 a bug, 2 usage, 3 a source failed, 4 a data check failed, 5 the database is busy,
    6 the disk refused.

    Example: aftershock run
    """


def main() -> None:
    """Entry point: run a command and exit with its documented code (typer ends usage errors with 2 itself)."""
    register_commands()
    try:
        app()
    except CommandError as error:
        talk(f"aftershock: {error}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:
        code = _code_of(error)
        if code == EXIT_BUG:
            traceback.print_exc()
            sys.stderr.write("aftershock: this is a bug in Aftershock; the lines above say where\n")
        else:
            talk(f"aftershock: {error}")
        sys.exit(code)


def _code_of(error: Exception) -> int:
    from warehouse.config import ConfigError
    from warehouse.store.errors import BusyError, StorageFailedError, StoreError

    if isinstance(error, BusyError):
        return EXIT_BUSY
    if isinstance(error, StorageFailedError):
        return EXIT_STORAGE
    return EXIT_USAGE if isinstance(error, (StoreError, ConfigError)) else EXIT_BUG
