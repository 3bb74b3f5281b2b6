"""The `aftershock` command: collects the command groups and turns errors into exit codes."""

from __future__ import annotations

import sys
import traceback

import click
import typer

from flows.errors import EXIT_BUG, EXIT_USAGE, CommandError

app = typer.Typer(
    name="aftershock",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Measure what AI-policy news does to decentralised-AI tokens.\n\nExample: aftershock run",
)


def register_commands() -> None:
    """Attach every module of `flows.commands`: its `app` under its `NAME`, or its plain commands through `register`."""
    from flows.commands import MODULES

    for module in MODULES:
        module.register(app)


def main() -> None:
    """Entry point: run a command and exit with its documented code."""
    register_commands()
    try:
        code = app(standalone_mode=False)
    except click.exceptions.Abort:
        sys.stderr.write("interrupted\n")
        code = 130
    except click.ClickException as error:
        error.show()
        code = EXIT_USAGE
    except CommandError as error:
        sys.stderr.write(f"aftershock: {error}\n")
        code = error.exit_code
    except BrokenPipeError:
        code = 0
    except Exception:
        traceback.print_exc()
        sys.stderr.write("aftershock: this is a bug in Aftershock; the lines above say where\n")
        code = EXIT_BUG
    sys.exit(code if isinstance(code, int) else 0)
