import asyncio

import pytest

from is0k import models
from is0k.models.monitor_state import claim
from is0k.resolvers import monitors
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import check_monitor
from is0k.schema.enums import CheckStatus
from is0k.schema.errors import MonitorNotFound, ServiceUnavailable, ValidationFailed
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import DOWN, check, remember
from is0k.tests.stage.people import new_monitor
from is0k.tests.stage.waiting import until

pytestmark = pytest.mark.anyio


async def work(clock: FakeClock) -> int:
    """A worker: claims what is due, and writes that it was down. The slot it has worked on."""

    async def claimed() -> list[dict[str, int]]:
        return await claim(clock.ms, clock.ms, 10)

    [row] = await until("something is due", claimed, 5)
    await remember(check(row["number"], row["slot_at"], DOWN))
    return row["slot_at"]


async def test_a_check_out_of_turn_is_made_now_and_answered(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_monitor(ctx)
    await models.MonitorState.all().update(next_at=clock.ms + 50_000)
    await remember(check(monitor.number, clock.ms - 1))

    found, slot = await asyncio.gather(check_monitor(ctx, monitor.id), work(clock))

    assert slot == clock.ms
    assert (found.monitor_id, found.checked_at, found.status) == (monitor.id, clock.now(), CheckStatus.DOWN)


async def test_a_check_that_is_due_already_is_the_one_that_is_waited_for(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_monitor(ctx)
    clock.move(3)

    found, _ = await asyncio.gather(
        check_monitor(ctx, monitor.id), remember(check(monitor.number, clock.ms - 3_000, DOWN))
    )

    assert found.status is CheckStatus.DOWN


async def test_a_paused_monitor_is_not_checked(ctx: Context) -> None:
    monitor = await new_monitor(ctx, paused=True)

    with pytest.raises(ValidationFailed) as refused:
        await check_monitor(ctx, monitor.id)

    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(["id"], "PAUSED")]
    assert (await models.MonitorState.get()).next_at is None


async def test_without_a_worker_the_caller_is_told_so(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitors, "PICK_UP_SECONDS", -0.45)
    monitor = await new_monitor(ctx, timeoutSeconds=0.5)

    with pytest.raises(ServiceUnavailable, match=r"^No worker has run the check in time; is one running\?$"):
        await check_monitor(ctx, monitor.id)


async def test_a_monitor_that_is_not_there_is_not_checked(ctx: Context) -> None:
    with pytest.raises(MonitorNotFound):
        await check_monitor(ctx, "mon_01h455vb4pex5vsknk084sn02q")  # type: ignore[arg-type]
