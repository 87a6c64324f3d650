"""What time does by itself: maintenance begins and ends, hours and days are rolled up, partitions made, what was
deleted or is too old forgotten.

Each may be stopped anywhere, and goes on where it was the next time.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import get_args

from tortoise.transactions import in_transaction

from is0k.models.check import make_partitions, read_raw
from is0k.models.forgetting import Table, delete_before, drop_partitions, forget_some, plans_in_use, with_older
from is0k.models.idempotency import REMEMBERED_MS, forget_answers
from is0k.models.overlay import outdated_overlays, renew_overlays, with_windows
from is0k.models.rollup import (
    DAY_MS,
    HOUR_MS,
    LENGTH_MS,
    Grain,
    Rollup,
    all_intervals,
    first_start,
    read_progress,
    read_rollups,
    write_progress,
    write_rollups,
)
from is0k.models.sql import Row
from is0k.schema.clock import moment
from is0k.schema.enums import Plan
from is0k.schema.plans import LIMITS

# A result may be held for five minutes when the database is away; until then its hour is not over.
GRACE_MS = 6 * 60_000
# More at a time would hold up the probes of this process for more than a few milliseconds.
CHUNK_ROWS = 1_000
HOURS_OF_A_DAY = 24
MONITORS_AT_ONCE = 500
BREATH_SECONDS = 0.05

Enough = Callable[[], bool]


def never() -> bool:
    return False


async def roll_up(now: int, enough: Enough = never) -> None:
    """Every whole hour that is over, then every whole day."""
    hours_until = await _roll_up("hour", now - GRACE_MS, now, enough)
    await _roll_up("day", hours_until, now, enough)


async def _roll_up(grain: Grain, until: int, now: int, enough: Enough) -> int:
    """How far it is done, which is said after each hour or day. Where nothing was checked there is nothing to do."""
    length, done = LENGTH_MS[grain], (await read_progress()).get(grain, 0)
    if done > now:
        # The clock was wrong, and is right now.
        done = _floor(until, length)
        await write_progress(grain, done)
    while done + length <= until and not enough():
        first = await first_start(grain, done)
        start = _floor(until if first is None else first, length)
        if start + length <= until and not await _roll_up_one(grain, start, enough):
            break
        done = min(start + length, _floor(until, length))
        await write_progress(grain, done)
    return done


async def _roll_up_one(grain: Grain, start: int, enough: Enough) -> bool:
    """Whether it was finished."""
    for numbers in chunks(await all_intervals(), grain):
        if enough():
            return False
        rollups = []
        for number, rows in (await _read(grain, numbers, start)).items():
            rollups.append((number, start, Rollup.of_checks(rows) if grain == "hour" else Rollup.of_rollups(rows)))
            # A few milliseconds of summing up each; the probes of this process come first.
            await asyncio.sleep(0)
        await write_rollups(grain, rollups)
    return True


def chunks(intervals_ms: Mapping[int, int], grain: Grain) -> Iterator[list[int]]:
    """The numbers of the monitors, so many at a time as have about CHUNK_ROWS rows to sum up."""
    chunk, rows = list[int](), 0
    for number, interval_ms in intervals_ms.items():
        chunk.append(number)
        rows += 1 + HOUR_MS // interval_ms if grain == "hour" else HOURS_OF_A_DAY
        if rows >= CHUNK_ROWS:
            yield chunk
            chunk, rows = [], 0
    yield chunk


async def _read(grain: Grain, numbers: Sequence[int], start: int) -> Mapping[int, list[Row]]:
    end = start + LENGTH_MS[grain]
    if grain == "hour":
        rows = await read_raw(numbers, start, end)
    else:
        rows = await read_rollups("hour", numbers, start, end)
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["number"]].append(row)
    return found


def _floor(at: int, length: int) -> int:
    return at // length * length


async def keep_maintenance(now: int, enough: Enough = never) -> None:
    """What of the maintenance windows has begun, or will within two hours, is put where the checks look for it."""
    at = moment(now)
    numbers = await with_windows(at)
    for start in range(0, len(numbers), MONITORS_AT_ONCE):
        if enough():
            return
        # Nothing is locked to find out that all is as it should be.
        if outdated := await outdated_overlays(numbers[start : start + MONITORS_AT_ONCE], at):
            async with in_transaction():
                await renew_overlays(outdated, at)
        await asyncio.sleep(0)


async def tidy(now: int, enough: Enough = never) -> None:
    """Tables for the days to come, and none of what people have deleted, or what no repeat will ask for again."""
    await make_partitions(now)
    while not enough() and await forget_some():
        await asyncio.sleep(BREATH_SECONDS)
    while not enough() and await forget_answers(now - REMEMBERED_MS):
        await asyncio.sleep(BREATH_SECONDS)


async def forget_old(now: int, enough: Enough = never) -> None:
    """Nothing stays longer than the plan keeps it."""
    kept_since = {plan: now - LIMITS[plan].history_days * DAY_MS for plan in await plans_in_use()}
    if kept_since:
        await drop_partitions(min(kept_since.values()))
    for plan, since in kept_since.items():
        for table in get_args(Table):
            await _forget_rows(table, plan, since, enough)


async def _forget_rows(table: Table, plan: Plan, since: int, enough: Enough) -> None:
    for number in await with_older(table, plan, since):
        while not enough() and await delete_before(table, number, since):
            await asyncio.sleep(BREATH_SECONDS)
