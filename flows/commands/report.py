"""`aftershock report`: one event as a document."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.errors import CommandError
from flows.options import EventId, event_part_argument
from flows.output import talk

if TYPE_CHECKING:
    from dashboards.shell.frames import Frames

# Figures are drawn by script; the browser's virtual clock runs this far before it prints.
DRAWING_MILLISECONDS = 20_000
PRINT_SECONDS = 120


class ReportFormat(StrEnum):
    """Formats of a report."""

    MD = "md"
    HTML = "html"
    PDF = "pdf"
    PNG = "png"
    SVG = "svg"


def register(app: typer.Typer) -> None:
    """Attach the command."""
    app.command("report")(write_report)


def write_report(
    event: Annotated[
        EventId, event_part_argument("Id of the event, or a part of id or title that only one event has.")
    ],
    fmt: Annotated[
        ReportFormat, typer.Option("--format", help="Document, or picture to share (png, svg).")
    ] = ReportFormat.MD,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; Markdown and HTML go to stdout without it.")
    ] = None,
) -> None:
    """Write one event as Markdown, a single HTML file, PDF, or a picture to share.

    PDF, png and svg need an installed Chromium.

    Example: aftershock report 2026-06-12-fable-mythos-access-restriction --format md
    """
    from dashboards.shell.report import UnknownEventError, event_html, event_markdown, find_event
    from dashboards.shell.site import read_frames
    from flows.settings import load_settings

    settings = load_settings()
    try:
        frames = read_frames(settings.published_path)
        row = find_event(frames, event)
    except UnknownEventError as exc:
        raise CommandError(str(exc)) from exc
    if fmt is ReportFormat.MD:
        _deliver(event_markdown(frames, row).encode(), out)
    elif fmt is ReportFormat.HTML:
        _deliver(event_html(frames, row, settings.plotly_js).encode(), out)
    elif fmt is ReportFormat.PDF:
        _deliver(_print_pdf(event_html(frames, row, settings.plotly_js)), out or Path(f"{row['event_id']}.pdf"))
    else:
        _deliver(_picture(frames, row, fmt), out or Path(f"{row['event_id']}.{fmt.value}"))


def _deliver(content: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(content)
        return
    try:
        out.write_bytes(content)
    except OSError as exc:
        raise CommandError(f"cannot write {out}: {exc.strerror}; choose another place with --out") from exc
    talk(f"wrote {out}")


def _print_pdf(html: str) -> bytes:
    from flows.desk.pictures import find_browser

    browser = find_browser()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "report.html", Path(folder) / "report.pdf"
        source.write_text(html, encoding="utf-8")
        command = [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile",
            f"--virtual-time-budget={DRAWING_MILLISECONDS}",
            f"--print-to-pdf={target}",
            source.as_uri(),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=PRINT_SECONDS, check=True)
        except (subprocess.SubprocessError, OSError) as exc:
            raise CommandError(
                f"{browser} could not print the report: {exc}; try --format html and print that"
            ) from exc
        if not target.exists():
            raise CommandError(f"{browser} printed nothing; try --format html and print that")
        return target.read_bytes()


def _picture(frames: Frames, row: dict[str, Any], fmt: ReportFormat) -> bytes:
    from dashboards.findings.readings import read_reactions
    from dashboards.shell.report import draw_image, event_card
    from flows.desk.pictures import picture_browser

    browser = picture_browser()
    card = event_card(frames, row, read_reactions(frames).get(row["event_id"], []))
    if card is None:
        raise CommandError(f"{row['event_id']} is not measured, so there is nothing to draw; --format md says why")
    return draw_image(card, fmt.value, browser)
