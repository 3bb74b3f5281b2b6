"""`aftershock run`: one pass over everything."""

from typing import Annotated, Optional

import typer

from flows.errors import EXIT_CHECK, EXIT_SOURCE, CommandError
from flows.options import Instant, instant_option
from flows.output import talk


def register(app: typer.Typer) -> None:
    """Attach the command."""
    app.command("run")(run)


def run(
    strict: Annotated[
        bool, typer.Option("--strict", help="End with exit code 3 when a source could not be reached.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Do not try the network at all.")] = False,
    now: Annotated[
        Optional[Instant],  # noqa: UP045 - typer reads the annotation
        instant_option("Believe it is this UTC instant (for replays); a day alone is its 00:00."),
    ] = None,
    accept_clock: Annotated[
        bool, typer.Option("--accept-clock", help="Run although the clock lies before the newest run.")
    ] = False,
) -> None:
    """Bring prices and news up to date, study the events, judge the claims, write the pages.

    Safe to repeat and to interrupt: a second run changes only what is new.

    Example: aftershock run
    """
    from dataclasses import replace
    from datetime import UTC, datetime

    from flows.jobs.clocks import refuse_earlier_clock
    from flows.jobs.config_check import require_sound
    from flows.progress import Progress
    from flows.settings import load_settings
    from flows.summary import print_summary

    settings = load_settings()
    settings = replace(settings, is_offline=settings.is_offline or offline)
    unread = require_sound(settings.config_path)
    instant = now or datetime.now(UTC)
    if not accept_clock:
        refuse_earlier_clock(settings, instant)
    with Progress() as progress:
        if settings.prefect_api_url:
            from flows.serve.server import require_prefect

            require_prefect(settings.prefect_api_url)
            from flows.serve.deployments import run_as_flow

            outcome = run_as_flow(settings, instant, progress.say)
        else:
            from flows.pipeline import run_pipeline

            outcome = run_pipeline(settings, instant, say=progress.say)
    print_summary(settings, outcome)
    for line in unread:
        talk(f"! {line}")
    if outcome.check_problems:
        raise CommandError(f"{len(outcome.check_problems)} data check(s) failed, see above", EXIT_CHECK)
    if strict and outcome.source_problems:
        talk("--strict: a source failed")
        raise typer.Exit(EXIT_SOURCE)
