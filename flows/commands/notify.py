"""`aftershock notify`: try the addresses of alerts.toml, and list what was told."""

from typing import Annotated, Optional

import typer

from flows.errors import EXIT_SOURCE, CommandError
from flows.options import FormatOption
from flows.output import Format, emit, talk

notify_app = typer.Typer(name="notify", no_args_is_help=True, help="Who is told what: config/alerts.toml.")


def register(parent: typer.Typer) -> None:
    """Attach the group."""
    parent.add_typer(notify_app)


@notify_app.command("test")
def try_addresses(
    rule_id: Annotated[Optional[str], typer.Argument(metavar="RULE", help="Only the rule of this id.")] = None,  # noqa: UP045 - typer reads the annotation
) -> None:
    """Send a greeting to the address of every rule, or of one; exit code 3 when one could not be reached.

    Example: aftershock notify test
    """
    from datetime import UTC, datetime

    from flows.alerts.delivery import greet
    from flows.alerts.rules import ALERTS_FILE, load_rules
    from flows.settings import load_settings

    settings = load_settings()
    rules = load_rules(settings.config_path)
    if not rules:
        path = settings.config_path / ALERTS_FILE
        what = "has no [[rule]]" if path.exists() else "does not exist"
        raise CommandError(f"{path} {what}: nobody would be told anything; the README has a rule to copy")
    known = [rule.id for rule in rules]
    rules = tuple(rule for rule in rules if rule_id in (None, rule.id))
    if not rules:
        raise CommandError(f"no rule has the id {rule_id!r}; there are: {', '.join(known)}")
    problems = greet(rules, datetime.now(UTC))
    for rule in rules:
        talk(f"{rule.id} ({rule.to}): {problems.get(rule.id, 'delivered')}")
    if problems:
        raise CommandError(f"{len(problems)} of {len(rules)} addresses could not be reached", EXIT_SOURCE)


@notify_app.command("list")
def list_notifications(fmt: FormatOption = Format.TABLE) -> None:
    """List what was noted, sent or given up, newest first; waits for a run that is writing.

    Example: aftershock notify list --format json
    """
    from flows.settings import load_settings
    from warehouse.store.connection import open_writer
    from warehouse.tables.ops import NOTIFICATION

    settings = load_settings()
    with open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        told = warehouse.frame(NOTIFICATION, order_by="noticed_at_utc desc, notification_id")
    columns = ["noticed_at_utc", "rule_id", "kind", "state", "title", "page", "sent_at_utc", "detail"]
    emit(told.select(columns), fmt, "notifications")
