"""What the last good check of a monitor saw, to be compared with the first that fails."""

from collections.abc import Collection, Iterable
from typing import Any

import orjson
from tortoise import fields
from tortoise.models import Model

from is0k.models.sql import any_of, execute_many, fetch


class LastGood(Model):
    number = fields.IntField(primary_key=True)  # the monitor's
    at = fields.BigIntField()  # ms since the epoch
    facts = fields.TextField()  # JSON

    class Meta:
        table = "last_good"


async def write_last_good(rows: Iterable[tuple[int, int, str]]) -> None:
    """(number, at, facts) each."""
    await execute_many(
        "INSERT INTO last_good (number, at, facts) VALUES ($1, $2, $3) "
        "ON CONFLICT (number) DO UPDATE SET at = excluded.at, facts = excluded.facts",
        rows,
    )


async def read_last_good(numbers: Collection[int]) -> dict[int, tuple[int, dict[str, Any]]]:
    """Of those that were ever good: when, and what was seen."""
    rows = await fetch(f"SELECT number, at, facts FROM last_good WHERE number {any_of('$1')}", list(numbers))
    return {row["number"]: (row["at"], orjson.loads(row["facts"])) for row in rows}
