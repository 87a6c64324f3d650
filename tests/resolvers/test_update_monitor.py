import asyncio
from dataclasses import replace
from typing import Any

import pytest

from is0k import models, schema
from is0k.models.monitor import read_targets, stored_settings
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import get_monitor, update_monitor
from is0k.schema.coercion import Flat, read
from is0k.schema.enums import MonitorStatus, MonitorType
from is0k.schema.errors import ValidationFailed
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import http_settings, new_monitor

pytestmark = pytest.mark.anyio

TOKEN = "Bearer 0123456789"


async def edit(ctx: Context, monitor: schema.Monitor, **fields: Any) -> schema.Monitor:
    """`edit(ctx, monitor, url="…")`, in the names of REST."""
    return await update_monitor(
        ctx, monitor.id, read(schema.UpdateMonitorInput, fields, Flat(MonitorType, MonitorType.HTTP))
    )


async def state_of(monitor: schema.Monitor) -> models.MonitorState:
    return await models.MonitorState.get(number=monitor.number)


async def test_what_is_present_is_set_and_what_is_absent_is_kept(ctx: Context) -> None:
    before = await new_monitor(ctx, tags=["prod"], retries=5, keyword="ok")

    after = await edit(ctx, before, name="  Blog ", keyword="fine")

    assert after == replace(
        before, name="Blog", settings=replace(http_settings(before), keyword="fine"), updated_at=after.updated_at
    )
    assert after == await get_monitor(ctx, before.id)


async def test_an_edit_that_says_nothing_changes_nothing(ctx: Context) -> None:
    before = await new_monitor(ctx, tags=["prod"], headers={"Authorization": TOKEN})

    after = await edit(ctx, before)

    assert after == replace(before, updated_at=after.updated_at)
    assert after.updated_at >= before.updated_at


async def test_a_null_goes_back_to_the_default(ctx: Context) -> None:
    before = await new_monitor(
        ctx,
        intervalSeconds=20,
        timeoutSeconds=3,
        retries=0,
        recoveryChecks=4,
        degradedAfterMs=9,
        tags=["a"],
        paused=True,
    )

    after = await edit(
        ctx,
        before,
        **dict.fromkeys(["intervalSeconds", "timeoutSeconds", "retries", "recoveryChecks", "degradedAfterMs"]),
        **dict.fromkeys(["regions", "tags", "paused"]),
    )

    assert (after.interval_seconds, after.timeout_seconds, after.retries, after.recovery_checks) == (60, 10.0, 2, 1)
    assert (after.degraded_after_ms, after.regions, after.tags, after.paused) == (None, [], [], False)


async def test_a_null_setting_goes_back_to_its_default(ctx: Context) -> None:
    before = await new_monitor(ctx, method="POST", expectedStatus=[201], keyword="ok", headers={"A": "b"})

    after = await edit(ctx, before, **dict.fromkeys(["method", "expectedStatus", "keyword", "headers"]))

    assert after.settings == schema.HttpSettings(url="https://shop.example/health")


async def test_what_has_no_default_cannot_be_cleared(ctx: Context) -> None:
    before = await new_monitor(ctx)

    with pytest.raises(ValidationFailed) as refused:
        await edit(ctx, before, url=None)

    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(["settings", "http", "url"], "REQUIRED")]
    assert await get_monitor(ctx, before.id) == before


async def test_masked_headers_written_back_keep_what_is_stored(ctx: Context) -> None:
    before = await new_monitor(ctx, headers={"Authorization": TOKEN, "X-Gone": TOKEN})
    assert http_settings(before).headers == {"Authorization": "••••6789", "X-Gone": "••••6789"}

    after = await edit(ctx, before, headers={"Authorization": "••••6789", "X-New": "12345678901"})

    [target] = await read_targets([before.number])
    assert stored_settings(target).headers == {"Authorization": TOKEN, "X-New": "12345678901"}
    assert http_settings(after).headers == {"Authorization": "••••6789", "X-New": "••••8901"}


async def test_another_target_begins_a_new_epoch_and_is_checked_at_once(ctx: Context, clock: FakeClock) -> None:
    before = await new_monitor(ctx)
    await models.MonitorState.all().update(
        status="down", last_tick=5, memory="[{},[],true,false]", is_blind=True, next_at=clock.ms + 50_000
    )
    clock.move(10)

    after = await edit(ctx, before, url="https://new.example")

    state = await state_of(before)
    assert (state.epoch, state.version, state.next_at) == (1, 1, clock.ms)
    assert (state.last_tick, state.memory) == (None, None)
    # What is believed of it is believed until the new target has been seen.
    assert after.status is MonitorStatus.DOWN


