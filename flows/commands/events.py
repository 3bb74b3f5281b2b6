"""`aftershock events`: see events and decide about them."""

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from flows.commands.event_reading import sample, score, tag
from flows.options import (
    Category,
    EventId,
    FormatOption,
    Instant,
    category_option,
    event_argument,
    exact_instant_option,
    instant_option,
    last_instant_option,
    new_id_argument,
    parse_category,
    parse_new_id,
    published_event_ids,
)
from flows.output import Format, emit, talk

if TYPE_CHECKING:
    from flows.settings import Settings

EventArgument = Annotated[EventId, event_argument()]
NewEvent = Annotated[str, new_id_argument("Id of the new event, such as 2026-06-13-what-it-is.")]
NoteOption = Annotated[Optional[str], typer.Option("--note", help="Why, in your words; kept with the event.")]  # noqa: UP045 - typer reads the annotation
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and stop.")]


# The options that say a key of an entry, where they do not have its name.
_OPTIONS = {
    "best_at": "--at",
    "earliest_at": "--earliest",
    "latest_at": "--latest",
    "source_url": "--source",
    "entry_ids": "--entry",
    "merged_into": "INTO",
}

TAKES_EFFECT = "it takes effect with the next: aftershock run"


class SelectedFrom(StrEnum):
    """How a person found an event."""

    NEWS = "news"
    PRICE = "price"


class Status(StrEnum):
    """How an event stands."""

    CONFIRMED = "confirmed"
    DETECTED = "detected"
    REJECTED = "rejected"


def register(app: typer.Typer) -> None:
    """Attach the commands."""
    events = typer.Typer(no_args_is_help=True, help="Events: what happened, when the public knew, and your word on it.")
    for name, command in (
        ("list", list_),
        ("sample", sample),
        ("show", show),
        ("confirm", confirm),
        ("reject", reject),
        ("merge", merge_events),
        ("split", split_event),
        ("retime", retime),
        ("add", add),
        ("import", import_events),
        ("undo", undo),
        ("tag", tag),
        ("score", score),
        ("why", why),
    ):
        events.command(name)(command)
    app.add_typer(events, name="events")


def list_(
    category: Annotated[Optional[Category], category_option("Only this category, e.g. outage.")] = None,  # noqa: UP045 - typer reads the annotation
    since: Annotated[Optional[Instant], instant_option("Only from this day or instant on, e.g. 2026-06-01.")] = None,  # noqa: UP045 - typer reads the annotation
    status: Annotated[Optional[Status], typer.Option(help="Only events of this standing.")] = None,  # noqa: UP045 - typer reads the annotation
    ai_only: Annotated[
        bool, typer.Option("--ai-only", help="Only what matters to decentralised-AI tokens (relevance high or medium).")
    ] = False,
    fmt: FormatOption = Format.TABLE,
) -> None:
    """List events in order of time, without the rejected ones.

    Example: aftershock events list --ai-only --since 2026-06-01
    """
    from flows.event_views import EventChoice, list_events
    from flows.settings import load_settings

    settings: Settings = load_settings()
    choice = EventChoice(category, since, status, ai_only)
    emit(list_events(settings.published_path, settings.config_path, choice), fmt, "events")


def show(
    event_id: EventArgument,
    fmt: FormatOption = Format.TABLE,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each headline met the others.")] = False,
) -> None:
    """Show one event: its time with the evidence, its episode, what else happened around it, and why it is an event.

    Example: aftershock events show 2026-06-12-fable-mythos-access-restriction --explain
    """
    from flows.event_views import event_confounders, event_episode, event_sources, show_event
    from flows.settings import load_settings

    settings: Settings = load_settings()
    published, config_path = settings.published_path, settings.config_path
    if fmt is not Format.TABLE:
        emit(
            event_sources(published, event_id, explain) if explain else show_event(published, config_path, event_id),
            fmt,
        )
        return
    emit(show_event(published, config_path, event_id), fmt, "event")
    emit(event_sources(published, event_id, explain), fmt, "evidence")
    emit(event_episode(published, event_id), fmt, "episode: earlier and later steps")
    emit(event_confounders(published, event_id), fmt, "confounders")


def confirm(event_id: EventArgument, note: NoteOption = None, dry_run: DryRunOption = False) -> None:
    """Confirm an event: write `status = "confirmed"` into your own ledger file.

    Example: aftershock events confirm 2026-06-15-us-judge-dismisses-xai-trade-secret-lawsuit
    """
    _decide(event_id, {"status": "confirmed", "note": note}, dry_run)


