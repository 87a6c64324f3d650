"""What a transition does to incidents. Called inside the transaction that stores the verdict."""

from collections.abc import Sequence
from uuid import UUID

from is0k import models
from is0k.jobs.telling import Change, Transition
from is0k.probes.base import Outcome
from is0k.schema.clock import moment
from is0k.schema.enums import IncidentImpact, IncidentOrigin, IncidentStatus


async def record_transition(number: int, transition: Transition, outcome: Outcome) -> Sequence[UUID]:
    """`outcome` is that of the check that settled it. The ids of the incidents opened or resolved."""
    if transition.change is Change.WENT_DOWN:
        return [await open_incident(number, transition, outcome)]
    if transition.change is Change.CAME_UP:
        return await resolve_incident(number, transition.at)
    return []


async def open_incident(number: int, transition: Transition, outcome: Outcome) -> UUID:
    """An index lets a monitor have one open incident: the lock on its state makes sure nobody is faster."""
    monitor = await models.Monitor.get(number=number).only("number", "id", "name", "organization_id")
    incident = await models.Incident.create(
        organization_id=monitor.organization_id,
        title=f"{monitor.name} is down",
        status=IncidentStatus.INVESTIGATING,
        impact=IncidentImpact.MAJOR,
        origin=IncidentOrigin.AUTOMATIC,
        monitor_number=number,
        started_at=moment(transition.at),
        cause={
            "reason": transition.reason.value,
            "message": transition.message,
            "evidence": {"statusCode": outcome.status_code, "latencyMs": outcome.latency_ms, **outcome.detail},
        },
    )
    await models.IncidentMonitor.create(incident_id=incident.id, monitor_id=monitor.id)
    return incident.id


async def resolve_incident(number: int, at: int) -> Sequence[UUID]:
    """Only what changes is written: somebody may be acknowledging it this moment."""
    lasting = models.Incident.filter(monitor_number=number, resolved_at=None)
    ids = [row.id for row in await lasting.only("id")]
    await lasting.update(status=IncidentStatus.RESOLVED, resolved_at=moment(at), updated_at=moment(at))
    return ids
