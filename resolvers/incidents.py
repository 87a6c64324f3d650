"""Incidents, as people read them."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from is0k import models, schema
from is0k.models.organization import public_id
from is0k.schema.enums import Reason
from is0k.schema.ids import Prefix


async def open_incidents(numbers: Sequence[int]) -> dict[int, schema.Incident]:
    """The incidents that last, by the number of the monitor they are about."""
    rows = await models.Incident.filter(monitor_number__in=list(numbers), resolved_at=None)
    links = await models.IncidentMonitor.filter(incident_id__in=[row.id for row in rows])
    monitor_ids: dict[object, list[strawberry.ID]] = {}
    for link in links:
        monitor_ids.setdefault(link.incident_id, []).append(public_id(Prefix.MONITOR, link.monitor_id))
    return {row.monitor_number: to_schema(row, monitor_ids.get(row.id, [])) for row in rows if row.monitor_number}


def to_schema(row: models.Incident, monitor_ids: list[strawberry.ID]) -> schema.Incident:
    return schema.Incident(
        id=public_id(Prefix.INCIDENT, row.id),
        title=row.title,
        status=row.status,
        impact=row.impact,
        origin=row.origin,
        monitor_ids=monitor_ids,
        started_at=row.started_at,
        acknowledged_at=row.acknowledged_at,
        resolved_at=row.resolved_at,
        duration_seconds=_seconds(row.started_at, row.resolved_at),
        cause=_cause(row),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _seconds(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - start).total_seconds()


def _cause(row: models.Incident) -> schema.IncidentCause | None:
    if not row.cause:
        return None
    return schema.IncidentCause(
        reason=Reason(row.cause["reason"]), message=row.cause.get("message"), evidence=row.cause.get("evidence")
    )
