"""When somebody was there to take calls: without it, nobody could tell a silent job from a deaf is0k.

Each API process has a row while it runs, and signs it every few seconds. Where no row reaches, nobody listened.
"""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from is0k.models.sql import Row, execute, fetch
from is0k.schema.ids import uuid7


class Listening(Model):
    id: UUID = fields.UUIDField(primary_key=True, default=uuid7)
    heard_from = fields.BigIntField()  # ms since the epoch
    heard_until = fields.BigIntField(db_index=True)

    class Meta:
        table = "listening"


async def sign(id: UUID, heard_from: int, heard_until: int) -> None:
    await execute(
        "INSERT INTO listening (id, heard_from, heard_until) VALUES ($1, $2, $3) "
        "ON CONFLICT (id) DO UPDATE SET heard_until = excluded.heard_until",
        id,
        heard_from,
        heard_until,
    )


async def read_listening(since: int) -> list[Row]:
    """Every stretch that reaches beyond `since`, by its beginning."""
    return await fetch(
        "SELECT heard_from, heard_until FROM listening WHERE heard_until >= $1 ORDER BY heard_from", since
    )


async def forget_listening(before: int) -> None:
    await execute("DELETE FROM listening WHERE heard_until < $1", before)
