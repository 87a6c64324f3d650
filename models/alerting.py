"""Alert channels, and the outbox of what is to be delivered through them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.fields.relational import ForeignKeyRelation

from is0k import schema
from is0k.models.base import OwnedRow, Row
from is0k.models.incident import Incident
from is0k.models.organization import public_id
from is0k.models.secrets import EncryptedField, vault
from is0k.models.sql import any_of, datetime_of, fetch, json_of, literal
from is0k.schema.alert_channel import SETTINGS
from is0k.schema.delivery import LastDelivery
from is0k.schema.enums import ChannelEvent, ChannelType, DeliveryStatus
from is0k.schema.ids import Prefix
from is0k.schema.typed_settings import load, masked


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
        indexes = (("organization_id", "id"),)

    @property
    def channel_type(self) -> ChannelType:
        return ChannelType(self.type)

    @property
    def typed_settings(self) -> Any:
        """Credentials in the clear."""
        return load(SETTINGS[self.channel_type], self.settings | self.secrets)


class MonitorChannel(Row):
    """Which channels tell about which monitors."""

    monitor: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Monitor", to_field="id")
    channel: ForeignKeyRelation[AlertChannel] = fields.ForeignKeyField("models.AlertChannel")
    monitor_id: UUID
    channel_id: UUID

    class Meta:
        table = "monitor_channel"
        unique_together = (("monitor_id", "channel_id"),)
        indexes = (("channel_id",),)


class Delivery(OwnedRow):
    """One alert for one channel: written with the transition it tells of, sent afterwards, kept as a record."""

    incident: ForeignKeyRelation[Incident] | None = fields.ForeignKeyField("models.Incident", null=True)
    channel: ForeignKeyRelation[AlertChannel] = fields.ForeignKeyField("models.AlertChannel")
    incident_id: UUID | None
    channel_id: UUID
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
        indexes = (
            ("status", "next_attempt_at"),
            ("organization_id", "id"),
            ("channel_id", "id"),
            ("organization_id", "kind", "updated_at"),
        )

    def to_schema(self) -> schema.Delivery:
        return schema.Delivery(
            id=public_id(Prefix.DELIVERY, self.id),
            channel_id=public_id(Prefix.ALERT_CHANNEL, self.channel_id),
            incident_id=public_id(Prefix.INCIDENT, self.incident_id) if self.incident_id else None,
            kind=self.kind,
            status=DeliveryStatus(self.status),
            attempts=self.attempts,
            next_attempt_at=self.next_attempt_at,
            response=self.response,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


async def name_channels(monitor_id: UUID, wanted: Sequence[UUID]) -> None:
    """Of a monitor: these and no others; a link that is there already stays as it is."""
    own = MonitorChannel.filter(monitor_id=monitor_id)
    present = {link.channel_id for link in await own}
    if gone := present.difference(wanted):
        await own.filter(channel_id__in=gone).delete()
    await MonitorChannel.bulk_create(
        MonitorChannel(monitor_id=monitor_id, channel_id=id) for id in wanted if id not in present
    )


async def oldest_unsent(now: datetime) -> datetime | None:
    """When the delivery was due that has waited longest; None when none waits."""
    rows = await fetch(
        "SELECT min(COALESCE(next_attempt_at, created_at)) AS due_at FROM delivery "
        "WHERE status = $1 AND COALESCE(next_attempt_at, created_at) <= $2",
        DeliveryStatus.PENDING.value,
        now,
    )
    due_at = rows[0]["due_at"]
    return None if due_at is None else datetime_of(due_at)


SELECT = """
    SELECT c.id, c.name, c.type, c.enabled, c.is_default, c.events, c.settings, c.secrets, c.created_at, c.updated_at,
    (SELECT count(*) FROM monitor_channel l WHERE l.channel_id = c.id) AS monitor_count,
    d.status AS last_status, d.updated_at AS last_at, d.response AS last_message
    FROM alert_channel c LEFT JOIN delivery d
    ON d.id = (SELECT id FROM delivery WHERE channel_id = c.id ORDER BY id DESC LIMIT 1)
"""


async def read_channel(organization_id: UUID, id: UUID) -> schema.AlertChannel | None:
    return (await read_channels_of(organization_id, [id])).get(id)


async def read_channels_of(organization_id: UUID, ids: Sequence[UUID]) -> dict[UUID, schema.AlertChannel]:
    """Those of the ids that there are."""
    where = f"WHERE c.organization_id = $1 AND c.id {any_of('$2', 'uuid')}"
    rows = await fetch(f"{SELECT} {where}", organization_id, list(ids))
    return {UUID(str(row["id"])): to_schema(row) for row in rows}


async def read_channels(
    organization_id: UUID, filter: schema.AlertChannelFilter, before: UUID | None, limit: int
) -> list[schema.AlertChannel]:
    """Newest first, older than `before`."""
    where, values = _conditions(organization_id, filter)
    if before:
        values.append(before)
        where += f" AND c.id < ${len(values)}"
    values.append(limit)
    rows = await fetch(f"{SELECT} WHERE {where} ORDER BY c.id DESC LIMIT ${len(values)}", *values)
    return [to_schema(row) for row in rows]


async def count_channels(organization_id: UUID, filter: schema.AlertChannelFilter) -> int:
    where, values = _conditions(organization_id, filter)
    rows = await fetch(f"SELECT count(*) AS n FROM alert_channel c WHERE {where}", *values)
    return int(rows[0]["n"])


def _conditions(organization_id: UUID, filter: schema.AlertChannelFilter) -> tuple[str, list[object]]:
    where, values = "c.organization_id = $1", [organization_id]  # type: tuple[str, list[object]]
    for condition, value in (
        ("c.type = $?", filter.type and filter.type.value),
        ("c.enabled = $?", filter.enabled),
        ("lower(c.name) LIKE lower($?) ESCAPE '\\'", filter.q and f"%{literal(filter.q)}%"),
    ):
        if value is not None:
            values.append(value)
            where += f" AND {condition.replace('$?', f'${len(values)}')}"
    return where, values


def to_schema(row: Mapping[str, Any]) -> schema.AlertChannel:
    type = ChannelType(row["type"])
    secrets = vault.decrypt(row["secrets"]) if row["secrets"] else {}
    return schema.AlertChannel(
        id=public_id(Prefix.ALERT_CHANNEL, row["id"]),
        name=row["name"],
        type=type,
        enabled=bool(row["enabled"]),
        is_default=bool(row["is_default"]),
        events=[ChannelEvent(word) for word in json_of(row["events"])],
        settings=masked(load(SETTINGS[type], json_of(row["settings"]) | secrets)),
        monitor_count=row["monitor_count"],
        last_delivery=_last_delivery(row),
        created_at=datetime_of(row["created_at"]),
        updated_at=datetime_of(row["updated_at"]),
    )


def _last_delivery(row: Mapping[str, Any]) -> LastDelivery | None:
    if row["last_status"] is None:
        return None
    return LastDelivery(
        status=DeliveryStatus(row["last_status"]), at=datetime_of(row["last_at"]), message=row["last_message"]
    )
