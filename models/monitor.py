"""Monitors as people set them up, and the reads that join them with what the checks have found."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Self
from uuid import UUID

import strawberry
from tortoise import fields
from tortoise.fields.relational import ForeignKeyRelation
from tortoise.models import Model
from tortoise.queryset import QuerySet

from is0k import schema
from is0k.models.base import word
from is0k.models.organization import public_id
from is0k.models.secrets import EncryptedField, vault
from is0k.models.sql import Row, any_of, as_uuid, datetime_of, fetch, json_of, literal, spaced
from is0k.schema.assertion import from_stored
from is0k.schema.clock import moment
from is0k.schema.enums import MonitorStatus, MonitorType, Reason
from is0k.schema.ids import Prefix, uuid7
from is0k.schema.monitor import SETTINGS
from is0k.schema.typed_settings import load, masked


class Monitor(Model):
    """People know a monitor by `id`. `number` is the short key of the tables that grow with every check."""

    number = fields.IntField(primary_key=True)
    id: UUID = fields.UUIDField(unique=True, default=uuid7)
    organization: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Organization")
    organization_id: UUID
    name = fields.CharField(max_length=100)
    type: MonitorType = word(MonitorType)
    settings: dict[str, Any] = fields.JSONField[dict[str, Any]]()
    secrets: Any = EncryptedField(null=True)
    interval_seconds = fields.IntField()
    timeout_seconds = fields.FloatField()
    retries = fields.IntField()
    recovery_checks = fields.IntField()
    degraded_after_ms: int | None = fields.IntField(null=True)
    regions: list[str] = fields.JSONField[list[str]](default=list)
    assertions: list[dict[str, Any]] = fields.JSONField[list[dict[str, Any]]](default=list, db_default="[]")
    tag_words = fields.CharField(max_length=1100, default="")
    paused = fields.BooleanField(default=False)
    created_at: datetime = fields.DatetimeField(auto_now_add=True)
    updated_at: datetime = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "monitor"
        indexes = (("organization_id", "id"),)

    @classmethod
    def of(cls, organization_id: UUID) -> QuerySet[Self]:
        return cls.filter(organization_id=organization_id)

    @property
    def tags(self) -> list[str]:
        return self.tag_words.split()

    @tags.setter
    def tags(self, tags: list[str]) -> None:
        self.tag_words = joined(tags)

    @property
    def typed_settings(self) -> Any:
        return load(SETTINGS[self.type], self.settings | self.secrets)


def joined(tags: list[str]) -> str:
    """With a blank at both ends " prod " finds the tag, and nothing that only contains it."""
    return f" {' '.join(tags)} " if tags else ""


COLUMNS = """
    m.number, m.id, m.name, m.type, m.settings, m.secrets, m.interval_seconds, m.timeout_seconds, m.retries,
    m.recovery_checks, m.degraded_after_ms, m.regions, m.assertions, m.tag_words, m.paused, m.created_at, m.updated_at,
    s.status, s.is_blind, s.maintenance_from, s.maintenance_until, s.last_checked_at, s.last_status_change_at,
    s.last_latency_us, s.last_reason, s.last_message, h.token
