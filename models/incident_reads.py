"""Incidents as people read them. However many they are: one statement for them, three for what belongs to them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet

from is0k import schema
from is0k.models.incident import Incident, IncidentMonitor, IncidentUpdate
from is0k.models.organization import public_id
from is0k.models.sql import any_of, datetime_of, fetch, fetch_each
from is0k.models.status_page import IncidentPage
from is0k.schema.enums import Reason
from is0k.schema.ids import Prefix, decode
from is0k.schema.incident import LastGood

# A malformed id is as good as one that nobody has.
NOBODY = UUID(int=0)
# A statement has at most 32,767 parameters.
IDS_AT_ONCE = 10_000


async def read_incident(organization_id: UUID, id: UUID) -> schema.Incident | None:
    found = await _shown(await Incident.of(organization_id).filter(id=id))
    return found[0] if found else None


async def read_incidents(
    organization_id: UUID, filter: schema.IncidentFilter, before: UUID | None, limit: int
) -> list[schema.Incident]:
    """Newest first, older than `before`."""
    older = {"id__lt": before} if before else {}
    return await _shown(await _matching(organization_id, filter).filter(**older).order_by("-id").limit(limit))


async def read_incidents_by_id(organization_id: UUID, ids: Collection[UUID]) -> dict[UUID, schema.Incident]:
    """Those of them that are there, by their id."""
    rows = await Incident.of(organization_id).filter(id__in=list(ids))
    return {row.id: incident for row, incident in zip(rows, await _shown(rows), strict=True)}


async def count_incidents(organization_id: UUID, filter: schema.IncidentFilter) -> int:
    return await _matching(organization_id, filter).count()


async def read_incidents_of(
    numbers: Sequence[int], before: UUID | None, limit: int
) -> dict[int, list[schema.Incident]]:
    """Of each monitor the newest `limit`, newest first, older than `before`."""
    older, values = (" AND l.incident_id < $2", [before]) if before else ("", [])
    links = await fetch_each(
        numbers,
        "SELECT m.number, l.incident_id FROM monitor m JOIN incident_monitor l ON l.monitor_id = m.id "
        f"WHERE m.number = $each{older} ORDER BY l.incident_id DESC LIMIT $1",
        limit,
        *values,
    )
    ids = list({link["incident_id"] for link in links})
    by_id: dict[strawberry.ID, schema.Incident] = {}
    for start in range(0, len(ids), IDS_AT_ONCE):
        some = await _shown(await Incident.filter(id__in=ids[start : start + IDS_AT_ONCE]))
        by_id |= {incident.id: incident for incident in some}
    found: dict[int, list[schema.Incident]] = {number: [] for number in numbers}
    for link in links:
        # One deleted between the two statements is not there.
        if incident := by_id.get(public_id(Prefix.INCIDENT, link["incident_id"])):
            found[link["number"]].append(incident)
    return found


async def count_incidents_of(numbers: Sequence[int]) -> dict[int, int]:
    rows = await fetch(
        "SELECT m.number, count(*) AS n FROM monitor m JOIN incident_monitor l ON l.monitor_id = m.id "
        f"WHERE m.number {any_of('$1')} GROUP BY m.number",
        list(numbers),
    )
    return dict.fromkeys(numbers, 0) | {row["number"]: row["n"] for row in rows}


async def open_incidents(numbers: Sequence[int]) -> dict[int, schema.Incident]:
    """The automatic incidents that last, by the number of the monitor they are about."""
    rows = await Incident.filter(monitor_number__in=list(numbers), resolved_at=None)
    return {
        row.monitor_number: shown for row, shown in zip(rows, await _shown(rows), strict=True) if row.monitor_number
    }


def _matching(organization_id: UUID, filter: schema.IncidentFilter) -> QuerySet[Incident]:
    conditions: dict[str, Any] = {
        "status": filter.status,
        "origin": filter.origin,
        "impact": filter.impact,
        "started_at__gte": filter.from_,
        "started_at__lt": filter.to,
        "resolved_at__isnull": filter.open,
        "title__icontains": filter.q,
    }
    found = Incident.of(organization_id).filter(
        **{name: value for name, value in conditions.items() if value is not None}
    )
    if filter.monitor_id is not None:
        links = IncidentMonitor.filter(monitor_id=decode(Prefix.MONITOR, filter.monitor_id) or NOBODY)
        found = found.filter(id__in=Subquery(links.values("incident_id")))
    if filter.status_page_id is not None:
        pages = IncidentPage.filter(page_id=decode(Prefix.STATUS_PAGE, filter.status_page_id) or NOBODY)
        found = found.filter(id__in=Subquery(pages.values("incident_id")))
    return found


async def _shown(rows: Sequence[Incident]) -> list[schema.Incident]:
    if not rows:
        return []
    mine = {"incident_id__in": [row.id for row in rows]}
    monitors = _grouped(await IncidentMonitor.filter(**mine).order_by("id").values_list("incident_id", "monitor_id"))
    pages = _grouped(await IncidentPage.filter(**mine).order_by("id").values_list("incident_id", "page_id"))
    updates: dict[UUID, list[schema.IncidentUpdate]] = defaultdict(list)
    for update in await IncidentUpdate.filter(**mine).order_by("-id"):
        updates[update.incident_id].append(_update_to_schema(update))
    return [_to_schema(row, monitors.get(row.id, []), pages.get(row.id, []), updates.get(row.id, [])) for row in rows]


def _grouped(pairs: Any) -> Mapping[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for incident_id, other_id in pairs:
        found[incident_id].append(other_id)
    return found


def _to_schema(
    row: Incident, monitors: Sequence[UUID], pages: Sequence[UUID], updates: list[schema.IncidentUpdate]
) -> schema.Incident:
    return schema.Incident(
        id=public_id(Prefix.INCIDENT, row.id),
        title=row.title,
        status=row.status,
        impact=row.impact,
        origin=row.origin,
        monitor_ids=[public_id(Prefix.MONITOR, id) for id in monitors],
        status_page_ids=[public_id(Prefix.STATUS_PAGE, id) for id in pages],
        started_at=row.started_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        resolved_at=row.resolved_at,
        duration_seconds=_seconds(row.started_at, row.resolved_at),
        cause=_cause(row),
        updates=updates,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _update_to_schema(row: IncidentUpdate) -> schema.IncidentUpdate:
    return schema.IncidentUpdate(
        id=public_id(Prefix.INCIDENT_UPDATE, row.id),
        status=row.status,
        message=row.message,
        created_at=row.created_at,
    )


def _seconds(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - start).total_seconds()


def _cause(row: Incident) -> schema.IncidentCause | None:
    """An older one has no more than a reason, a message and evidence."""
    cause = row.cause
    if not cause:
        return None
    good = cause.get("lastGood")
    return schema.IncidentCause(
        reason=Reason(cause["reason"]),
        message=cause.get("message"),
        evidence=cause.get("evidence"),
        last_good=good and LastGood(at=datetime_of(good["at"]), facts=good["facts"]),
        changed=cause.get("changed"),
    )
