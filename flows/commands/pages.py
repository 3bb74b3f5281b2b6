"""`aftershock pages`: rebuild the pages from the published file."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.options import port_option
from flows.output import talk

DEFAULT_PORT = 8330


def register(app: typer.Typer) -> None:
    """Attach the command."""
    app.command("pages")(build_pages)


def build_pages(
    serve: Annotated[bool, typer.Option("--serve", help="Then serve them on loopback until interrupted.")] = False,
    port: Annotated[int, port_option("Port of --serve; 0 takes any free one.", "--port")] = DEFAULT_PORT,
) -> None:
    """Render the pages whose data changed, from the published file.

    Example: aftershock pages --serve
    """
    from datetime import UTC, datetime

    from flows.settings import load_settings
    from flows.steps.publish import write_pages

    report = write_pages(load_settings(), datetime.now(UTC), talk)
    talk(f"{report.n_rendered} pages written, {report.n_unchanged} unchanged, {report.n_removed} stale files removed")
    typer.echo(report.index_path)
    if serve:
        _serve_until_interrupted(port)


def _serve_until_interrupted(port: int) -> None:
    import threading

    from flows.serve.web import pages_server
    from flows.settings import load_settings

    with pages_server(load_settings(), port) as address:
        talk(f"serving {address} (Ctrl-C ends)")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            talk("stopped")