"""


def _select() -> str:
    # In the order of the index that holds both columns: no table is read for it, and nothing sorted.
    channels = "SELECT channel_id FROM monitor_channel WHERE monitor_id = m.id ORDER BY channel_id"
    return (
        f"SELECT {COLUMNS}, (SELECT {spaced('told.channel_id')} FROM ({channels}) AS told) AS channel_ids "
        "FROM monitor m JOIN monitor_state s ON s.number = m.number LEFT JOIN heartbeat h ON h.number = m.number"
    )


class Viewpoint(NamedTuple):
    """Whence monitors are seen: their status is one of a moment (ms since the epoch), a ping URL begins with ours."""

    now: int
    public_url: str


async def read_monitor(organization_id: UUID, id: UUID, view: Viewpoint) -> schema.Monitor | None:
    rows = await fetch(f"{_select()} WHERE m.organization_id = $1 AND m.id = $2", organization_id, id)
    return to_schema(rows[0], view) if rows else None


async def read_monitors(
    organization_id: UUID, filter: schema.MonitorFilter, before: UUID | None, limit: int, view: Viewpoint
) -> list[schema.Monitor]:
    """Newest first, older than `before`."""
    where, values = _conditions(organization_id, filter, view.now)
    if before:
        values.append(before)
        where += f" AND m.id < ${len(values)}"
    values.append(limit)
    rows = await fetch(f"{_select()} WHERE {where} ORDER BY m.id DESC LIMIT ${len(values)}", *values)
    return [to_schema(row, view) for row in rows]


async def read_monitors_by_id(
    organization_id: UUID, ids: Collection[UUID], view: Viewpoint
) -> dict[UUID, schema.Monitor]:
    """Those of them that are there, by their id."""
    of_these = f"m.organization_id = $1 AND m.id {any_of('$2', 'uuid')}"
    rows = await fetch(f"{_select()} WHERE {of_these}", organization_id, list(ids))
    return {as_uuid(row["id"]): to_schema(row, view) for row in rows}


async def count_monitors(organization_id: UUID, filter: schema.MonitorFilter, now: int) -> int:
    where, values = _conditions(organization_id, filter, now)
    rows = await fetch(
        f"SELECT count(*) AS n FROM monitor m JOIN monitor_state s ON s.number = m.number WHERE {where}", *values
    )
    return int(rows[0]["n"])


IS_MAINTAINED = "(s.maintenance_until IS NOT NULL AND s.maintenance_from <= $? AND s.maintenance_until > $?)"


def _conditions(organization_id: UUID, filter: schema.MonitorFilter, now: int) -> tuple[str, list[object]]:
    where, values = ["m.organization_id = $1"], [organization_id]  # type: tuple[list[str], list[object]]

    def add(condition: str, value: object) -> None:
        values.append(value)
        where.append(condition.replace("$?", f"${len(values)}"))

    if filter.type:
        add("m.type = $?", filter.type.value)
    if filter.tag:
        add("m.tag_words LIKE $? ESCAPE '\\'", f"% {literal(filter.tag)} %")
    if filter.q:
        add("lower(m.name) LIKE lower($?) ESCAPE '\\'", f"%{literal(filter.q)}%")
    if filter.status is MonitorStatus.PAUSED:
        where.append("m.paused")
    elif filter.status is MonitorStatus.MAINTENANCE:
        add(f"NOT m.paused AND {IS_MAINTAINED}", now)
    elif filter.status:
        add(f"NOT m.paused AND NOT {IS_MAINTAINED}", now)
        if filter.status is MonitorStatus.UNKNOWN:
            where.append("s.is_blind")
        else:
            add("NOT s.is_blind AND s.status = $?", filter.status.value)
    return " AND ".join(where), values


async def count_by_status(now: int) -> dict[MonitorStatus, int]:
    """Of all organizations, as people see it; every status, those no monitor has included."""
    seen = "m.paused, s.is_blind, s.status, s.maintenance_from, s.maintenance_until"
    rows = await fetch(
        f"SELECT {seen}, count(*) AS n FROM monitor m JOIN monitor_state s ON s.number = m.number GROUP BY {seen}"
    )
    counts = dict.fromkeys(MonitorStatus, 0)
    for row in rows:
        counts[_status(row, now)] += row["n"]
    return counts


async def read_targets(numbers: list[int]) -> list[Row]:
    """What a worker needs to run these monitors' checks."""
    return await fetch(
        "SELECT m.number, m.type, m.settings, m.secrets, m.assertions, m.timeout_seconds, m.degraded_after_ms, "
        "m.interval_seconds, s.version FROM monitor m JOIN monitor_state s ON s.number = m.number "
        f"WHERE m.number {any_of('$1')} AND NOT m.paused",
        numbers,
    )


def stored_settings(row: Mapping[str, Any]) -> Any:
    """The typed settings of a raw row, credentials in the clear."""
    secrets = vault.decrypt(row["secrets"]) if row["secrets"] else {}
    return load(SETTINGS[MonitorType(row["type"])], json_of(row["settings"]) | secrets)


def stored_assertions(row: Mapping[str, Any]) -> list[schema.Assertion]:
    return [from_stored(assertion) for assertion in json_of(row["assertions"])]


def to_schema(row: Mapping[str, Any], view: Viewpoint) -> schema.Monitor:
    reason, latency_us = row["last_reason"], row["last_latency_us"]
    return schema.Monitor(
        number=row["number"],
        id=public_id(Prefix.MONITOR, row["id"]),
        name=row["name"],
        type=MonitorType(row["type"]),
        status=_status(row, view.now),
        paused=bool(row["paused"]),
        interval_seconds=row["interval_seconds"],
        timeout_seconds=row["timeout_seconds"],
        retries=row["retries"],
        recovery_checks=row["recovery_checks"],
        degraded_after_ms=row["degraded_after_ms"],
        regions=json_of(row["regions"]),
        alert_channel_ids=[channel_id(id) for id in (row["channel_ids"] or "").split()],
        tags=row["tag_words"].split(),
        settings=_settings(row, view.public_url),
        assertions=stored_assertions(row),
        last_checked_at=_moment(row["last_checked_at"]),
        last_status_change_at=_moment(row["last_status_change_at"]),
        last_latency_ms=None if latency_us is None else latency_us / 1000,
        last_reason=Reason(reason) if reason else None,
        last_message=row["last_message"],
        created_at=datetime_of(row["created_at"]),
        updated_at=datetime_of(row["updated_at"]),
    )


@lru_cache(maxsize=4096)
def channel_id(text: str) -> strawberry.ID:
    """A list of monitors names the same few channels a hundred times."""
    return strawberry.ID(public_id(Prefix.ALERT_CHANNEL, text))


def _settings(row: Mapping[str, Any], public_url: str) -> Any:
    shown = _shown_settings(row["type"], row["settings"], row["secrets"], vault.times_unlocked)
    return replace(shown, ping_url=f"{public_url}/ping/{row['token']}") if row["token"] else shown


@lru_cache(maxsize=2048)
def _shown_settings(type: str, settings: str, secrets: str | None, times_unlocked: int) -> Any:
    """Kept in their masked form, as most reads are of what was read before. Nobody changes the settings of a noun."""
    return masked(stored_settings({"type": type, "settings": settings, "secrets": secrets}))


def _status(row: Mapping[str, Any], now: int) -> MonitorStatus:
    if row["paused"]:
        return MonitorStatus.PAUSED
    if row["maintenance_until"] is not None and row["maintenance_from"] <= now < row["maintenance_until"]:
        return MonitorStatus.MAINTENANCE
    return MonitorStatus.UNKNOWN if row["is_blind"] else MonitorStatus(row["status"])


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment(at)
