"""Checks and roll-ups go when they are older than the plan of their organization keeps them."""

import asyncio
from contextvars import copy_context

import pytest
from tortoise.transactions import in_transaction

from is0k import models
from is0k.jobs.upkeep import forget_old
from is0k.models.check import make_partitions
from is0k.models.rollup import DAY_MS, LENGTH_MS, Rollup, read_rollups, write_rollups
from is0k.models.sql import fetch, is_sqlite
from is0k.resolvers.context import Context
from is0k.schema.enums import Plan
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import check, history_left, remember
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio


async def put_on(ctx: Context, plan: Plan) -> int:
    """The number of a new monitor of an organization on this plan."""
    await models.Organization.filter(id=ctx.organization_id).update(plan=plan)
    return (await new_monitor(ctx)).number


async def seen_on_days(number: int, clock: FakeClock, *days_ago: int) -> None:
    await remember(*(check(number, clock.ms - days * DAY_MS) for days in days_ago))
    for grain in LENGTH_MS:
        starts = [(clock.ms - days * DAY_MS) // DAY_MS * DAY_MS for days in days_ago]
        await write_rollups(grain, [(number, start, Rollup(up=1)) for start in starts])


async def kept(number: int, clock: FakeClock) -> dict[str, int]:
    rollups = {grain: await read_rollups(grain, [number], 0, clock.ms + 1) for grain in LENGTH_MS}
    return {"checks": await history_left(number)} | {grain: len(rows) for grain, rows in rollups.items()}


async def test_each_plan_keeps_its_own_number_of_days(ctx: Context, stranger: Context, clock: FakeClock) -> None:
    free, pro = await put_on(ctx, Plan.FREE), await put_on(stranger, Plan.PRO)
    for number in (free, pro):
        await seen_on_days(number, clock, 0, 29, 31, 364, 366)

    await forget_old(clock.ms)

    assert await kept(free, clock) == {"checks": 2, "hour": 2, "day": 2}
    assert await kept(pro, clock) == {"checks": 4, "hour": 4, "day": 4}


async def test_it_can_be_stopped_anywhere_and_goes_on(ctx: Context, clock: FakeClock) -> None:
    number = await put_on(ctx, Plan.FREE)
    await seen_on_days(number, clock, 0, 31)

    await forget_old(clock.ms, enough=lambda: True)
    assert await kept(number, clock) == {"checks": 2, "hour": 2, "day": 2}

    await forget_old(clock.ms)
    assert await kept(number, clock) == {"checks": 1, "hour": 1, "day": 1}


async def test_nobody_there_is_nothing_to_forget(open_database: None, clock: FakeClock) -> None:
    await forget_old(clock.ms)

    assert await models.Organization.all().count() == 0


@pytest.mark.parametrize("is_read", [False, True])
async def test_days_that_nobody_keeps_are_dropped_whole_unless_somebody_reads_them(
    ctx: Context, clock: FakeClock, is_read: bool
) -> None:
    if is_sqlite():
        pytest.skip("SQLite has no partitions")
    await put_on(ctx, Plan.FREE)
    long_ago = clock.ms - 40 * DAY_MS
    await make_partitions(long_ago, days_ahead=0)
    await make_partitions(clock.ms, days_ahead=0)

    outside = copy_context()  # of the transaction
    async with in_transaction():
        if is_read:
            await fetch("SELECT count(*) FROM check_result")
        await asyncio.create_task(forget_old(clock.ms), context=outside)

    rows = await fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^check_result_[0-9]+$'")
    days = {int(row["relname"].rpartition("_")[2]) for row in rows}
    assert (long_ago // DAY_MS in days) is is_read
    assert clock.ms // DAY_MS in days
