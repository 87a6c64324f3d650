"""Maintenance through the database: what people plan, how upkeep puts it in place, and what the checks make of it."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from is0k import models, schema
from is0k.jobs.announcements import announcements
from is0k.jobs.monitor_file import MonitorFile
from is0k.jobs.upkeep import keep_maintenance
from is0k.jobs.writer import write
from is0k.probes.base import Outcome
from is0k.resolvers.context import Context
from is0k.resolvers.maintenance_windows import delete_maintenance_window, update_maintenance_window
from is0k.resolvers.monitors import get_monitor
from is0k.resolvers.stats import get_stats
from is0k.schema import StatsRange
from is0k.schema.clock import milliseconds, moment
from is0k.schema.coercion import read
from is0k.schema.enums import MonitorStatus
from is0k.schema.errors import ValidationFailed
from is0k.tests.jobs.scene import ILL, REGION, WELL, checks_of, finding, incidents_of, state_of
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_maintenance_window, new_monitor

pytestmark = pytest.mark.anyio

MINUTE, HOUR = 60, 3600
STEP = 5 * MINUTE
ONE, TWO = datetime(2026, 11, 23, 13, tzinfo=UTC), datetime(2026, 11, 23, 14, tzinfo=UTC)


class Scene(NamedTuple):
    """The clock's start is noon; the window, if any, is the hour from one to two."""

    ctx: Context
    clock: FakeClock
    shop: schema.Monitor

    async def until(self, moment: datetime, outcome: Outcome) -> list[MonitorFile]:
        """Upkeep, and a check that finds this, every five minutes until then."""
        found: list[MonitorFile] = []
        while self.clock.now() < moment:
            self.clock.move(STEP)
            await keep_maintenance(self.clock.ms)
            found += await self.check(outcome)
        return found

    async def check(self, outcome: Outcome) -> list[MonitorFile]:
        return list(await write([finding(self.shop.number, self.clock.ms, outcome)], REGION))

    async def overlay(self) -> tuple[datetime | None, datetime | None]:
        state = await state_of(self.shop.number)
        start, end = state.maintenance_from, state.maintenance_until
        return (None if start is None else moment(start)), (None if end is None else moment(end))

    async def status(self) -> str:
        status: MonitorStatus = (await get_monitor(self.ctx, self.shop.id)).status
        return str(status.value)

    async def outages(self) -> list[tuple[datetime, datetime | None]]:
        return [(incident.started_at, incident.resolved_at) for incident in await incidents_of(self.shop.number)]

    async def window(self, **fields: Any) -> schema.MaintenanceWindow:
        return await new_maintenance_window(self.ctx, monitorIds=[self.shop.id], **fields)


@pytest.fixture
async def scene(ctx: Context, clock: FakeClock) -> Scene:
    return Scene(ctx, clock, await new_monitor(ctx, retries=0, intervalSeconds=STEP))


def told(files: list[MonitorFile]) -> list[tuple[str, str, datetime]]:
    return [(change.before.value, change.after.value, moment(change.at)) for file in files for change in file.changes]


def clock_time(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


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
    """In New York, two in the morning of Sundays; on 2026-11-01 the clocks go back an hour at that time."""
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
        ("2026-10-25T05:30:00+00:00", "2026-10-25T06:00:00+00:00"),  # nobody had looked before
        ("2026-11-01T05:30:00+00:00", "2026-11-01T06:00:00+00:00"),
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
            # It had ended, and begins anew.
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


async def test_announcements_of_a_beginning_can_be_sent(scene: Scene) -> None:
    await scene.window()
    files = await scene.until(ONE, WELL)

    assert len([body for _, body in announcements(files, "default")]) == 1
