from uuid import UUID

import pytest

from is0k import models, schema
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import create_monitor, delete_monitor, get_monitor
from is0k.schema.enums import HttpMethod, MonitorStatus, MonitorType
from is0k.schema.errors import ValidationFailed
from is0k.schema.ids import Prefix, decode
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

HTTP = schema.MonitorSettingsInput(http=schema.HttpSettings(url="https://shop.example"))


async def test_a_new_monitor_has_what_was_said_and_the_defaults(ctx: Context) -> None:
    monitor = await create_monitor(ctx, schema.CreateMonitorInput(name=" Shop ", settings=HTTP))

    assert (monitor.name, monitor.type, monitor.status) == ("Shop", MonitorType.HTTP, MonitorStatus.PENDING)
    assert (monitor.interval_seconds, monitor.timeout_seconds) == (60, 10.0)
    assert (monitor.retries, monitor.recovery_checks, monitor.degraded_after_ms) == (2, 1, None)
    assert (monitor.regions, monitor.tags, monitor.paused) == ([], [], False)
    assert (monitor.last_checked_at, monitor.last_status_change_at, monitor.last_reason) == (None, None, None)
    assert monitor.settings == schema.HttpSettings(url="https://shop.example")


async def test_everything_that_is_said_is_kept(ctx: Context) -> None:
    settings = schema.HttpSettings(url="https://shop.example", method=HttpMethod.POST, body="{}", keyword="ok")
    input = schema.CreateMonitorInput(
        name="Shop",
        settings=schema.MonitorSettingsInput(http=settings),
        interval_seconds=30,
        timeout_seconds=2.5,
        retries=0,
        recovery_checks=3,
        degraded_after_ms=800,
        regions=["eu", "us"],
        tags=["prod", "shop"],
    )

    monitor = await create_monitor(ctx, input)

    assert await get_monitor(ctx, monitor.id) == monitor
    assert (monitor.interval_seconds, monitor.timeout_seconds, monitor.retries) == (30, 2.5, 0)
    assert (monitor.recovery_checks, monitor.degraded_after_ms) == (3, 800)
    assert (monitor.regions, monitor.tags, monitor.settings) == (["eu", "us"], ["prod", "shop"], settings)


async def test_the_first_check_is_due_at_once_and_the_next_ones_by_the_monitor_s_phase(
    ctx: Context, clock: FakeClock
) -> None:
    monitor = await new_monitor(ctx, intervalSeconds=30, regions=["eu", "us"])
    state = await models.MonitorState.get(number=monitor.number)

    assert (state.next_at, state.interval_ms, state.regions) == (clock.ms, 30_000, "eu us")
    assert 0 <= state.phase_ms < 30_000
    assert (state.epoch, state.version, state.status) == (0, 0, "pending")


async def test_a_monitor_may_begin_paused(ctx: Context) -> None:
    monitor = await new_monitor(ctx, paused=True)

    assert (monitor.paused, monitor.status) == (True, MonitorStatus.PAUSED)
    assert (await models.MonitorState.get(number=monitor.number)).next_at is None


async def test_a_short_interval_has_a_shorter_time_out(ctx: Context) -> None:
    assert (await new_monitor(ctx, intervalSeconds=5)).timeout_seconds == 2.5


async def test_a_new_monitor_belongs_to_who_made_it(ctx: Context, stranger: Context) -> None:
    monitor = await new_monitor(ctx)

    row = await models.Monitor.get(number=monitor.number)
    assert (row.organization_id, row.id) == (ctx.organization_id, decode(Prefix.MONITOR, monitor.id))
    assert isinstance(row.id, UUID)


async def test_what_is_not_valid_makes_nothing(ctx: Context) -> None:
    bad = schema.MonitorSettingsInput(http=schema.HttpSettings(url="ftp://shop.example"))
    input = schema.CreateMonitorInput(name="", settings=bad, retries=11)

    with pytest.raises(ValidationFailed) as refused:
        await create_monitor(ctx, input)

    found = {".".join(fault.field): fault.code for fault in refused.value.faults}
    assert found == {"name": "BAD_LENGTH", "settings.http.url": "BAD_URL", "retries": "OUT_OF_RANGE"}
    assert await models.Monitor.exists() is False
    assert await models.MonitorState.exists() is False


async def test_without_settings_there_is_nothing_to_watch(ctx: Context) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await create_monitor(ctx, schema.CreateMonitorInput(name="Shop", settings=schema.MonitorSettingsInput()))

    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(["settings"], "REQUIRED")]
    assert await models.Monitor.exists() is False


async def test_two_monitors_may_be_the_same_but_for_their_ids(ctx: Context) -> None:
    one, other = await new_monitor(ctx), await new_monitor(ctx)

    assert one.id < other.id
    assert (one.name, one.settings) == (other.name, other.settings)


async def test_the_number_of_a_deleted_monitor_is_never_given_again(ctx: Context) -> None:
    first = await new_monitor(ctx)
    await delete_monitor(ctx, first.id)

    assert (await new_monitor(ctx)).number > first.number
