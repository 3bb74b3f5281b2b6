"""What a stop left behind in Prefect's records: runs that died, runs that were missed, limits that stayed taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelled, Crashed

from flows.serve.turns import runs_that_died, runs_under_way

UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
# A run that was due longer ago than this was missed while nothing served; the next one does its work.
MISSED_AFTER = timedelta(minutes=1)


def recover(
    client: SyncPrefectClient, deployment_ids: Sequence[UUID], home: Path, now: datetime, *, is_own_server: bool
) -> tuple[int, int]:
    """Mark dead runs Crashed, missed ones Cancelled, and free the deployments' limits; returns both counts.

    On a server of our own every run under way that holds no turn is dead, because nothing is served yet. On a shared
    one only the runs that this home noted are judged.
    """
    for deployment_id in deployment_ids:
        client.update_deployment(deployment_id, DeploymentUpdate(concurrency_limit=None))
    noted, alive = runs_that_died(home), runs_under_way(home)
    n_crashed = 0
    for run in _runs(client, deployment_ids, UNDER_WAY):
        is_dead = str(run.id) in noted or (is_own_server and str(run.id) not in alive)
        if is_dead:
            message = "its process ended without a word; found at the next start"
            client.set_flow_run_state(run.id, Crashed(message=message), force=True)
            n_crashed += 1
    n_missed = 0
    for run in _runs(client, deployment_ids, [StateType.SCHEDULED]):
        if run.next_scheduled_start_time is not None and run.next_scheduled_start_time < now - MISSED_AFTER:
            client.set_flow_run_state(run.id, Cancelled(message="due while nothing was serving"), force=True)
            n_missed += 1
    return n_crashed, n_missed


def _runs(client: SyncPrefectClient, deployment_ids: Sequence[UUID], types: list[StateType]) -> list[FlowRun]:
    return client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types))),
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(deployment_ids))),
    )
