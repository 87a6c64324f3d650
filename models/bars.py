"""Uptime by day, read for many monitors at once: a dashboard of 500 monitors shows 45,000 days.

One statement adds up the days that are rolled up, the hours of the day that is not, and the checks of the hour that is
not. Only what a bar shows is read; the histograms stay where they are.
"""

from collections.abc import Sequence

from is0k.models.check import STATUS_CODE
from is0k.models.rollup import DAY_MS, read_progress
from is0k.models.sql import Row, any_of, fetch
from is0k.schema.enums import CheckStatus

UP, DEGRADED, DOWN = (STATUS_CODE[status] for status in (CheckStatus.UP, CheckStatus.DEGRADED, CheckStatus.DOWN))

SUMS = "sum(up) AS up, sum(degraded) AS degraded, sum(up_ms) AS up_ms, sum(down_ms) AS down_ms"
# A check found `before` and now: in the time between, `before` is taken to have held (as Rollup.of_checks does).
SUMS_OF_CHECKS = f"""
    sum(CASE WHEN status = {UP} THEN 1 ELSE 0 END) AS up,
    sum(CASE WHEN status = {DEGRADED} THEN 1 ELSE 0 END) AS degraded,
    sum(CASE WHEN before IN ({UP}, {DEGRADED}) THEN span_ms - gap_ms ELSE 0 END) AS up_ms,
    sum(CASE WHEN before = {DOWN} THEN span_ms - gap_ms ELSE 0 END) AS down_ms
"""


async def read_days(numbers: Sequence[int], start: int, end: int) -> list[Row]:
    """{number, day, up, degraded, up_ms, down_ms} for every day of [start, end) that has something to tell.

    `day` is its beginning in ms since the epoch, UTC; a day may come in up to three rows. `start` is a midnight.
    """
    done = await read_progress()
    days_until = min(end, max(start, done.get("day", 0)))
    hours_until = min(end, max(days_until, done.get("hour", 0)))
    which = f"number {any_of('$1')}"
    return await fetch(
        f"""
        SELECT number, start_at AS day, up, degraded, up_ms, down_ms FROM rollup_day
            WHERE {which} AND start_at >= $2 AND start_at < $3
        UNION ALL
        SELECT number, start_at / {DAY_MS} * {DAY_MS} AS day, {SUMS} FROM rollup_hour
            WHERE {which} AND start_at >= $3 AND start_at < $4 GROUP BY number, start_at / {DAY_MS}
        UNION ALL
        SELECT number, tick / {DAY_MS} * {DAY_MS} AS day, {SUMS_OF_CHECKS} FROM check_result
            WHERE {which} AND tick >= $4 AND tick < $5 GROUP BY number, tick / {DAY_MS}
        """,
        list(numbers),
        start,
        days_until,
        hours_until,
        end,
    )
