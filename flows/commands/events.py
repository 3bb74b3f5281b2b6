"""`aftershock events`: tag headlines, score the tagging, and decide what is an event."""

from pathlib import Path
from typing import Annotated

import typer

from flows.output import Format, emit, talk

FormatOption = Annotated[Format, typer.Option("--format", help="How to print the rows.")]
EXPLAIN = "Also say why each headline met its story."


def register(app: typer.Typer) -> None:
    """Attach the commands."""
    events = typer.Typer(no_args_is_help=True, help="Events: what happened, when the public knew, and your word on it.")
    events.command("tag")(tag)
    events.command("score")(score)
    app.add_typer(events, name="events")


def tag(
    input_file: Annotated[
        Path,
        typer.Option("--input", help="CSV, JSON lines or Parquet with title, optionally url, outlet, published_utc."),
    ],
    fmt: FormatOption = Format.TABLE,
    explain: Annotated[bool, typer.Option("--explain", help=EXPLAIN)] = False,
) -> None:
    """Tag anybody's headlines and group them into stories; one row out per row in, in the same order.

    Needs neither a warehouse nor a network.

    Example: aftershock events tag --input headlines.csv --format csv
    """
    from flows.labelled_files import tag_file
    from flows.settings import load_settings

    frame = tag_file(input_file, load_settings().config_path)
    emit(frame if explain else frame.drop("story_reason", "matched_row"), fmt)


def score(
    labels: Annotated[Path, typer.Option("--labels", help="CSV with title, relevant, category, story_id.")],
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Score tags and stories against labels made by hand, on the whole file and on two halves of its stories.

    Example: aftershock events score --labels labelled.csv
    """
    from flows.labelled_files import score_file
    from flows.settings import load_settings

    emit(score_file(labels, load_settings().config_path), fmt, "agreement with the labels")
    talk("no model is trained: the rules came from reading headlines, so labels never read are the test that counts")
