"""Organizations, their people and their API keys."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.expressions import Q

from is0k import schema
from is0k.models.base import OwnedRow, Row, word
from is0k.models.sql import Row as Record
from is0k.models.sql import fetch
from is0k.schema.enums import Plan, Scope
from is0k.schema.ids import Prefix, encode


class Organization(Row):
    name = fields.CharField(max_length=100)
    plan: Plan = word(Plan, default=Plan.ENTERPRISE)
    rate_limit: int | None = fields.IntField(null=True)  # requests a minute, where it is not the plan's

    class Meta:
        table = "organization"


class User(OwnedRow):
    email = fields.CharField(max_length=254, unique=True)
    password_hash = fields.CharField(max_length=200)

    class Meta:
        table = "user_account"


class ApiKey(OwnedRow):
    name = fields.CharField(max_length=100)
    hash = fields.BinaryField()
    hint = fields.CharField(max_length=30)
    scope: Scope = word(Scope)
    expires_at: datetime | None = fields.DatetimeField(null=True)
    last_used_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "api_key"

    def to_schema(self) -> schema.ApiKey:
        return schema.ApiKey(
            id=public_id(Prefix.API_KEY, self.id),
            name=self.name,
            scope=self.scope,
            hint=self.hint,
            expires_at=self.expires_at,
            last_used_at=self.last_used_at,
            created_at=self.created_at,
        )


def public_id(prefix: Prefix, value: UUID | str) -> Any:
    return encode(prefix, value if isinstance(value, UUID) else UUID(value))


async def find_key(hash: bytes) -> Record | None:
    """The key with this hash, with its organization's plan; one statement, as every request asks for it."""
    rows = await fetch(
        "SELECT k.id, k.organization_id, k.scope, k.expires_at, k.last_used_at, o.plan, o.rate_limit "
        "FROM api_key k JOIN organization o ON o.id = k.organization_id WHERE k.hash = $1",
        hash,
    )
    return rows[0] if rows else None


async def usable_keys(ids: Collection[UUID], now: datetime) -> set[UUID]:
    """Which of these keys are there and have not expired."""
    keys = ApiKey.filter(Q(expires_at=None) | Q(expires_at__gt=now), id__in=list(ids))
    return set(await keys.values_list("id", flat=True))  # type: ignore[arg-type]  # Tortoise types it as tuples


async def touch_key(id: UUID, now: datetime) -> None:
    await ApiKey.filter(id=id).update(last_used_at=now)


async def first_organization_id() -> UUID | None:
    """The organization of a server that has one."""
    row = await Organization.all().order_by("id").first()
    return row.id if row else None