def reject(event_id: EventArgument, note: NoteOption = None, dry_run: DryRunOption = False) -> None:
    """Reject an event: it stays on record, and no study or page uses it.

    Example: aftershock events reject 2026-06-13-sacks-responds --note "a remark, not an act"
    """
    _decide(event_id, {"status": "rejected", "note": note}, dry_run)


def merge_events(
    event_id: EventArgument,
    into: Annotated[EventId, event_argument("The event that stays and takes over the evidence.")],
    note: NoteOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Merge an event into another: all of its evidence moves, and it is rejected with that reason.

    Example: aftershock events merge 2026-06-13-sacks-responds 2026-06-12-fable-mythos-access-restriction
    """
    _decide(event_id, {"merged_into": into, "note": note}, dry_run)


def split_event(
    event_id: EventArgument,
    new_id: NewEvent,
    entry: Annotated[list[str], typer.Option("--entry", help="Entry or story id to take along; repeat it.")],
    title: Annotated[str, typer.Option("--title", help="Title of the new event.")],
    at: Annotated[Instant, exact_instant_option("First public evidence of the new event.", "--at")],
    dry_run: DryRunOption = False,
) -> None:
    """Split an event: the named headlines become an event of their own.

    The ids are in the output of `aftershock events show EVENT --explain`.

    Example: aftershock events split 2026-06-12-a 2026-06-13-b --entry 1f0c --title "It" --at 2026-06-13T16:57:49Z
    """
    changes = {"split_from": event_id, "entry_ids": entry, "title": title, "best_at": at}
    _decide(new_id, changes, dry_run)


def retime(
    event_id: EventArgument,
    at: Annotated[Instant, exact_instant_option("First public evidence.", "--at")],
    earliest: Annotated[Optional[Instant], instant_option("Not before; a day alone is its 00:00.")] = None,  # noqa: UP045 - typer reads the annotation
    latest: Annotated[Optional[Instant], last_instant_option("Not after; a day alone is its last second.")] = None,  # noqa: UP045 - typer reads the annotation
    note: NoteOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Set the time of an event: the first public evidence, and its bounds (the same instant when you give none).

    Example: aftershock events retime 2026-06-13-sacks-responds --at 2026-06-13T17:45:13Z --note "time of the post"
    """
    times = {"best_at": at, "earliest_at": earliest, "latest_at": latest}
    changes: dict[str, object] = {key: value for key, value in times.items() if value is not None}
    _decide(event_id, {**changes, "note": note}, dry_run)


def add(
    new_id: NewEvent,
    title: Annotated[str, typer.Option("--title", help="What happened, in neutral words.")],
    category: Annotated[Category, category_option("Its category, e.g. outage.")],
    at: Annotated[Instant, exact_instant_option("First public evidence.", "--at")],
    earliest: Annotated[Optional[Instant], instant_option("Not before; a day alone is its 00:00.")] = None,  # noqa: UP045 - typer reads the annotation
    latest: Annotated[Optional[Instant], last_instant_option("Not after; a day alone is its last second.")] = None,  # noqa: UP045 - typer reads the annotation
    severity: Annotated[Optional[int], typer.Option(min=1, max=5, help="1 minor to 5 exceptional.")] = None,  # noqa: UP045 - typer reads the annotation
    source: Annotated[Optional[str], typer.Option(help="Address of the evidence.")] = None,  # noqa: UP045 - typer reads the annotation
    selected_from: Annotated[SelectedFrom, typer.Option(help="How you found it.")] = SelectedFrom.NEWS,
    note: NoteOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Add an event that no feed told: the next run measures it, and its pages show it.

    An event found because the price moved is --selected-from price: its p values are withheld.

    Example: aftershock events add 2026-06-14-my-event --title "A law" --category executive_order
    --at 2026-06-14T15:00:00Z
    """
    from flows.jobs.ledger import require_new
    from flows.settings import load_settings

    values: dict[str, object] = {
        "title": title,
        "category": category,
        "best_at": at,
        "earliest_at": earliest,
        "latest_at": latest,
        "severity": severity,
        "source_url": source,
        "selected_from": selected_from.value,
        "note": note,
    }
    require_new(load_settings().config_path, set(published_event_ids()), new_id)
    _write({new_id: values}, dry_run)


def import_events(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet: event_id, title, category, date, and more keys.")],
    dry_run: DryRunOption = False,
) -> None:
    """Add the events of a table to your ledger, all of them or none; the same file again changes nothing.

    A date without a time of day is an event of which only the day is known: it is listed, and no study measures it.
    Other columns may be earliest_at, latest_at, ended_at, severity, direction, jurisdiction, entities, source_url,
    selected_from and note. A wrong row is named with its remedy.

    Example: aftershock events import events.csv --dry-run
    """
    from flows.errors import CommandError
    from flows.jobs.ledger import load_decisions, read_event_table, require_new
    from flows.jobs.own_files import read_table
    from flows.settings import load_settings

    rows = read_event_table(read_table(file), file.name)
    config_path, known = load_settings().config_path, set(published_event_ids())
    own = {decision.event_id for decision in load_decisions(config_path)}
    for row in rows:
        try:
            if row.event_id and row.event_id not in own:
                parse_new_id(row.event_id)
                require_new(config_path, known, row.event_id)
            if row.values["category"]:
                row.values["category"] = parse_category(row.values["category"])
        except (typer.BadParameter, CommandError) as exc:
            said = exc.message if isinstance(exc, typer.BadParameter) else exc
            row.faults.append(f"{file.name} row {row.line}: {said}")
    if faults := [fault for row in rows for fault in row.faults]:
        raise CommandError("\n".join(faults))
    _write({row.event_id: row.values for row in rows}, dry_run)


def undo(
    decided: Annotated[Optional[str], typer.Argument(help="Take back all that you said of this event id.")] = None,  # noqa: UP045 - typer reads the annotation
) -> None:
    """Take back the last decision that a command wrote; again, the one before. With an event: all you said of it.

    Example: aftershock events undo 2026-06-14-my-event
    """
    from flows.jobs.ledger import undo_last, withdraw_decision
    from flows.settings import load_settings

    config_path = load_settings().config_path
    if decided is None:
        talk(undo_last(config_path))
    else:
        withdraw_decision(config_path, decided)
        talk(f"taken back: all that your ledger said of {decided}")
    talk(TAKES_EFFECT)


def why(
    headline: Annotated[str, typer.Argument(help="Address of a stored headline, or words of its title.")],
    fmt: FormatOption = Format.TABLE,
) -> None:
    """Say why a headline became an event, or did not.

    Example: aftershock events why "Anthropic takes Fable 5 offline"
    """
    from flows.event_views import explain_headline
    from flows.settings import load_settings

    settings: Settings = load_settings()
    emit(explain_headline(settings.published_path, settings.config_path, headline), fmt, "why")


def _decide(event_id: str, changes: dict[str, object], dry_run: bool) -> None:
    _write({event_id: changes}, dry_run)


def _write(decisions: dict[str, dict[str, object]], dry_run: bool) -> None:
    """Write all of it and say so, or say what would be written where it can stand."""
    from flows.configuration import read_own
    from flows.errors import CommandError
    from flows.jobs.ledger import FILE_NAME, faults_of_entry, record_decisions
    from flows.settings import load_settings

    wrong = [fault for event_id, changes in decisions.items() for fault in faults_of_entry(event_id, changes)]
    if wrong:
        raise CommandError("\n".join(_with_options(f"{key}: {said}") for key, said in wrong))
    config_path = load_settings().config_path
    before = read_own(config_path, FILE_NAME)
    path = record_decisions(config_path, decisions, is_rehearsal=dry_run)
    if not dry_run and read_own(config_path, FILE_NAME) == before:
        talk(f"nothing to write: {path} says all of it already")
        return
    for event_id, changes in decisions.items():
        said = ", ".join(f"{key} = {value}" for key, value in changes.items() if value is not None)
        talk(f"{'would write' if dry_run else 'wrote'} to {path}: {event_id}: {said}")
    if not dry_run:
        talk(TAKES_EFFECT)


def _with_options(fault: str) -> str:
    """A fault of an entry's key as one of the option that says it."""
    key, _, said = fault.partition(": ")
    option = _OPTIONS.get(key, f"--{key.replace('_', '-')}")
    return f"{option}: " + re.sub("|".join(_OPTIONS), lambda name: _OPTIONS[name[0]], said)
