"""The same steps as Prefect sees them: a flow, its schedules, an artifact per run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from prefect import flow, runtime, serve, task
from prefect.assets import materialize
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.deployments.runner import RunnerDeployment
from prefect.states import Cancelled, Completed, Failed
from prefect.types.entrypoint import EntrypointType

from flows.context import RunContext, StepReport
from flows.jobs.clocks import refuse_earlier_clock
from flows.pipeline import NEWS_STEPS, PRICE_STEPS, RunOutcome, Step, run_pipeline
from flows.serve.artifacts import leave_artifacts, step_assets
from flows.serve.automations import apply_automations
from flows.serve.children import end_with_parent
from flows.serve.recovery import recover
from flows.serve.turns import take_turn
from flows.serve.windows import SETTLE, WINDOWS_SCHEDULE, schedule_windows, windows_ahead
from flows.settings import Settings, load_settings
from flows.study_registry import load_studies
from ingest.errors import TransientError
from warehouse.store.connection import open_reader
from warehouse.tables.news import EVENT
from warehouse.tables.studies import REACTION_STUDY

# So many failing sources are tasks of their own; the artifact names all.
SOURCES_SHOWN = 20
STEP_RETRIES = 2
STEP_RETRY_SECONDS = [10.0, 60.0]
# A scheduled run waits for the one before it rather than fail.
SCHEDULED_LOCK_SECONDS = 600.0
SERVED_RUNS_AT_ONCE = 2
DAILY_CRON = "30 5 * * *"


# The steps of a pass as choices of Prefect's form; a test holds them to the pipeline's.
StepName = Literal[
    "bundle",
    "prices",
    "news",
    "events",
    "studies",
    "groups",
    "activity",
    "models",
    "resilience",
    "claims",
    "correlations",
    "moves",
    "press",
    "checks",
    "alerts",
    "publish",
    "pages",
    "deliver",
]


def tell_of_failure(flow: Any, flow_run: Any, state: Any) -> None:
    """Note and send that a run failed or crashed, for the rules that tell of runs."""
    from flows.alerts.runs import tell_of_run

    name, words = str(flow_run.name), str(state.message or "It left no words").rstrip(".")
    tell_of_run(load_settings(), datetime.now(UTC), name, f"Run {name} ended as {state.name}", words)


@flow(
    name="aftershock",
    description="Prices, news, events, studies, claims and pages: one pass, or the named steps of it.",
    log_prints=False,
    persist_result=False,
    validate_parameters=True,
    on_failure=[tell_of_failure],
    on_crashed=[tell_of_failure],
)
def aftershock(steps: list[StepName] | None = None, now: datetime | None = None, is_offline: bool = False) -> Any:
    """One pass, or the named steps of it; returns the run id, or a Cancelled state while the run before goes on.

    steps: the steps to take, in the order of a pass; all of them when empty.
    now: the instant to believe in, for replays.
    is_offline: do not try the network.
    """
    if runtime.deployment.id:
        end_with_parent(os.getppid())
    settings = load_settings()
    settings = replace(
        settings,
        is_offline=settings.is_offline or is_offline,
        lock_deadline_seconds=max(settings.lock_deadline_seconds, SCHEDULED_LOCK_SECONDS),
    )
    instant = now or datetime.now(UTC)
    refuse_earlier_clock(settings, instant)
    schedule = str(runtime.deployment.name or "by-hand")
    done = run_in_turn(settings, instant, cast("list[str] | None", steps), schedule, str(runtime.flow_run.id or ""))
    if runtime.deployment.id:
        plan_windows(settings, instant)
    return done


def plan_windows(settings: Settings, now: datetime) -> int:
    """Schedule a pass for every window of a fresh event that is still open; returns how many were asked for."""
    if not settings.published_path.exists():
        return 0
    windows = {study.id: study.windows_hours for study in load_studies(settings.config_path)}[REACTION_STUDY]
    with open_reader(settings.published_path) as reader:
        since = now - timedelta(hours=max(windows)) - SETTLE
        events = reader.frame(EVENT, "best_at_utc >= $since", since=since)
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(f"aftershock/{WINDOWS_SCHEDULE}")
        return schedule_windows(client, deployment.id, windows_ahead(events, windows, now))


def run_in_turn(
    settings: Settings, now: datetime, steps: list[str] | None, schedule: str, flow_run_id: str
) -> str | State[Any]:
    """The run id of a pass; Cancelled, with the reason, while the run before of the same schedule goes on."""
    with take_turn(settings.home, schedule, flow_run_id) as is_ours:
        if not is_ours:
            return Cancelled(message=f"the {schedule} run before this one is still under way; the next is due as usual")
        return _run_with_tasks(settings, now, steps, lambda _sentence: None).run_id


def run_as_flow(settings: Settings, now: datetime, say: Callable[[str], None]) -> RunOutcome:
    """One pass as a Prefect flow run on the configured server, in this process."""

    @flow(name="aftershock", persist_result=False, validate_parameters=False)
    def one_pass() -> RunOutcome:
        return _run_with_tasks(settings, now, None, say)

    return one_pass()


def _run_with_tasks(
    settings: Settings, now: datetime, steps: list[str] | None, say: Callable[[str], None]
) -> RunOutcome:
    outcome = run_pipeline(settings, now, say=say, names=steps, wrap=as_task)
    leave_artifacts(settings, outcome)
    failed = failures_by_source(outcome.source_problems)
    for source, problems in list(failed.items())[:SOURCES_SHOWN]:
        _show_source(source, "\n".join(problems), is_failed=True)
    for step in outcome.steps:
        for source, words in step.report.answered.items():
            if source not in failed:
                _show_source(source, words, is_failed=False)
    return outcome


def _show_source(name: str, words: str, *, is_failed: bool) -> None:
    """A group of sources as a task of its own, in a run that goes on however the task ended."""
    source_task.with_options(task_run_name=name)(words, is_failed=is_failed, return_state=True)


def failures_by_source(problems: Sequence[str]) -> dict[str, list[str]]:
    """The lines of each source that failed, by the name that they begin with."""
    found: dict[str, list[str]] = {}
    for line in problems:
        found.setdefault(line.partition(":")[0], []).append(line)
    return found


@task(name="source", tags=["source"], cache_policy=NO_CACHE, persist_result=False)
def source_task(words: str, *, is_failed: bool) -> Any:
    """A venue or a group of feeds, in the state in which it ended; `words` of a failed one say what to do."""
    return Failed(message=words) if is_failed else Completed(message=words)


def as_task(name: str, step: Step) -> Step:
    """`step` as a Prefect task that is tried again only after a transient error, and names the assets that it makes."""
    options: dict[str, Any] = {
        "name": name,
        "cache_policy": NO_CACHE,
        "persist_result": False,
        "retries": STEP_RETRIES,
        "retry_delay_seconds": STEP_RETRY_SECONDS,
        "retry_condition_fn": _is_transient,
    }
    made, upstream = step_assets(name)
    wrapped: Any = materialize(*made, asset_deps=upstream, **options)(step) if made else task(**options)(step)

    def run_step(context: RunContext) -> StepReport:
        report: StepReport = wrapped(context)
        return report

    return run_step


def _is_transient(_task: Any, _run: Any, state: Any) -> bool:
    return isinstance(state.result(raise_on_failure=False), TransientError)


def deployments(prices_minutes: int, news_minutes: int) -> list[RunnerDeployment]:
    """The three schedules: prices, news, and the daily pass over everything; and one for windows that complete.

    They have no concurrency limit of Prefect's: a killed run kept its slot for good, so that every later one was
    cancelled. Writers wait for one another at the warehouse's file lock, and each schedule has a turn (`turns`).
    """
    shared: dict[str, Any] = {"entrypoint_type": EntrypointType.MODULE_PATH}
    return [
        _deployment(
            "prices",
            interval=timedelta(minutes=prices_minutes),
            parameters={"steps": list(PRICE_STEPS)},
            description="Prices of every watched series, and what their change needs.",
            **shared,
        ),
        _deployment(
            "news",
            interval=timedelta(minutes=news_minutes),
            parameters={"steps": list(NEWS_STEPS)},
            description="Every feed that is due, and what a new event needs.",
            **shared,
        ),
        _deployment("daily", cron=DAILY_CRON, description="Everything, groups and models too.", **shared),
        _deployment(
            WINDOWS_SCHEDULE,
            parameters={"steps": list(PRICE_STEPS)},
            description="Measures a fresh event when one of its windows completes; runs are scheduled by the others.",
            **shared,
        ),
    ]


def _deployment(name: str, **options: Any) -> RunnerDeployment:
    # Prefect's signature also allows a coroutine, which it returns only inside an event loop.
    return cast(RunnerDeployment, aftershock.to_deployment(name, tags=["aftershock", name], **options))


def serve_schedules(prices_minutes: int, news_minutes: int, parent_pid: int, *, is_own_server: bool) -> None:
    """Register the schedules, clear up after the last stop, and run what is due until interrupted.

    A home in which nothing was ever published gets a full pass at once.
    """
    end_with_parent(parent_pid)
    settings, planned = load_settings(), deployments(prices_minutes, news_minutes)
    ids = {deployment.name: cast(UUID, deployment.apply()) for deployment in planned}
    with get_client(sync_client=True) as client:
        recover(client, list(ids.values()), settings.home, datetime.now(UTC), is_own_server=is_own_server)
        apply_automations(client, ids["prices"])
        if not settings.published_path.exists():
            client.create_flow_run_from_deployment(ids["daily"], name="first-pass")
    serve(*planned, limit=SERVED_RUNS_AT_ONCE, print_starting_message=False)
