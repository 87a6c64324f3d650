"""What was answered to a request that carried an `Idempotency-Key`, so that a repeat of it gets the same answer."""

from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.fields.relational import ForeignKeyRelation
from tortoise.models import Model


class IdempotentAnswer(Model):
    """`status` and what follows are null while the first request is under way. Times in ms since the epoch."""

    id = fields.IntField(primary_key=True)
    organization: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Organization")
    organization_id: UUID
    key = fields.CharField(max_length=255)
    fingerprint = fields.BinaryField()  # of method, path and body
    status: int | None = fields.IntField(null=True)
    headers: dict[str, str] = fields.JSONField[dict[str, str]](default=dict)
    body: bytes | None = fields.BinaryField(null=True)
    created_at: int = fields.BigIntField(db_index=True)

    class Meta:
        table = "idempotent_answer"
        unique_together = (("organization_id", "key"),)
