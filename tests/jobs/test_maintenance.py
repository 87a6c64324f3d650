"""Maintenance through the database: how upkeep puts it in place, and what the checks make of it."""

from datetime import datetime

import pytest

from is0k import models
from is0k.jobs.upkeep import keep_maintenance
from is0k.resolvers.context import Context
from is0k.schema.clock import milliseconds
from is0k.schema.enums import MonitorStatus
from is0k.tests.jobs.maintained import HOUR, MINUTE, ONE, STEP, TWO, Scene, clock_time, told
from is0k.tests.jobs.scene import ILL, WELL, state_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_maintenance_window, new_monitor

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene(ctx: Context, clock: FakeClock) -> Scene:
    return Scene(ctx, clock, await new_monitor(ctx, retries=0, intervalSeconds=STEP))


async def test_upkeep_puts_a_window_in_place_before_it_begins_and_not_a_day_ahead(scene: Scene) -> None:
    await scene.window(startsAt="2026-11-23T15:00:00Z", endsAt="2026-11-23T16:00:00Z")

    assert await scene.overlay() == (None, None)
    scene.clock.move(HOUR + MINUTE)
    await keep_maintenance(scene.clock.ms)
    assert await scene.overlay() == (clock_time(15), clock_time(16))


async def test_upkeep_writes_only_what_is_another(scene: Scene) -> None:
    await scene.window()
    await models.MaintenanceWindow.all().update(ends_at=TWO.replace(minute=30))
    seen = []
    for _ in range(2):
        await keep_maintenance(scene.clock.ms)
        seen.append(await scene.overlay())
        # Whoever writes it again would undo this.
        await models.MonitorState.all().update(maintenance_until=milliseconds(TWO.replace(minute=30)))

    assert seen == [(ONE, TWO.replace(minute=30))] * 2


async def test_an_hour_every_week_keeps_its_wall_clock_when_the_clocks_change(scene: Scene) -> None:
    """In New York, one in the morning of Sundays: that of 2026-11-01 comes twice, and the first of the two is meant."""
    await scene.window(
        startsAt="2026-10-18T05:00:00Z",
        endsAt="2026-10-18T06:00:00Z",
        rrule="FREQ=WEEKLY;BYDAY=SU",
        timezone="America/New_York",
    )
    found = []
    for day in ("2026-10-25", "2026-11-01", "2026-11-08"):
        await keep_maintenance(milliseconds(datetime.fromisoformat(f"{day}T05:30:00+00:00")))
        start, end = await scene.overlay()
        found.append((start and start.isoformat(), end and end.isoformat()))

    assert found == [
        ("2026-10-25T05:00:00+00:00", "2026-10-25T06:00:00+00:00"),
        ("2026-11-01T05:00:00+00:00", "2026-11-01T06:00:00+00:00"),
        ("2026-11-08T06:00:00+00:00", "2026-11-08T07:00:00+00:00"),
    ]


async def test_windows_that_overlap_are_one(scene: Scene) -> None:
    await scene.window()
    await scene.window(startsAt="2026-11-23T13:30:00Z", endsAt="2026-11-23T15:00:00Z")
    other = await new_monitor(scene.ctx)
    await new_maintenance_window(scene.ctx, endsAt="2026-11-23T18:00:00Z", monitorIds=[other.id])
    await scene.until(clock_time(13, 10), WELL)

    assert await scene.overlay() == (ONE, clock_time(15))


class TestStatus:
    async def test_it_is_maintenance_while_the_window_lasts(self, scene: Scene) -> None:
        await scene.check(WELL)
        await scene.window()
        seen = [await scene.status()]
        for seconds in (HOUR - 1, 1, HOUR - 1, 1):
            scene.clock.move(seconds)
            seen.append(await scene.status())

        assert seen == ["up", "up", "maintenance", "maintenance", "up"]

    async def test_who_listens_is_told_with_the_next_check(self, scene: Scene) -> None:
        await scene.window()
        files = await scene.until(TWO.replace(minute=5), WELL)

        assert told(files) == [
            ("pending", "up", clock_time(12, 5)),
            ("up", "maintenance", ONE),
            ("maintenance", "up", TWO),
        ]
        first, begin, end = (change for file in files for change in file.changes)
        assert [change.reason and change.reason.value for change in (first, begin, end)] == ["ok", None, "ok"]

    async def test_what_is_told_is_what_is_shown(self, scene: Scene) -> None:
        await scene.window(startsAt="2026-11-23T12:03:00Z", endsAt="2026-11-23T12:06:00Z")
        shown, status = [], MonitorStatus.PENDING
        for outcome in (WELL, ILL, ILL, WELL, ILL, ILL, WELL, WELL):
            scene.clock.move(MINUTE)
            await keep_maintenance(scene.clock.ms)
            for file in await scene.check(outcome):
                for change in file.changes:
                    assert change.before is status
                    status = change.after
            shown.append((await scene.status(), status.value))

        assert [here for here, _ in shown] == ["up", "down", *["maintenance"] * 3, "down", "up", "up"]
        assert [there for _, there in shown] == [here for here, _ in shown]


class TestVerdict:
    async def test_an_outage_within_it_is_never_told(self, scene: Scene) -> None:
        await scene.window()
        await scene.until(clock_time(13, 10), WELL)
        await scene.until(clock_time(13, 50), ILL)
        assert (await state_of(scene.shop.number)).status == "down"
        await scene.until(clock_time(14, 10), WELL)

        assert await scene.outages() == []

    async def test_an_outage_that_outlasts_it_is_told_at_its_end(self, scene: Scene) -> None:
        await scene.window()
        await scene.until(clock_time(13, 10), WELL)
        await scene.until(clock_time(13, 55), ILL)
        assert await scene.outages() == []
        files = await scene.until(clock_time(14, 5), ILL)

        assert await scene.outages() == [(TWO, None)]
        assert sum(len(file.incident_ids) for file in files) == 1

    async def test_a_recovery_within_it_is_told_at_its_end(self, scene: Scene) -> None:
        await scene.window()
        await scene.until(clock_time(12, 50), WELL)
        await scene.until(clock_time(13, 20), ILL)
        await scene.until(clock_time(13, 55), WELL)
        assert await scene.outages() == [(clock_time(12, 55), None)]
        files = await scene.until(clock_time(14, 5), WELL)

        assert await scene.outages() == [(clock_time(12, 55), TWO)]
        assert sum(len(file.incident_ids) for file in files) == 1

    async def test_an_outage_that_lasts_all_through_it_is_the_same(self, scene: Scene) -> None:
        await scene.window()
        await scene.until(clock_time(12, 50), WELL)
        files = await scene.until(clock_time(14, 10), ILL)

        assert await scene.outages() == [(clock_time(12, 55), None)]
        assert sum(len(file.incident_ids) for file in files) == 1

    async def test_a_window_that_began_while_no_worker_was_there_holds_from_the_first_look(self, scene: Scene) -> None:
        await scene.check(WELL)
        await scene.window(startsAt="2026-11-23T15:00:00Z", endsAt="2026-11-23T16:00:00Z")
        scene.clock.move(3 * HOUR + 10 * MINUTE)
        await keep_maintenance(scene.clock.ms)
        await scene.check(ILL)

        assert (await scene.outages(), await scene.status()) == ([], "maintenance")
