"""What time does by itself: hours and days are rolled up, partitions made, and what was deleted is forgotten."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from tortoise.transactions import in_transaction

from is0k.models.check import make_partitions, read_raw
from is0k.models.forgetting import forget_some
from is0k.models.rollup import (
    DAY_MS,
    HOUR_MS,
    Rollup,
    all_numbers,
    first_tick,
    read_progress,
    read_rollups,
    write_progress,
    write_rollups,
)
from is0k.models.sql import Row

# A result may be held for five minutes when the database is away; until then its hour is not over.
GRACE_MS = 6 * 60_000
# Small enough not to hold up the checks of this process for more than a few milliseconds.
CHUNK = 50


async def roll_up(now: int) -> None:
    """Every whole hour that is over, then every whole day. May be stopped anywhere: it goes on where it was."""
    progress = await read_progress()
    done = progress.get("hour") or _floor(await first_tick(), HOUR_MS)
    if done is None:
        return
    while done + HOUR_MS + GRACE_MS <= now:
        await _roll_up_hour(done)
        done += HOUR_MS
    day = progress.get("day") or _floor(done, DAY_MS)
    while day is not None and day + DAY_MS <= done:
        await _roll_up_day(day)
        day += DAY_MS


async def _roll_up_hour(hour: int) -> None:
    for numbers in await _chunks():
        rows = await read_raw(numbers, hour, hour + HOUR_MS)
        async with in_transaction():
            await write_rollups(
                "hour", [(number, hour, Rollup.of_checks(own)) for number, own in _by_number(rows).items()]
            )
        await asyncio.sleep(0)
    await write_progress("hour", hour + HOUR_MS)


async def _roll_up_day(day: int) -> None:
    for numbers in await _chunks():
        rows = await read_rollups("hour", numbers, day, day + DAY_MS)
        async with in_transaction():
            await write_rollups("day", [(number, day, _sum(own)) for number, own in _by_number(rows).items()])
        await asyncio.sleep(0)
    await write_progress("day", day + DAY_MS)


def _floor(at: int | None, length: int) -> int | None:
    return None if at is None else at // length * length


async def _chunks() -> list[list[int]]:
    numbers = await all_numbers()
    return [numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK)]


def _by_number(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["number"]].append(row)
    return found


def _sum(rows: Sequence[Row]) -> Rollup:
    total = Rollup()
    for row in rows:
        total.add(Rollup.of_row(row))
    return total


async def tidy(now: int) -> None:
    """Tables for the days to come, and none of what people have deleted."""
    await make_partitions(now)
    while await forget_some():
        await asyncio.sleep(0.05)
