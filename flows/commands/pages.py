"""`aftershock pages`: rebuild the pages from the published file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.errors import EXIT_CHECK, EXIT_STORAGE, EXIT_USAGE, CommandError
from flows.options import PAGES_PORT, port_option
from flows.output import talk
from warehouse.tables.units import count, plural

# Texts without an origin that are named one by one.
_N_TOLD = 20


def register(app: typer.Typer) -> None:
    """Attach the command."""
    app.command("pages")(build_pages)


def build_pages(
    serve: Annotated[bool, typer.Option("--serve", help="Then serve them on loopback until interrupted.")] = False,
    port: Annotated[int, port_option("Port of --serve; 0 takes any free one.", "--port")] = PAGES_PORT,
    prove: Annotated[
        bool, typer.Option("--prove", help="Then run every number of every page against the published file.")
    ] = False,
    share: Annotated[
        str | None,
        typer.Option(
            "--share",
            metavar="ADDRESS",
            help="Then draw a picture for each measured event and judged claim, named in its page's tags; ADDRESS is "
            "where the site will stand. Needs the extra `cards` and a Chromium.",
        ),
    ] = None,
) -> None:
    """Render the pages whose data changed, from the published file; --prove ends with exit code 4 when one differs.

    Example: aftershock pages --prove
    """
    from datetime import UTC, datetime

    from flows.cluster.sharing import open_crew
    from flows.settings import load_settings
    from flows.steps.publish import write_pages

    with open_crew() as crew:
        report = write_pages(load_settings(), datetime.now(UTC), talk, crew)
    talk(f"{report.n_rendered} pages written, {report.n_unchanged} unchanged, {report.n_removed} stale files removed")
    typer.echo(report.index_path)
    if share is not None:
        _share_pictures(report.index_path.parent, share)
    if prove:
        prove_pages(report.index_path.parent)
    if serve:
        _serve_until_interrupted(port)


def _share_pictures(site: Path, address: str) -> None:
    from dashboards.shell.share import share_site
    from dashboards.shell.site import read_frames
    from flows.desk.pictures import picture_browser
    from flows.settings import load_settings

    if not address.startswith(("https://", "http://")):
        raise CommandError(f"--share takes the address of the site, such as https://…; {address!r} is none", EXIT_USAGE)
    browser = picture_browser()
    done = share_site(site, read_frames(load_settings().published_path), address, browser)
    if done.problem:
        raise CommandError(done.problem, EXIT_STORAGE)
    talk(f"{plural(done.n_pictures, 'picture')} to share, {count(done.n_drawn)} drawn")


def prove_pages(site: Path) -> None:
    """Print how many numbers the pages show and how many differ or lack an origin; the first that differs ends it."""
    from dashboards.shell.proof import prove_site
    from flows.settings import load_settings

    proof = prove_site(site, load_settings().published_path)
    typer.echo(
        f"{count(proof.n_numbers)} numbers on {plural(proof.n_pages, 'page')}: {count(len(proof.differences))} differ "
        f"from the published file; {plural(len(proof.loose), 'text')} with a digit and no origin"
    )
    if proof.differences:
        first = proof.differences[0]
        raise CommandError(
            f"{first.page} prints {first.printed!r} where {first.origin} gives {first.published!r}; rebuild the pages "
            "or report it",
            EXIT_CHECK,
        )
    if proof.loose:
        told = [f"{loose.page} prints {loose.text!r}, which no value is named for" for loose in proof.loose[:_N_TOLD]]
        more = f" (and {count(len(proof.loose) - _N_TOLD)} more)" if len(proof.loose) > _N_TOLD else ""
        raise CommandError("\n".join(told) + f"{more}: report it", EXIT_CHECK)


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
