"""What the rows have in common."""

from datetime import datetime
from enum import Enum
from typing import Any, Self, TypeVar
from uuid import UUID

from tortoise import fields
from tortoise.fields.relational import ForeignKeyRelation
from tortoise.models import Model
from tortoise.queryset import QuerySet

from is0k.schema.ids import uuid7

E = TypeVar("E", bound=Enum)


class Row(Model):
    """A row people know by its id: a UUIDv7, so that ids sort by the time they were made."""

    id: UUID = fields.UUIDField(primary_key=True, default=uuid7)
    created_at: datetime = fields.DatetimeField(auto_now_add=True)
    updated_at: datetime = fields.DatetimeField(auto_now=True)

    class Meta:
        abstract = True


class OwnedRow(Row):
    """A row that belongs to an organization. Reach it through `of`, so that nobody sees another's."""

    organization: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Organization")
    organization_id: UUID

    class Meta:
        abstract = True

    @classmethod
    def of(cls, organization_id: UUID) -> QuerySet[Self]:
        return cls.filter(organization_id=organization_id)


def word(words: type[E], **options: Any) -> E:
    """A column that holds an enum as its word."""
    return fields.CharEnumField(words, description=words.__name__, max_length=20, **options)  # type: ignore[return-value]
