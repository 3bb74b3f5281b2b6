"""`aftershock events tag`, `score` and `sample`: tags, stories and events beside a person's reading."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from flows.options import FormatOption
from flows.output import Format, emit, talk

if TYPE_CHECKING:
    from flows.settings import Settings


def sample(
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same events of the same record.")],
    size: Annotated[int, typer.Option(min=1, help="How many events to draw.")] = 30,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Draw detected events at random, with their headlines, so that you can count how many are real.

    Example: aftershock events sample --seed 7 --size 10
    """
    from flows.event_views import sample_events
    from flows.settings import load_settings

    emit(sample_events(load_settings().published_path, size, seed), fmt, "detected events drawn at random")


def tag(
    input_file: Annotated[
        Path,
        typer.Option("--input", help="CSV, JSON lines or Parquet with title, optionally url, outlet, published_utc."),
    ],
    fmt: FormatOption = Format.TABLE,
    explain: Annotated[bool, typer.Option("--explain", help="Also say why each headline met its story.")] = False,
) -> None:
    """Tag anybody's headlines and group them into stories; one row out per row in, in the same order.

    Needs neither a warehouse nor a network.

    Example: aftershock events tag --input headlines.csv --format csv
    """
    from flows.jobs.labelled_files import tag_file
    from flows.settings import load_settings

    frame = tag_file(input_file, load_settings().config_path)
    emit(frame if explain else frame.drop("story_reason", "matched_row"), fmt)


def score(
    labels: Annotated[
        Path | None, typer.Option("--labels", help="CSV with title, relevant, category, story_id.")
    ] = None,
    stories: Annotated[Path | None, typer.Option("--stories", help="CSV of stories read by hand; tagged anew.")] = None,
    events_file: Annotated[Optional[Path], typer.Option("--events", help="CSV of happenings read by hand.")] = None,  # noqa: UP045 - typer reads the annotation
    nonevents: Annotated[Optional[Path], typer.Option("--nonevents", help="CSV of titles that are no event.")] = None,  # noqa: UP045 - typer reads the annotation
    without_ledger: Annotated[
        bool, typer.Option("--without-ledger", help="With --events: gather events anew, as if no ledger were shipped.")
    ] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Score tags, stories and events against labels made by hand.

    `--labels` and `--stories` need no warehouse; `--events` with `--nonevents` is about the events that are published,
    or, with `--without-ledger`, about what its headlines make where nobody kept a ledger.

    Example: aftershock events score --labels labelled.csv
    """
    from flows.event_views import score_event_files
    from flows.jobs.labelled_files import score_file, score_story_file
    from flows.settings import load_settings

    if (events_file is None) != (nonevents is None) or not (labels or stories or events_file):
        raise typer.BadParameter("give --labels FILE, --stories FILE, or --events FILE with --nonevents FILE")
    if without_ledger and events_file is None:
        raise typer.BadParameter("--without-ledger is about --events FILE with --nonevents FILE")
    settings: Settings = load_settings()
    if labels is not None:
        emit(score_file(labels, settings.config_path), fmt, "agreement with the labels")
    if stories is not None:
        emit(score_story_file(stories, settings.config_path), fmt, "stories against those read by hand")
    if events_file is not None and nonevents is not None:
        found = score_event_files(
            events_file, nonevents, settings.published_path, settings.config_path, has_ledger=not without_ledger
        )
        emit(found, fmt, "events against those read by hand")
    talk(
        "no label is used in a run; rules and weights came from reading, so labels never read are the test that counts"
    )
