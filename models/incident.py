"""Incidents, and what is said about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.fields.relational import ForeignKeyRelation

from is0k.models.base import OwnedRow, Row, word
from is0k.schema.enums import IncidentImpact, IncidentOrigin, IncidentStatus


class Incident(OwnedRow):
    title = fields.CharField(max_length=200)
    status: IncidentStatus = word(IncidentStatus)
    impact: IncidentImpact = word(IncidentImpact)
    origin: IncidentOrigin = word(IncidentOrigin)
    # The monitor an automatic incident is about. A partial unique index lets a monitor have one open at a time.
    monitor_number: int | None = fields.IntField(null=True)
    started_at: datetime = fields.DatetimeField()
    acknowledged_at: datetime | None = fields.DatetimeField(null=True)
    acknowledged_by = fields.CharField(max_length=254, null=True)
    resolved_at: datetime | None = fields.DatetimeField(null=True)
    cause: dict[str, Any] | None = fields.JSONField[dict[str, Any]](null=True)

    class Meta:
        table = "incident"
        indexes = (("organization_id", "id"), ("monitor_number", "started_at"))


class IncidentMonitor(Row):
    """Which monitors an incident is about."""

    incident: ForeignKeyRelation[Incident] = fields.ForeignKeyField("models.Incident")
    monitor: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Monitor", to_field="id")
    incident_id: UUID
    monitor_id: UUID

    class Meta:
        table = "incident_monitor"
        unique_together = (("incident_id", "monitor_id"),)
        indexes = (("monitor_id", "incident_id"),)


class IncidentUpdate(Row):
    incident: ForeignKeyRelation[Incident] = fields.ForeignKeyField("models.Incident")
    incident_id: UUID
    status: IncidentStatus = word(IncidentStatus)
    message = fields.TextField()  # Markdown

    class Meta:
        table = "incident_update"
        indexes = (("incident_id", "id"),)


async def set_links(links: type[Row], column: str, incident_id: UUID, wanted: Sequence[UUID]) -> None:
    """Link an incident with these and no others; a link that is there already stays as it is."""
    own = links.filter(incident_id=incident_id)
    present = set(await own.values_list(column, flat=True))
    if gone := present.difference(wanted):
        await own.filter(**{f"{column}__in": gone}).delete()
    await links.bulk_create([links(incident_id=incident_id, **{column: id}) for id in wanted if id not in present])


async def count_open() -> int:
    """Of all organizations."""
    return await Incident.filter(resolved_at=None).count()
