"""The `aftershock` command: collects the command groups and turns errors into exit codes."""

from __future__ import annotations

import sys
import traceback

import typer

from flows.errors import EXIT_BUG, CommandError

app = typer.Typer(
    name="aftershock",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def register_commands() -> None:
    """Attach every module of `flows.commands`: its `app` under its `NAME`, or its plain commands through `register`."""
    from flows.commands import MODULES

    for module in MODULES:
        module.register(app)


@app.callback()
def describe() -> None:
    """Measure what AI-policy news does to decentralised-AI tokens.

    Example: aftershock run
    """


def main() -> None:
    """Entry point: run a command and exit with its documented code (typer ends usage errors with 2 itself)."""
    register_commands()
    try:
        app()
    except CommandError as error:
        sys.stderr.write(f"aftershock: {error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except Exception:
        traceback.print_exc()
        sys.stderr.write("aftershock: this is a bug in Aftershock; the lines above say where\n")
        sys.exit(EXIT_BUG)
