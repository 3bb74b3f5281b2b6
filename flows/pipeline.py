"""One pass over everything: the table of contents of Aftershock."""

from __future__ import annotations

import importlib
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version

import polars as pl

from flows.cluster.sharing import open_crew
from flows.context import RunContext, StepReport
from flows.freshness import INPUTS, NOTHING_NEW, has_nothing_new, remember_inputs
from flows.serve.last_run import note_run
from flows.settings import Settings
from warehouse.processes import without_collections
from warehouse.store.connection import Warehouse, open_writer
from warehouse.store.memory import release_memory
from warehouse.tables.contract import UTC, Table
from warehouse.tables.ops import RUN, STEP
from warehouse.tables.units import compact_instant

Step = Callable[[RunContext], StepReport]

# Name of the step, and the function that does it; modules are loaded when their turn comes.
STEPS: tuple[tuple[str, str], ...] = (
    ("bundle", "flows.steps.bundle:update_bundle"),
    ("prices", "flows.steps.prices:update_prices"),
    ("news", "flows.steps.news:update_news"),
    ("events", "flows.steps.events:update_events"),
    ("studies", "flows.steps.studies:update_studies"),
    ("groups", "flows.steps.groups:update_group_studies"),
    ("activity", "flows.steps.activity:update_activity_studies"),
    ("models", "flows.steps.models:update_model_studies"),
    ("resilience", "flows.steps.resilience:update_resilience"),
    ("claims", "flows.steps.claims:update_claims"),
    ("correlations", "flows.steps.correlations:update_correlations"),
    ("moves", "flows.steps.moves:update_moves"),
    ("press", "flows.steps.press:update_press"),
    ("checks", "flows.steps.publish:update_checks"),
    ("alerts", "flows.steps.alerts:notice_alerts"),
    ("publish", "flows.steps.publish:publish_warehouse"),
    ("pages", "flows.steps.publish:update_pages"),
    ("deliver", "flows.steps.alerts:deliver_alerts"),
)

# What a schedule runs on its own; each list ends with what its change needs. The daily pass keeps the whole record:
# groups, trading, models, outages and correlations.
CONCLUSIONS = ("studies", "claims", "moves", "press", "checks", "alerts", "publish", "pages", "deliver")
# Whose problems are faults of stored data, not of a source.
CHECKING = ("checks", "publish")
PRICE_STEPS = ("bundle", "prices", *CONCLUSIONS)
NEWS_STEPS = ("bundle", "news", "events", *CONCLUSIONS)

# Modules of the steps that share their work, and of pages; and one that their functions load when first called.
_SHARED = (
    "flows.steps.studies",
    "flows.steps.groups",
    "flows.steps.models",
    "flows.steps.correlations",
    "dashboards.shell.site",
    "scipy.optimize",
)


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """One finished step with its duration."""

    name: str
    report: StepReport
    seconds: float


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """A finished run: its steps in order."""

    run_id: str
    steps: tuple[StepOutcome, ...]

    @property
    def n_changed(self) -> int:
        """Rows written by all steps."""
        return sum(step.report.n_changed for step in self.steps)

    @property
    def source_problems(self) -> list[str]:
        """One line per source that failed."""
        return [line for step in self.steps if step.name not in CHECKING for line in step.report.problems]

    @property
    def check_problems(self) -> list[str]:
        """One line per data check that failed, and that it stopped the publication."""
        return [line for step in self.steps if step.name in CHECKING for line in step.report.problems]


def load_shared() -> None:
    """Import what a further process needs for the work that steps share, while this one is busy with other steps."""
    for name in _SHARED:
        importlib.import_module(name)


def load_step(reference: str) -> Step:
    """The function named `module:function`."""
    module, name = reference.split(":")
    with without_collections():  # a fifth of the time: what a module holds stays
        step: Step = getattr(importlib.import_module(module), name)
    return step


