from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from is0k import models, schema
from is0k.resolvers.context import Context
from is0k.resolvers.maintenance_windows import (
    delete_maintenance_window,
    get_maintenance_window,
    list_maintenance_windows,
    update_maintenance_window,
)
from is0k.resolvers.monitors import delete_monitor
from is0k.schema.coercion import read
from is0k.schema.enums import MaintenanceStatus
from is0k.schema.errors import MaintenanceWindowNotFound, ValidationFailed
from is0k.tests.resolvers.conftest import Statements
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_maintenance_window, new_monitor

pytestmark = pytest.mark.anyio

HOUR = 3600
SCHEDULED, ACTIVE, ENDED = MaintenanceStatus
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)


async def edit(ctx: Context, window: schema.MaintenanceWindow, **fields: Any) -> schema.MaintenanceWindow:
    return await update_maintenance_window(ctx, window.id, read(schema.UpdateMaintenanceWindowInput, fields))


async def listed(ctx: Context, limit: int = 50, cursor: str | None = None, **filter: Any) -> Any:
    page = schema.PageArguments(limit=limit, cursor=cursor)
    return await list_maintenance_windows(ctx, schema.MaintenanceWindowFilter(**filter), page)


async def titles(ctx: Context, **filter: Any) -> str:
    return " ".join(window.title for window in (await listed(ctx, **filter)).items)


async def test_a_new_window_is_shown_as_it_was_described(ctx: Context) -> None:
    monitors = [(await new_monitor(ctx)).id for _ in range(2)]

    window = await new_maintenance_window(ctx, title=" Upgrade ", monitorIds=monitors[::-1])

    assert window == schema.MaintenanceWindow(
        id=window.id,
        title="Upgrade",
        starts_at=ONE,
        ends_at=ONE.replace(hour=14),
        rrule=None,
        timezone="UTC",
        monitor_ids=monitors[::-1],
        status=SCHEDULED,
        next_starts_at=ONE,
        created_at=window.created_at,
        updated_at=window.updated_at,
    )
    assert window == await get_maintenance_window(ctx, window.id)


async def test_times_are_kept_in_whole_seconds(ctx: Context) -> None:
    window = await new_maintenance_window(ctx, startsAt="2026-11-23T13:00:00.999Z", rrule="freq=daily")

    assert (window.starts_at, window.rrule, window.next_starts_at) == (ONE, "FREQ=DAILY", ONE)


async def test_a_window_is_scheduled_then_active_then_ended(ctx: Context, clock: FakeClock) -> None:
    window = await new_maintenance_window(ctx)

    seen = []
    for seconds in (HOUR - 1, 1, HOUR - 1, 1):
        clock.move(seconds)
        now = await get_maintenance_window(ctx, window.id)
        seen.append((now.status, now.next_starts_at))

    assert seen == [(SCHEDULED, ONE), (ACTIVE, None), (ACTIVE, None), (ENDED, None)]


async def test_a_window_that_repeats_is_scheduled_again(ctx: Context, clock: FakeClock) -> None:
    window = await new_maintenance_window(ctx, rrule="FREQ=DAILY;COUNT=2")

    seen = []
    for seconds in (HOUR, HOUR, 23 * HOUR, HOUR):
        clock.move(seconds)
        now = await get_maintenance_window(ctx, window.id)
        seen.append((now.status, now.next_starts_at))

    tomorrow = ONE.replace(day=24)
    assert seen == [(ACTIVE, tomorrow), (SCHEDULED, tomorrow), (ACTIVE, None), (ENDED, None)]


async def test_what_is_present_is_set_and_what_is_absent_is_kept(ctx: Context) -> None:
    monitor = (await new_monitor(ctx)).id
    before = await new_maintenance_window(ctx, rrule="FREQ=WEEKLY", timezone="Europe/Berlin", monitorIds=[monitor])

    after = await edit(ctx, before, title=" Cleaning ", endsAt="2026-11-23T15:00:00Z")

    assert after == replace(before, title="Cleaning", ends_at=ONE.replace(hour=15), updated_at=after.updated_at)
    assert after == await get_maintenance_window(ctx, before.id)


