"""Deleting a monitor's history: thousands of rows, in parts small enough to hold nobody up."""

from tortoise import fields
from tortoise.models import Model

from is0k.models.sql import execute, fetch

ROWS_AT_ONCE = 5_000


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
    number = deleted.number
    gone = await execute(
        "DELETE FROM check_result WHERE number = $1 AND tick <= (SELECT max(tick) FROM "
        "(SELECT tick FROM check_result WHERE number = $1 ORDER BY tick LIMIT $2) AS oldest)",
        number,
        ROWS_AT_ONCE,
    )
    if not gone:
        for grain in ("hour", "day"):
            await execute(f"DELETE FROM rollup_{grain} WHERE number = $1", number)
        await deleted.delete()
    return True


async def history_left(number: int) -> int:
    rows = await fetch("SELECT count(*) AS n FROM check_result WHERE number = $1", number)
    return int(rows[0]["n"])
