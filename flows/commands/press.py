"""`aftershock press`: judge what stored headlines say about prices."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.output import talk

if TYPE_CHECKING:
    from flows.pipeline import Step

_STEPS = ("press", "checks", "publish", "pages")


def register(parent: typer.Typer) -> None:
    """Attach the command."""
    parent.command("press")(press)


def press(
    again: Annotated[
        bool, typer.Option("--again", help="Also read the headlines that were read before: after imports of prices.")
    ] = False,
) -> None:
    """Read every stored headline for statements about prices, and judge those by the bars closed at publication.

    `aftershock run` does the same for the headlines it fetches; this is the pass over an imported archive.

    Example: aftershock press
    """
    from datetime import UTC, datetime

    from flows.pipeline import run_pipeline
    from flows.progress import Progress
    from flows.settings import load_settings
    from flows.steps.press import ReadArchive

    def whole(name: str, step: "Step") -> "Step":
        return ReadArchive(is_again=again) if name == "press" else step

    with Progress() as progress:
        outcome = run_pipeline(
            load_settings(), datetime.now(UTC), say=progress.say, names=_STEPS, command="press", wrap=whole
        )
    talk(f"{outcome.steps[0].report.detail}; page: site/press.html")
