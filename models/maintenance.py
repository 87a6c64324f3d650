"""Maintenance windows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.fields.relational import ForeignKeyRelation

from is0k.models.base import OwnedRow, Row


class MaintenanceWindow(OwnedRow):
    title = fields.CharField(max_length=200)
    starts_at: datetime = fields.DatetimeField()
    ends_at: datetime = fields.DatetimeField()
    rrule = fields.CharField(max_length=500, null=True)  # RFC 5545; null: once
    timezone = fields.CharField(max_length=50, default="UTC")

    class Meta:
        table = "maintenance_window"


class MaintenanceMonitor(Row):
    window: ForeignKeyRelation[MaintenanceWindow] = fields.ForeignKeyField("models.MaintenanceWindow")
    monitor: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Monitor", to_field="id")
    window_id: UUID
    monitor_id: UUID

    class Meta:
        table = "maintenance_monitor"
        unique_together = (("window_id", "monitor_id"),)
