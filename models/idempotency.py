"""What was answered to a request that carried an `Idempotency-Key`, so that a repeat of it gets the same answer."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.fields.relational import ForeignKeyRelation
from tortoise.models import Model

from is0k.models.secrets import EncryptedField, vault
from is0k.models.sql import execute, fetch

REMEMBERED_MS = 24 * 3_600_000
ROWS_AT_ONCE = 1_000


class IdempotentAnswer(Model):
    """`answer` is null while the first request is under way, and may hold a secret that is shown once."""

    id = fields.IntField(primary_key=True)
    organization: ForeignKeyRelation[Any] = fields.ForeignKeyField("models.Organization")
    organization_id: UUID
    key = fields.CharField(max_length=255)
    fingerprint = fields.BinaryField()  # of method, path and body
    answer: Any = EncryptedField(null=True)
    created_at: int = fields.BigIntField(db_index=True)  # ms since the epoch

    class Meta:
        table = "idempotent_answer"
        unique_together = (("organization_id", "key"),)


@dataclass(frozen=True, slots=True)
class Claim:
    """Good until somebody takes it over, which changes `created_at`."""

    id: int
    created_at: int


async def claim(
    organization_id: UUID, key: str, fingerprint: bytes, *, now: int, forgotten_at: int, abandoned_at: int
) -> Claim | None:
    """The key for this request alone; None when another has it. All in one statement, so that of many one gets it.

    What was claimed before `forgotten_at` no longer counts; what was before `abandoned_at`, and the same request has
    not answered since, is taken over.
    """
    rows = await fetch(
        "INSERT INTO idempotent_answer (organization_id, key, fingerprint, created_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (organization_id, key) DO UPDATE "
        "SET fingerprint = excluded.fingerprint, answer = NULL, created_at = excluded.created_at "
        "WHERE idempotent_answer.created_at <= $5 OR (idempotent_answer.created_at <= $6 "
        "AND idempotent_answer.answer IS NULL AND idempotent_answer.fingerprint = excluded.fingerprint) RETURNING id",
        organization_id,
        key,
        fingerprint,
        now,
        forgotten_at,
        abandoned_at,
    )
    return Claim(rows[0]["id"], now) if rows else None


async def read(organization_id: UUID, key: str) -> IdempotentAnswer | None:
    return await IdempotentAnswer.get_or_none(organization_id=organization_id, key=key)


async def keep(claim: Claim, answer: dict[str, Any]) -> None:
    await execute(
        "UPDATE idempotent_answer SET answer = $1 WHERE id = $2 AND created_at = $3 AND answer IS NULL",
        vault.encrypt(answer),
        claim.id,
        claim.created_at,
    )


async def free(claim: Claim) -> None:
    await execute(
        "DELETE FROM idempotent_answer WHERE id = $1 AND created_at = $2 AND answer IS NULL", claim.id, claim.created_at
    )


async def forget_answers(before: int) -> bool:
    """Delete some of the answers from before; False when nothing is left to do."""
    gone = await execute(
        "DELETE FROM idempotent_answer WHERE id IN "
        "(SELECT id FROM idempotent_answer WHERE created_at <= $1 ORDER BY created_at LIMIT $2)",
        before,
        ROWS_AT_ONCE,
    )
    return gone == ROWS_AT_ONCE