async def test_a_null_goes_back_to_the_default(ctx: Context) -> None:
    monitor = (await new_monitor(ctx)).id
    before = await new_maintenance_window(ctx, rrule="FREQ=WEEKLY", timezone="Europe/Berlin", monitorIds=[monitor])

    after = await edit(ctx, before, rrule=None, timezone=None, monitorIds=None)

    assert (after.rrule, after.timezone, after.monitor_ids) == (None, "UTC", [])


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"endsAt": "2026-11-23T12:30:00Z"}, "endsAt OUT_OF_RANGE"),
        ({"startsAt": "2026-11-24T13:00:00Z"}, "endsAt OUT_OF_RANGE"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=SU"}, "startsAt NOT_IN_RRULE"),
        ({"rrule": "FREQ=HOURLY"}, "rrule OVERLAP"),
    ],
)
async def test_an_edit_must_fit_what_is_stored(ctx: Context, fields: dict[str, str], fault: str) -> None:
    window = await new_maintenance_window(ctx, rrule="FREQ=DAILY")

    with pytest.raises(ValidationFailed) as refused:
        await edit(ctx, window, title="Other", **fields)

    assert [f"{'.'.join(found.field)} {found.code}" for found in refused.value.faults] == [fault]
    assert await get_maintenance_window(ctx, window.id) == window


async def test_monitors_that_are_not_ours_are_told_at_once_with_all_else_and_nothing_is_changed(
    ctx: Context, stranger: Context
) -> None:
    ours, theirs = (await new_monitor(ctx)).id, (await new_monitor(stranger)).id
    window = await new_maintenance_window(ctx, monitorIds=[ours])
    wrong = {"monitorIds": [theirs, ours, "mon_x", ""], "endsAt": "2026-11-23T13:00:00Z"}
    faults = ["endsAt", "monitorIds 0", "monitorIds 2", "monitorIds 3"]

    with pytest.raises(ValidationFailed) as refused:
        await edit(ctx, window, **wrong)
    assert [" ".join(fault.field) for fault in refused.value.faults] == faults
    assert refused.value.faults[1].message == f"Monitor with ID {theirs} not found"
    with pytest.raises(ValidationFailed) as refused:
        await new_maintenance_window(ctx, monitorIds=wrong["monitorIds"])
    assert [fault.code for fault in refused.value.faults] == ["MONITOR_NOT_FOUND"] * 3

    assert await get_maintenance_window(ctx, window.id) == window
    assert await models.MaintenanceWindow.all().count() == 1


async def test_a_deleted_window_is_not_there_and_its_monitors_are(ctx: Context) -> None:
    monitor = await new_monitor(ctx)
    window, other = [await new_maintenance_window(ctx, monitorIds=[monitor.id]) for _ in range(2)]

    assert await delete_maintenance_window(ctx, window.id) == schema.Deleted(id=window.id)

    with pytest.raises(MaintenanceWindowNotFound):
        await get_maintenance_window(ctx, window.id)
    with pytest.raises(MaintenanceWindowNotFound):
        await delete_maintenance_window(ctx, window.id)
    assert (await listed(ctx)).items == [other]
    assert [await table.all().count() for table in (models.MaintenanceMonitor, models.Monitor)] == [1, 1]


async def test_a_deleted_monitor_leaves_its_windows_and_they_stay(ctx: Context) -> None:
    monitors = [(await new_monitor(ctx)).id for _ in range(2)]
    window = await new_maintenance_window(ctx, monitorIds=monitors)

    await delete_monitor(ctx, monitors[0])

    assert (await get_maintenance_window(ctx, window.id)).monitor_ids == monitors[1:]


async def test_windows_are_listed_newest_first_part_by_part(ctx: Context, stranger: Context) -> None:
    await new_maintenance_window(stranger)
    made = [await new_maintenance_window(ctx, title=str(number)) for number in range(5)]

    first = await listed(ctx, limit=2)
    second = await listed(ctx, limit=3, cursor=first.next_cursor)

    assert [*first.items, *second.items] == made[::-1]
    assert (first.has_next, second.has_next, await first.count_all()) == (True, False, 5)


