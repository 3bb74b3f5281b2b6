"""What Prefect does by itself when runs go wrong."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from prefect.automations import AutomationCore, EventTrigger
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import CancelFlowRun, RunDeployment
from prefect.events.schemas.automations import Posture
from prefect.events.schemas.events import ResourceSpecification

# A run that goes on for longer hangs; the daily pass over a long record takes minutes.
HANGS_AFTER = timedelta(hours=2)
# Without a completed run for so long a price pass is asked for, whatever the schedules do.
SILENT_AFTER = timedelta(hours=1)
FLOW_RUNS = ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"})
ENDS = {f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Crashed", "Cancelled")}


def planned_automations(prices_id: UUID) -> list[AutomationCore]:
    """A run that hangs is cancelled; when none has completed for an hour, a price pass is asked for."""
    return [
        AutomationCore(
            name="aftershock: cancel a run that hangs",
            description="A run under way for two hours keeps the others from the warehouse.",
            trigger=EventTrigger(
                match=FLOW_RUNS,
                after={"prefect.flow-run.Running"},
                expect=ENDS,
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=HANGS_AFTER,
            ),
            actions=[CancelFlowRun()],
        ),
        AutomationCore(
            name="aftershock: ask for a pass when none completes",
            description="No run has completed for an hour.",
            trigger=EventTrigger(
                match=FLOW_RUNS,
                after={"prefect.flow-run.Completed"},
                expect={"prefect.flow-run.Completed"},
                posture=Posture.Proactive,
                threshold=1,
                within=SILENT_AFTER,
            ),
            actions=[RunDeployment(source="selected", deployment_id=prices_id, parameters=None, job_variables=None)],
        ),
    ]


def apply_automations(client: SyncPrefectClient, prices_id: UUID) -> list[str]:
    """Create the automations, or bring those of the same name up to date; returns their names."""
    planned = planned_automations(prices_id)
    for automation in planned:
        known = client.read_automations_by_name(automation.name)
        if known:
            client.update_automation(known[0].id, automation)
        else:
            client.create_automation(automation)
    return [automation.name for automation in planned]
