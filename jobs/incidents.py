"""What a transition does to incidents. Called inside the transaction that stores the verdict."""

from typing import Any

from is0k import models
from is0k.jobs.checker import Finding
from is0k.jobs.verdict import Change, Verdict
from is0k.models.sql import Row
from is0k.schema.clock import moment
from is0k.schema.enums import IncidentImpact, IncidentOrigin, IncidentStatus


async def record_transition(monitor: Row, verdict: Verdict, finding: Finding) -> None:
    assert verdict.transition is not None
    if verdict.transition.change is Change.WENT_DOWN:
        await open_incident(monitor, verdict, finding)
    elif verdict.transition.change is Change.CAME_UP:
        await resolve_incident(monitor, verdict.transition.at)


async def open_incident(monitor: Row, verdict: Verdict, finding: Finding) -> None:
    """An index lets a monitor have one open incident: the lock on its state makes sure nobody is faster."""
    transition = verdict.transition
    assert transition is not None
    incident = await models.Incident.create(
        organization_id=monitor["organization_id"],
        title=f"{monitor['name']} is down",
        status=IncidentStatus.INVESTIGATING,
        impact=IncidentImpact.MAJOR,
        origin=IncidentOrigin.AUTOMATIC,
        monitor_number=monitor["number"],
        started_at=moment(transition.at),
        cause={"reason": transition.reason.value, "message": transition.message, "evidence": evidence(finding)},
    )
    await models.IncidentMonitor.create(incident_id=incident.id, monitor_id=monitor["monitor_id"])


async def resolve_incident(monitor: Row, at: int) -> None:
    incident = await models.Incident.get_or_none(monitor_number=monitor["number"], resolved_at=None)
    if incident:
        incident.status = IncidentStatus.RESOLVED
        incident.resolved_at = moment(at)
        await incident.save()


def evidence(finding: Finding) -> dict[str, Any]:
    """What the check that settled it saw."""
    outcome = finding.outcome
    return {"statusCode": outcome.status_code, "latencyMs": outcome.latency_ms, **outcome.detail}
