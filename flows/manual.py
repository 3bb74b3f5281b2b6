"""A command that a person starts and that writes: lock, record in ops.run, publication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flows.context import RunContext, StepReport
from flows.errors import EXIT_CHECK, CommandError
from flows.pipeline import close_dead_runs, record_run
from flows.progress import Progress
from flows.settings import load_settings
from flows.steps.publish import publish_warehouse
from warehouse.store.connection import open_writer
from warehouse.tables.units import compact_instant


@contextmanager
def writing_command(command: str, *, is_published: bool = True) -> Iterator[RunContext]:
    """A context to write with; what was written is published at the end, also after an interruption or an error.

    Unless a run that publishes follows at once (`is_published` false).
    """
    settings = load_settings()
    now = datetime.now(UTC)
    with Progress() as progress, open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse:
        context = RunContext(settings, warehouse, f"{compact_instant(now)}-{command.split()[0]}", now, progress.say)
        close_dead_runs(warehouse)
        record_run(warehouse, context.run_id, command, now, "running", None)
        outcome = "crashed"
        try:
            yield context
            outcome = "done"
        finally:
            record_run(warehouse, context.run_id, command, now, outcome, datetime.now(UTC))
            publication = publish_warehouse(context) if is_published else StepReport(0, "")
        refuse_unpublished(publication)


def refuse_unpublished(publication: StepReport) -> None:
    """CommandError with exit code 4 when a failed check stopped a publication; what was written is stored."""
    if publication.problems:
        raise CommandError("\n".join((*publication.problems, "what came is stored; see: aftershock check")), EXIT_CHECK)
