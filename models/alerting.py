"""Alert channels, and the outbox of what is to be delivered through them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.fields.relational import ForeignKeyRelation

from is0k.models.base import OwnedRow, Row
from is0k.models.incident import Incident
from is0k.models.secrets import EncryptedField


class AlertChannel(OwnedRow):
    name = fields.CharField(max_length=100)
    type = fields.CharField(max_length=20)
    enabled = fields.BooleanField(default=True)
    is_default = fields.BooleanField(default=False)
    events: list[str] = fields.JSONField[list[str]](default=list)
    settings: dict[str, Any] = fields.JSONField[dict[str, Any]](default=dict)
    secrets: Any = EncryptedField(null=True)

    class Meta:
        table = "alert_channel"


class MonitorChannel(Row):
    """Which channels tell about which monitors."""

    monitor: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Monitor", to_field="id")
    channel: ForeignKeyRelation[AlertChannel] = fields.ForeignKeyField("models.AlertChannel")
    monitor_id: UUID
    channel_id: UUID

    class Meta:
        table = "monitor_channel"
        unique_together = (("monitor_id", "channel_id"),)


class Delivery(OwnedRow):
    """One alert for one channel: written with the transition it tells of, sent afterwards, kept as a record."""

    incident: ForeignKeyRelation[Incident] | None = fields.ForeignKeyField("models.Incident", null=True)
    channel: ForeignKeyRelation[AlertChannel] = fields.ForeignKeyField("models.AlertChannel")
    kind = fields.CharField(max_length=20)
    seq = fields.IntField(default=0)
    status = fields.CharField(max_length=20, default="pending")
    payload: dict[str, Any] = fields.JSONField[dict[str, Any]](default=dict)
    attempts = fields.IntField(default=0)
    next_attempt_at: datetime | None = fields.DatetimeField(null=True)
    lease_until: datetime | None = fields.DatetimeField(null=True)
    response = fields.CharField(max_length=1000, null=True)

    class Meta:
        table = "delivery"
        unique_together = (("incident_id", "channel_id", "kind", "seq"),)
        indexes = (("status", "next_attempt_at"),)