@pytest.mark.parametrize(
    "fields", [{"name": "Blog"}, {"tags": ["x"]}, {"retries": 7}, {"intervalSeconds": 30}, {"keyword": None}, {}]
)
async def test_the_same_target_goes_on_in_its_epoch(ctx: Context, clock: FakeClock, fields: dict[str, Any]) -> None:
    monitor = await new_monitor(ctx)
    run = {"status": "down", "last_tick": 5, "memory": "[{},[],true,false]"}
    await models.MonitorState.all().update(**run)

    await edit(ctx, monitor, **fields)

    state = await state_of(monitor)
    assert (state.epoch, state.version) == (0, 1)
    assert {name: getattr(state, name) for name in run} == run


async def test_another_interval_moves_the_slots_at_once(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_monitor(ctx, intervalSeconds=3600)
    await models.MonitorState.all().update(next_at=clock.ms + 3_000_000)

    await edit(ctx, monitor, intervalSeconds=30, regions=["eu", "us"])

    state = await state_of(monitor)
    assert (state.interval_ms, state.regions) == (30_000, "eu us")
    assert state.next_at is not None
    assert (state.next_at - state.phase_ms) % 30_000 == 0
    assert clock.ms < state.next_at <= clock.ms + 30_000


async def test_the_edit_of_a_paused_monitor_leaves_it_paused(ctx: Context) -> None:
    monitor = await new_monitor(ctx, paused=True)

    for fields in ({"intervalSeconds": 30}, {"url": "https://new.example"}):
        assert (await edit(ctx, monitor, **fields)).status is MonitorStatus.PAUSED
        assert (await state_of(monitor)).next_at is None


async def test_an_edit_may_pause_and_resume(ctx: Context, clock: FakeClock) -> None:
    monitor = await new_monitor(ctx)

    assert (await edit(ctx, monitor, paused=True)).status is MonitorStatus.PAUSED
    assert (await state_of(monitor)).next_at is None
    assert (await edit(ctx, monitor, paused=False)).status is MonitorStatus.PENDING
    assert ((await state_of(monitor)).next_at, (await state_of(monitor)).epoch) == (clock.ms, 2)


async def test_a_time_out_follows_an_interval_that_became_too_short_for_it(ctx: Context) -> None:
    monitor = await new_monitor(ctx)

    assert (await edit(ctx, monitor, intervalSeconds=30)).timeout_seconds == 10.0
    assert (await edit(ctx, monitor, intervalSeconds=6)).timeout_seconds == 3.0


async def test_a_time_out_longer_than_the_stored_interval_is_refused(ctx: Context) -> None:
    monitor = await new_monitor(ctx, intervalSeconds=10)

    with pytest.raises(ValidationFailed) as refused:
        await edit(ctx, monitor, timeoutSeconds=11, name="Blog")

    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(["timeoutSeconds"], "OUT_OF_RANGE")]
    assert await get_monitor(ctx, monitor.id) == monitor


async def test_settings_that_do_not_fit_what_is_stored_are_refused(ctx: Context) -> None:
    monitor = await new_monitor(ctx, method="POST", body="{}")

    with pytest.raises(ValidationFailed) as refused:
        await edit(ctx, monitor, method="HEAD")

    assert [(fault.field, fault.code) for fault in refused.value.faults] == [
        (["settings", "http", "body"], "NOT_ALLOWED")
    ]
    assert await get_monitor(ctx, monitor.id) == monitor
    assert (await state_of(monitor)).epoch == 0


async def test_two_edits_at_once_are_both_kept(ctx: Context) -> None:
    for turn in range(5):
        monitor = await new_monitor(ctx)
        tag, name = f"tag-{turn}", f"Name {turn}"

        await asyncio.gather(
            edit(ctx, monitor, name=name), edit(ctx, monitor, tags=[tag]), edit(ctx, monitor, retries=turn)
        )

        after = await get_monitor(ctx, monitor.id)
        assert (after.name, after.tags, after.retries) == (name, [tag], turn)
