"""The same steps as Prefect sees them: a flow, its schedules, the one-writer limit, an artifact per run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from prefect import flow, serve, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.concurrency.sync import concurrency
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from flows.context import RunContext, StepReport
from flows.pipeline import NEWS_STEPS, PRICE_STEPS, RunOutcome, Step, run_pipeline
from flows.settings import Settings, load_settings
from ingest.errors import TransientError
from warehouse.tables.units import number

WRITER_LIMIT = "aftershock-writer"
STEP_RETRIES = 2
STEP_RETRY_SECONDS = [10.0, 60.0]
# A scheduled run waits for the one before it rather than fail.
SCHEDULED_LOCK_SECONDS = 600.0
SERVED_RUNS_AT_ONCE = 2
DAILY_CRON = "30 5 * * *"


@flow(name="aftershock", log_prints=False, persist_result=False, validate_parameters=True)
def aftershock(steps: list[str] | None = None, now: str | None = None, is_offline: bool = False) -> str:
    """One pass, or the named steps of it; returns the run id."""
    settings = load_settings()
    settings = replace(
        settings,
        is_offline=settings.is_offline or is_offline,
        lock_deadline_seconds=max(settings.lock_deadline_seconds, SCHEDULED_LOCK_SECONDS),
    )
    instant = datetime.fromisoformat(now) if now else datetime.now(UTC)
    return _run_with_tasks(settings, instant, steps, lambda _sentence: None).run_id


def run_as_flow(settings: Settings, now: datetime, say: Callable[[str], None]) -> RunOutcome:
    """One pass as a Prefect flow run on the configured server, in this process."""

    @flow(name="aftershock", persist_result=False, validate_parameters=False)
    def one_pass() -> RunOutcome:
        return _run_with_tasks(settings, now, None, say)

    return one_pass()


def _run_with_tasks(
    settings: Settings, now: datetime, steps: list[str] | None, say: Callable[[str], None]
) -> RunOutcome:
    with concurrency(WRITER_LIMIT, occupy=1, strict=False):
        outcome = run_pipeline(settings, now, say=say, names=steps, wrap=as_task)
    create_markdown_artifact(changes_markdown(outcome), key="aftershock-run", description="What this run changed")
    return outcome


def as_task(name: str, step: Step) -> Step:
    """`step` as a Prefect task that is tried again only after a transient error."""
    wrapped: Any = task(
        name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=STEP_RETRIES,
        retry_delay_seconds=STEP_RETRY_SECONDS,
        retry_condition_fn=_is_transient,
    )(step)

    def run_step(context: RunContext) -> StepReport:
        report: StepReport = wrapped(context)
        return report

    return run_step


def _is_transient(_task: Any, _run: Any, state: Any) -> bool:
    return isinstance(state.result(raise_on_failure=False), TransientError)


def changes_markdown(outcome: RunOutcome) -> str:
    """What a run changed and which sources failed, in Markdown."""
    lines = [
        f"Run {outcome.run_id}: {outcome.n_changed} rows changed",
        "",
        "| step | rows | detail | s |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {s.name} | {s.report.n_changed} | {s.report.detail} | {number(s.seconds, 1)} |" for s in outcome.steps
    ]
    problems = [*outcome.source_problems, *outcome.check_problems]
    return "\n".join([*lines, "", *(f"- {line}" for line in problems)])


def deployments(prices_minutes: int, news_minutes: int) -> list[RunnerDeployment]:
    """The three schedules: prices, news, and the daily pass over everything."""
    limit = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    shared: dict[str, Any] = {"entrypoint_type": EntrypointType.MODULE_PATH, "concurrency_limit": limit}
    return [
        _deployment(
            "prices", interval=timedelta(minutes=prices_minutes), parameters={"steps": list(PRICE_STEPS)}, **shared
        ),
        _deployment("news", interval=timedelta(minutes=news_minutes), parameters={"steps": list(NEWS_STEPS)}, **shared),
        _deployment("daily", cron=DAILY_CRON, **shared),
    ]


def _deployment(name: str, **options: Any) -> RunnerDeployment:
    # Prefect's signature also allows a coroutine, which it returns only inside an event loop.
    return cast(RunnerDeployment, aftershock.to_deployment(name, **options))


def serve_schedules(prices_minutes: int, news_minutes: int) -> None:
    """Register the one-writer limit and the schedules, and run what is due until interrupted."""
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(WRITER_LIMIT, 1)
    serve(*deployments(prices_minutes, news_minutes), limit=SERVED_RUNS_AT_ONCE, print_starting_message=False)