async def test_a_status_is_found_as_it_is_shown(ctx: Context, clock: FakeClock) -> None:
    yesterday = {"startsAt": "2026-11-22T13:30:00Z", "endsAt": "2026-11-22T14:00:00Z"}
    await new_maintenance_window(ctx, title="once-ended", **yesterday)
    await new_maintenance_window(ctx, title="once-active")
    await new_maintenance_window(ctx, title="once-scheduled", startsAt="2026-11-23T13:30:00Z")
    await new_maintenance_window(ctx, title="daily-scheduled", **yesterday, rrule="FREQ=DAILY")
    await new_maintenance_window(
        ctx, title="daily-active", startsAt="2026-11-22T12:59:00Z", endsAt="2026-11-22T13:30:00Z", rrule="FREQ=DAILY"
    )
    await new_maintenance_window(ctx, title="daily-ended", **yesterday, rrule="FREQ=DAILY;COUNT=1")
    await new_maintenance_window(
        ctx, title="later", startsAt="2026-11-24T13:00:00Z", endsAt="2026-11-24T13:30:00Z", rrule="FREQ=DAILY"
    )
    clock.move(HOUR)

    assert await titles(ctx, status=SCHEDULED) == "later daily-scheduled once-scheduled"
    assert await titles(ctx, status=ACTIVE) == "daily-active once-active"
    assert await titles(ctx, status=ENDED) == "daily-ended once-ended"
    for status in MaintenanceStatus:
        page = await listed(ctx, status=status)
        assert {window.status for window in page.items} == {status}
        assert await page.count_all() == len(page.items)


async def test_the_pages_of_one_status_hold_all_that_have_it(ctx: Context, clock: FakeClock) -> None:
    for number in range(3):
        await new_maintenance_window(ctx, title=f"a{number}")
        await new_maintenance_window(ctx, title=f"s{number}", startsAt="2026-11-23T13:30:00Z", rrule="FREQ=DAILY")
    clock.move(HOUR)

    first = await listed(ctx, limit=2, status=SCHEDULED)
    second = await listed(ctx, limit=2, status=SCHEDULED, cursor=first.next_cursor)

    assert [window.title for window in (*first.items, *second.items)] == ["s2", "s1", "s0"]
    assert (first.has_next, second.has_next, await first.count_all()) == (True, False, 3)


async def test_windows_about_a_monitor_and_with_a_word_in_the_title_are_found(ctx: Context, stranger: Context) -> None:
    ours, theirs = (await new_monitor(ctx)).id, (await new_monitor(stranger)).id
    await new_maintenance_window(ctx, title="Umzug Ä", monitorIds=[ours])
    await new_maintenance_window(ctx, title="Other")
    await new_maintenance_window(stranger, title="Theirs", monitorIds=[theirs])

    assert await titles(ctx, monitor_id=ours) == "Umzug Ä"
    assert await titles(ctx, monitor_id=theirs) == await titles(ctx, monitor_id="mon_x") == ""
    assert await titles(ctx, q="UG ä") == "Umzug Ä"
    assert await titles(ctx, q="%") == ""
    assert await titles(ctx, q="Other", monitor_id=ours) == ""


@pytest.mark.parametrize("status", [None, SCHEDULED])
async def test_a_list_costs_two_statements_however_many_windows(
    ctx: Context, statements: Statements, status: MaintenanceStatus | None
) -> None:
    monitors = [(await new_monitor(ctx)).id for _ in range(3)]
    made = 0
    for wanted in (1, 9):
        while made < wanted:
            await new_maintenance_window(ctx, monitorIds=monitors, rrule="FREQ=WEEKLY")
            made += 1

        with statements() as sent:
            page = await listed(ctx, status=status)

        assert len(sent) == 2
        assert [window.monitor_ids for window in page.items] == [monitors] * wanted
