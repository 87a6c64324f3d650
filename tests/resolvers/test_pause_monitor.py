import asyncio

import pytest

from is0k import models
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import pause_monitor, resume_monitor
from is0k.schema.enums import MonitorStatus
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio


async def state() -> models.MonitorState:
    return await models.MonitorState.get()


async def test_a_paused_monitor_is_due_never(ctx: Context) -> None:
    monitor = await new_monitor(ctx)

    paused = await pause_monitor(ctx, monitor.id)

    assert (paused.paused, paused.status) == (True, MonitorStatus.PAUSED)
    assert (await state()).next_at is None


async def test_a_check_under_way_no_longer_counts(ctx: Context) -> None:
    monitor = await new_monitor(ctx)
    await models.MonitorState.all().update(memory="[{},[],true,false]", last_tick=1)

    await pause_monitor(ctx, monitor.id)

    after = await state()
    assert (after.epoch, after.memory, after.last_tick) == (1, None, None)


async def test_pausing_again_changes_nothing(ctx: Context) -> None:
    monitor = await new_monitor(ctx)
    first = await pause_monitor(ctx, monitor.id)
    before = await models.MonitorState.all().values()

    assert await pause_monitor(ctx, monitor.id) == first
    assert await models.MonitorState.all().values() == before


async def test_a_resumed_monitor_is_checked_at_once(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_monitor(ctx, paused=True)
    clock.move(1_000)

    resumed = await resume_monitor(ctx, monitor.id)

    assert (resumed.paused, resumed.status) == (False, MonitorStatus.PENDING)
    assert ((await state()).next_at, (await state()).epoch) == (clock.ms, 1)


async def test_resuming_what_runs_changes_nothing(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_monitor(ctx)
    before = await models.MonitorState.all().values()
    clock.move(1_000)

    assert await resume_monitor(ctx, monitor.id) == monitor
    assert await models.MonitorState.all().values() == before


async def test_the_status_before_the_pause_is_shown_again_after_it(ctx: Context) -> None:
    monitor = await new_monitor(ctx)
    await models.MonitorState.all().update(status="down")

    assert (await pause_monitor(ctx, monitor.id)).status is MonitorStatus.PAUSED
    assert (await resume_monitor(ctx, monitor.id)).status is MonitorStatus.DOWN


async def test_many_who_pause_at_once_begin_one_epoch(ctx: Context) -> None:
    monitor = await new_monitor(ctx)

    await asyncio.gather(*(pause_monitor(ctx, monitor.id) for _ in range(10)))

    assert (await state()).epoch == 1
