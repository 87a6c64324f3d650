"""Maintenance through the database: what people do to a window, and what the statistics say of it."""

from typing import Any

import pytest

from is0k import schema
from is0k.jobs.upkeep import keep_maintenance
from is0k.resolvers.context import Context
from is0k.resolvers.maintenance_windows import delete_maintenance_window, update_maintenance_window
from is0k.resolvers.monitors import get_monitor
from is0k.resolvers.stats import get_stats
from is0k.schema import StatsRange
from is0k.schema.coercion import read
from is0k.schema.enums import MonitorStatus
from is0k.schema.errors import ValidationFailed
from is0k.tests.jobs.maintained import HOUR, MINUTE, ONE, STEP, TWO, Scene, clock_time, told
from is0k.tests.jobs.scene import ILL, WELL, checks_of, state_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_maintenance_window, new_monitor

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene(ctx: Context, clock: FakeClock) -> Scene:
    return Scene(ctx, clock, await new_monitor(ctx, retries=0, intervalSeconds=STEP))


class TestPeople:
    async def edit(self, scene: Scene, window: schema.MaintenanceWindow, **fields: Any) -> None:
        await update_maintenance_window(scene.ctx, window.id, read(schema.UpdateMaintenanceWindowInput, fields))

    async def test_a_window_made_while_the_target_is_down_keeps_its_incident(self, scene: Scene) -> None:
        await scene.until(clock_time(13, 10), ILL)
        await scene.window()

        assert await scene.overlay() == (clock_time(13, 10), TWO)
        assert await scene.status() == "maintenance"
        await scene.until(clock_time(13, 30), WELL)
        assert await scene.outages() == [(clock_time(12, 5), None)]

    async def test_a_window_that_is_deleted_ends_at_once(self, scene: Scene) -> None:
        window = await scene.window()
        await scene.until(clock_time(13, 20), WELL)
        scene.clock.move(30)
        await delete_maintenance_window(scene.ctx, window.id)

        assert await scene.status() == "up"
        assert await scene.overlay() == (ONE, clock_time(13, 20).replace(second=30))
        scene.clock.move(30)
        files = await scene.check(ILL)
        assert await scene.outages() == [(clock_time(13, 21), None)]
        assert told(files) == [("maintenance", "down", clock_time(13, 21))]

    async def test_a_window_that_is_to_come_is_gone_without_a_trace(self, scene: Scene) -> None:
        window = await scene.window()
        assert await scene.overlay() == (ONE, TWO)
        await delete_maintenance_window(scene.ctx, window.id)

        assert await scene.overlay() == (None, None)

    async def test_an_edit_counts_at_once(self, scene: Scene) -> None:
        window = await scene.window()
        await scene.until(clock_time(13, 20), WELL)
        seen = []
        for end in ("15:00", "13:10", "14:00"):
            await self.edit(scene, window, endsAt=f"2026-11-23T{end}:00Z")
            seen.append((await scene.overlay(), await scene.status()))

        twenty_past = clock_time(13, 20)
        assert seen == [
            ((ONE, clock_time(15)), "maintenance"),
            ((ONE, twenty_past), "up"),
            # It had ended, and begins anew; the check of this moment is judged already.
            ((twenty_past, TWO), "maintenance"),
        ]

    async def test_a_monitor_that_is_taken_out_has_none_any_more(self, scene: Scene) -> None:
        window, blog = await scene.window(), await new_monitor(scene.ctx, name="Blog")
        scene.clock.move(HOUR + MINUTE)
        await self.edit(scene, window, monitorIds=[blog.id])

        assert await scene.status() == "pending"
        assert (await get_monitor(scene.ctx, blog.id)).status is MonitorStatus.MAINTENANCE

    async def test_what_is_refused_changes_nothing(self, scene: Scene, stranger: Context) -> None:
        theirs = await new_monitor(stranger)
        with pytest.raises(ValidationFailed):
            await new_maintenance_window(scene.ctx, monitorIds=[scene.shop.id, theirs.id])

        assert await scene.overlay() == (None, None)
        assert (await state_of(theirs.number)).maintenance_until is None


class TestUptime:
    async def test_maintenance_is_in_neither_uptime_nor_coverage(self, scene: Scene) -> None:
        await scene.window()
        await scene.until(ONE, WELL)
        await scene.until(clock_time(13, 55), ILL)
        await scene.until(clock_time(15), WELL)

        found = await get_stats(scene.ctx, scene.shop.id, StatsRange(from_=clock_time(12, 5), to=scene.clock.now()))
        assert (found.uptime_percent, found.coverage_percent, found.downtime_seconds) == (100, 100, 0)
        assert sum(row["span_ms"] for row in await checks_of(scene.shop.number)) == (55 + 60) * 60_000

    async def test_a_gap_within_it_is_no_lost_coverage(self, scene: Scene) -> None:
        await scene.window()
        await scene.until(ONE, WELL)
        scene.clock.move(HOUR)
        await keep_maintenance(scene.clock.ms)
        await scene.check(WELL)

        found = await get_stats(scene.ctx, scene.shop.id, StatsRange(from_=clock_time(12, 5), to=scene.clock.now()))
        assert (found.uptime_percent, found.coverage_percent) == (100, 100)

    async def test_nor_is_the_time_since_the_last_check(self, scene: Scene) -> None:
        await scene.window()
        await scene.until(ONE, WELL)
        scene.clock.move(30 * MINUTE)
        found = await get_stats(scene.ctx, scene.shop.id, StatsRange(from_=clock_time(12, 5), to=scene.clock.now()))
        assert (found.uptime_percent, found.coverage_percent) == (100, 100)
        scene.clock.move(31 * MINUTE)

        found = await get_stats(scene.ctx, scene.shop.id, StatsRange(from_=clock_time(12, 5), to=scene.clock.now()))
        # Since two nobody has looked, for a minute.
        assert found.coverage_percent == pytest.approx(100 * 55 / 56, abs=0.001)
