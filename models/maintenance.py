"""Maintenance windows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.expressions import Q, Subquery
from tortoise.fields.relational import ForeignKeyRelation
from tortoise.functions import Lower
from tortoise.queryset import QuerySet

from is0k import schema
from is0k.models.base import OwnedRow, Row
from is0k.models.organization import public_id
from is0k.schema.enums import MaintenanceStatus
from is0k.schema.ids import Prefix, decode
from is0k.schema.recurrence import Recurrence, Span


class MaintenanceWindow(OwnedRow):
    title = fields.CharField(max_length=200)
    starts_at: datetime = fields.DatetimeField()
    ends_at: datetime = fields.DatetimeField()
    rrule = fields.CharField(max_length=500, null=True)  # RFC 5545; null: once
    timezone = fields.CharField(max_length=50, default="UTC")

    class Meta:
        table = "maintenance_window"
        indexes = (("organization_id", "id"),)

    @property
    def recurrence(self) -> Recurrence:
        return Recurrence(self.starts_at, self.ends_at, self.rrule, self.timezone)

    def place(self, now: datetime) -> tuple[MaintenanceStatus, Span | None]:
        """Where it is now, and when it comes next."""
        coming = self.recurrence.next(now)
        if self.recurrence.active(now):
            return MaintenanceStatus.ACTIVE, coming
        return (MaintenanceStatus.SCHEDULED if coming else MaintenanceStatus.ENDED), coming


class MaintenanceMonitor(Row):
    window: ForeignKeyRelation[MaintenanceWindow] = fields.ForeignKeyField("models.MaintenanceWindow")
    monitor: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Monitor", to_field="id")
    window_id: UUID
    monitor_id: UUID

    class Meta:
        table = "maintenance_monitor"
        unique_together = (("window_id", "monitor_id"),)
        indexes = (("monitor_id", "window_id"),)


def matching_windows(
    organization_id: UUID, filter: schema.MaintenanceWindowFilter, now: datetime
) -> QuerySet[MaintenanceWindow]:
    """The status of one that repeats only the rule can tell: of those this finds all that may have it."""
    found = MaintenanceWindow.of(organization_id)
    if filter.q:
        found = found.annotate(lower_title=Lower("title")).filter(lower_title__contains=filter.q.lower())
    if filter.monitor_id is not None:
        monitor_id = decode(Prefix.MONITOR, filter.monitor_id)
        about = MaintenanceMonitor.filter(monitor_id=monitor_id).values("window_id")
        found = found.filter(id__in=Subquery(about)) if monitor_id else found.filter(id__in=[])
    match filter.status:
        case MaintenanceStatus.SCHEDULED:
            found = found.filter(Q(rrule__isnull=False) | Q(starts_at__gt=now))
        case MaintenanceStatus.ACTIVE:
            found = found.filter(Q(rrule__isnull=False) | Q(ends_at__gt=now), starts_at__lte=now)
        case MaintenanceStatus.ENDED:
            found = found.filter(ends_at__lte=now)
    return found


async def to_schema(windows: Sequence[MaintenanceWindow], now: datetime) -> list[schema.MaintenanceWindow]:
    """One statement for the monitors, however many windows."""
    monitor_ids: dict[UUID, list[Any]] = defaultdict(list)
    for link in await MaintenanceMonitor.filter(window_id__in=[window.id for window in windows]).order_by("id"):
        monitor_ids[link.window_id].append(public_id(Prefix.MONITOR, link.monitor_id))
    return [_to_schema(window, monitor_ids[window.id], now) for window in windows]


def _to_schema(row: MaintenanceWindow, monitor_ids: list[Any], now: datetime) -> schema.MaintenanceWindow:
    status, coming = row.place(now)
    return schema.MaintenanceWindow(
        id=public_id(Prefix.MAINTENANCE_WINDOW, row.id),
        title=row.title,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        rrule=row.rrule,
        timezone=row.timezone,
        monitor_ids=monitor_ids,
        status=status,
        next_starts_at=coming.start if coming else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
