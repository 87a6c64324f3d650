"""Deleting history, of deleted monitors and beyond what a plan keeps: in parts small enough to hold nobody up."""

from typing import Literal, get_args

import asyncpg
import structlog
from tortoise import fields
from tortoise.models import Model
from tortoise.transactions import in_transaction

from is0k.models.check import DAY_MS
from is0k.models.heartbeat import forget_pings
from is0k.models.last_good import forget_last_good
from is0k.models.sql import execute, fetch, is_sqlite
from is0k.schema.enums import Plan

log = structlog.get_logger("is0k.history")

ROWS_AT_ONCE = 5_000
END_OF_TIME = 2**63 - 1

Table = Literal["check_result", "rollup_hour", "rollup_day"]
TIME_COLUMN: dict[Table, str] = {"check_result": "tick", "rollup_hour": "start_at", "rollup_day": "start_at"}


class DeletedMonitor(Model):
    """A monitor that is gone and whose checks and roll-ups still have to go."""

    number = fields.IntField(primary_key=True)

    class Meta:
        table = "deleted_monitor"


async def forget_some() -> bool:
    """Delete some rows of one deleted monitor; False when nothing is left to do."""
    deleted = await DeletedMonitor.first()
    if deleted is None:
        return False
    for table in get_args(Table):
        if await delete_before(table, deleted.number, END_OF_TIME):
            return True
    await forget_last_good(deleted.number)
    await forget_pings(deleted.number)
    await deleted.delete()
    return True


async def delete_before(table: Table, number: int, before: int) -> int:
    """Delete some rows of one monitor, the oldest first; how many. `before` in ms since the epoch."""
    at = TIME_COLUMN[table]
    return await execute(
        f"DELETE FROM {table} WHERE number = $1 AND {at} < $2 AND {at} <= (SELECT max({at}) FROM "
        f"(SELECT {at} FROM {table} WHERE number = $1 ORDER BY {at} LIMIT $3) AS oldest)",
        number,
        before,
        ROWS_AT_ONCE,
    )


async def with_older(table: Table, plan: Plan, before: int) -> list[int]:
    """The monitors of organizations on this plan that have rows from before.

    Each monitor is asked for its first row, which the key answers; in the whole table nothing would.
    """
    at = TIME_COLUMN[table]
    rows = await fetch(
        f"SELECT number FROM (SELECT m.number, (SELECT min({at}) FROM {table} t WHERE t.number = m.number) AS first "
        "FROM monitor m JOIN organization o ON o.id = m.organization_id WHERE o.plan = $1) AS firsts "
        "WHERE first < $2 ORDER BY number",
        plan.value,
        before,
    )
    return [row["number"] for row in rows]


async def plans_in_use() -> list[Plan]:
    return [Plan(row["plan"]) for row in await fetch("SELECT DISTINCT plan FROM organization")]


async def drop_partitions(before: int) -> None:
    """PostgreSQL: forget whole days at once. No check is stored while it waits for its lock: it gives up soon."""
    if is_sqlite():
        return
    for row in await fetch("SELECT tablename FROM pg_tables WHERE tablename ~ '^check_result_[0-9]+$'"):
        name = row["tablename"]
        if (int(name.rpartition("_")[2]) + 1) * DAY_MS <= before:
            try:
                async with in_transaction():
                    await execute("SET LOCAL lock_timeout = '1s'")
                    await execute(f"DROP TABLE {name}")
            except asyncpg.LockNotAvailableError as error:
                log.info("a day of checks is too old but in use; it goes another time", table=name, error=str(error))
