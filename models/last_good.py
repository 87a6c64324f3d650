"""What the last good check of a monitor saw, to be compared with the first that fails.

Each region sees its own: a name may lead to another address there.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson
from tortoise import fields
from tortoise.models import Model

from is0k.models.sql import execute, execute_many, fetch


class LastGood(Model):
    # Every write takes a number, that of an old row too: they would run out of 32 bits.
    id = fields.BigIntField(primary_key=True)
    number = fields.IntField()  # the monitor's
    region = fields.IntField()  # the region's
    at = fields.BigIntField()  # the tick, in ms since the epoch
    facts = fields.TextField()  # the check's `detail` in JSON: the one thing history does not keep of a good check

    class Meta:
        table = "last_good"
        unique_together = (("number", "region"),)


class LastGoodRow(NamedTuple):
    number: int
    region: int
    at: int
    facts: str


async def write_last_good(rows: Iterable[LastGoodRow]) -> None:
    """The row of a monitor and region is replaced. No monitor stands there twice."""
    await execute_many(
        "INSERT INTO last_good (number, region, at, facts) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (number, region) DO UPDATE SET at = excluded.at, facts = excluded.facts",
        rows,
    )


async def read_last_good(number: int, region: int) -> tuple[int, dict[str, Any]] | None:
    """When, and what was seen; None if it was never good there."""
    rows = await fetch("SELECT at, facts FROM last_good WHERE number = $1 AND region = $2", number, region)
    return (rows[0]["at"], orjson.loads(rows[0]["facts"])) if rows else None


async def forget_last_good(number: int) -> None:
    await execute("DELETE FROM last_good WHERE number = $1", number)