def run_pipeline(
    settings: Settings,
    now: datetime,
    *,
    say: Callable[[str], None],
    names: Iterable[str] | None = None,
    command: str = "run",
    wrap: Callable[[str, Step], Step] = lambda _name, step: step,
    clock: Callable[[], float] = time.monotonic,
) -> RunOutcome:
    """Do the named steps (all by default) in order and record the run; an error ends it as `crashed` and is raised.

    `now` is the instant the run believes in; `wrap` lets a scheduler put its own task around each step.
    """
    chosen = set(names) if names is not None else {name for name, _ in STEPS}
    run_id = f"{compact_instant(now)}-{secrets.token_hex(3)}"
    with (
        open_writer(settings.warehouse_path, settings.lock_deadline_seconds) as warehouse,
        open_crew(load_shared) as crew,
    ):
        context = RunContext(settings, warehouse, run_id, now, say, crew)
        close_dead_runs(warehouse)
        record_run(warehouse, run_id, command, now, "running", None)
        outcomes: list[StepOutcome] = []
        started, is_done = clock(), False

        def ended_at() -> datetime:
            return now + timedelta(seconds=clock() - started)

        try:
            for name, reference in STEPS:
                if name in chosen:
                    if name == "publish":
                        _record_end(warehouse, run_id, command, now, outcomes, ended_at())
                    outcomes.append(_take_step(context, name, wrap(name, load_step(reference)), clock))
            is_done = True
        finally:
            if not is_done:
                record_run(warehouse, run_id, command, now, "crashed", ended_at())
            done = RunOutcome(run_id, tuple(outcomes))
            outcome = _outcome_of(done) if is_done else "crashed"
            note_run(settings.home, run_id, outcome, now, len(done.source_problems))
        return done


def _take_step(context: RunContext, name: str, step: Step, clock: Callable[[], float]) -> StepOutcome:
    started = clock()
    context.say(f"{name} …")
    report = _report_of(context, name, step)
    outcome = StepOutcome(name, report, clock() - started)
    context.warehouse.merge(
        STEP,
        _row(
            STEP,
            run_id=context.run_id,
            step=name,
            started_at_utc=context.now,
            seconds=outcome.seconds,
            n_changed=report.n_changed,
            detail=report.detail,
        ),
    )
    return outcome


def _report_of(context: RunContext, name: str, step: Step) -> StepReport:
    """What the step did; a step whose inputs are as they were is not taken."""
    if has_nothing_new(context, name):
        return StepReport(0, NOTHING_NEW)
    context.notes.clear()
    if name in INPUTS:
        context.crew.start()
    report = step(context)
    release_memory(context.warehouse)
    report = replace(report, detail="; ".join((report.detail, *context.notes)), notes=tuple(context.notes))
    if not report.problems:
        remember_inputs(context, name)
    return report


def _record_end(
    warehouse: Warehouse, run_id: str, command: str, started: datetime, steps: list[StepOutcome], finished: datetime
) -> None:
    outcome = _outcome_of(RunOutcome(run_id, tuple(steps)))
    record_run(warehouse, run_id, command, started, outcome, finished)


def _outcome_of(run: RunOutcome) -> str:
    return "check_failed" if run.check_problems else "source_failed" if run.source_problems else "done"


def record_run(
    warehouse: Warehouse, run_id: str, command: str, started: datetime, outcome: str, finished: datetime | None
) -> None:
    """Write the run's row; it starts at the run's own instant and ends as much later as it took."""
    warehouse.merge(
        RUN,
        _row(
            RUN,
            run_id=run_id,
            command=command,
            started_at_utc=started,
            finished_at_utc=finished,
            outcome=outcome,
            version=version("aftershock"),
        ),
    )


def close_dead_runs(warehouse: Warehouse) -> None:
    """Mark runs that never ended as killed: who holds the writer's lock knows that no other is running."""
    dead = warehouse.frame(RUN, where="outcome = 'running'")
    warehouse.merge(RUN, dead.with_columns(pl.lit("killed").alias("outcome")))


def _row(table: Table, **values: object) -> pl.DataFrame:
    return pl.DataFrame([values], schema={name: table.schema[name] for name in values}).with_columns(
        pl.col(name).cast(UTC) for name in values if table.schema[name] == UTC
    )
