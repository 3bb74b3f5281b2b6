"""`aftershock version`."""

import typer


def register(app: typer.Typer) -> None:
    """Attach the command."""
    app.command("version")(show_version)


def show_version() -> None:
    """Print the installed version.

    Example: aftershock version
    """
    from importlib.metadata import version

    typer.echo(version("aftershock"))
