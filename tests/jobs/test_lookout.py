"""A region without workers is told of once; a monitor nobody looks at is no longer known to be well."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.jobs.lookout import BETWEEN_SECONDS, LOST_MS, Lookout
from is0k.jobs.presence import BETWEEN_SECONDS as PRESENCE_SECONDS
from is0k.jobs.writer import write
from is0k.models.region import region_number, touch_region
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import get_monitor, pause_monitor, resume_monitor
from is0k.resolvers.stats import get_stats
from is0k.schema import MonitorStatus, StatsRange
from is0k.schema.enums import MonitorType, NoticeKind
from is0k.tests.jobs.scene import REGION, finding, incidents_of, soon, state_of, without_table
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.people import new_monitor

pytestmark = pytest.mark.anyio

LONGEST_UNWATCHED = 2.5 * 60 + 60


class Scene:
    def __init__(self, clock: FakeClock, between_seconds: float = BETWEEN_SECONDS) -> None:
        self.clock, self.told = clock, list[tuple[UUID, Any]]()
        self.lookout = Lookout(clock, self._announce, between_seconds)

    def _announce(self, messages: Any) -> None:
        self.told += [(id, orjson.loads(body)["changes"]) for id, body in messages]

    async def look(self) -> None:
        """Twice, as it does after a start."""
        await self.lookout.look()
        await self.lookout.look()


@pytest.fixture
def scene(ctx: Context, clock: FakeClock) -> Scene:
    return Scene(clock)


async def notices() -> list[tuple[str, bool]]:
    """Region, and whether it lasts; oldest first."""
    rows = await models.Notice.filter(kind=NoticeKind.REGION_SILENT).order_by("id")
    return [(row.region, row.ended_at is None) for row in rows]


async def speak_up(region: str, clock: FakeClock) -> None:
    await touch_region(await region_number(region), clock.ms, "1")


class TestSilence:
    async def test_one_notice_however_many_monitors_name_the_region_and_workers_see_it(
        self, ctx: Context, clock: FakeClock
    ) -> None:
        for _ in range(5):
            await new_monitor(ctx, regions=["eu-west", "us"])
        await speak_up("eu-west", clock)
        clock.move(61)
        await speak_up("us", clock)
        for scene in (Scene(clock), Scene(clock), Scene(clock)):
            await scene.look()

        [notice] = await models.Notice.all()
        assert (notice.region, notice.started_at, notice.ended_at) == ("eu-west", clock.now(), None)
        assert notice.message == (
            "No worker of eu-west has spoken up since 2026-11-23 12:00 UTC. "
            "It checks nothing until one does; monitors that are checked from nowhere else become unknown."
        )

    @pytest.mark.parametrize(("seconds", "told"), [(60, []), (60.001, [("eu", True)])])
    async def test_silent_is_a_region_for_more_than_a_minute(
        self, ctx: Context, scene: Scene, clock: FakeClock, seconds: float, told: list[tuple[str, bool]]
    ) -> None:
        await new_monitor(ctx, regions=["eu"])
        await speak_up("eu", clock)
        clock.move(seconds)
        await scene.look()

        assert await notices() == told

    async def test_the_notice_ends_when_the_region_speaks_up_and_the_next_silence_is_another(
        self, ctx: Context, scene: Scene, clock: FakeClock
    ) -> None:
        await new_monitor(ctx, regions=["eu"])
        await speak_up("eu", clock)
        clock.move(61)
        await scene.look()
        await speak_up("eu", clock)
        await scene.look()
        assert await notices() == [("eu", False)]

        clock.move(61)
        await scene.look()
        assert await notices() == [("eu", False), ("eu", True)]

    async def test_nobody_misses_a_region_that_no_monitor_waits_for(
        self, ctx: Context, stranger: Context, scene: Scene, clock: FakeClock
    ) -> None:
        await speak_up("eu", clock)
        await speak_up("eu_west", clock)
        await new_monitor(ctx)
        await new_monitor(ctx, regions=["eu-west"])
        named = await new_monitor(stranger, regions=["eu"])
        await pause_monitor(stranger, named.id)
        clock.move(61)
        await scene.look()
        assert await notices() == []

        await resume_monitor(stranger, named.id)
        await scene.look()
        assert await notices() == [("eu", True)]
        await pause_monitor(stranger, named.id)
        await scene.look()
        assert await notices() == [("eu", False)]

    async def test_a_region_that_never_had_a_worker_is_not_told_to_everybody(
        self, ctx: Context, scene: Scene, clock: FakeClock
    ) -> None:
        """Somebody made its name up: it is theirs."""
        await new_monitor(ctx, regions=["our-secret-project"])
        clock.move(3_600)
        await scene.look()

        assert await notices() == []

    async def test_after_a_pause_others_get_a_turn_to_speak_up(
        self, ctx: Context, scene: Scene, clock: FakeClock
    ) -> None:
        """A laptop slept: its own region is silent, by its own clock."""
        await new_monitor(ctx, regions=["eu"])
        await speak_up("eu", clock)
        await scene.look()
        clock.move(3_600)
        await scene.lookout.look()
        assert await notices() == []

        await speak_up("eu", clock)
        clock.move(BETWEEN_SECONDS)
        await scene.lookout.look()
        assert await notices() == []

    def test_a_turn_is_longer_than_between_two_signs_of_life(self) -> None:
        assert BETWEEN_SECONDS > PRESENCE_SECONDS


class TestUnwatched:
    async def test_a_monitor_nobody_looks_at_becomes_unknown_and_the_next_check_makes_it_known(
        self, ctx: Context, scene: Scene, clock: FakeClock
    ) -> None:
        monitor = await new_monitor(ctx)
        await write([finding(monitor.number, clock.ms)], REGION)
        checked_at = clock.ms
        clock.move(LONGEST_UNWATCHED)
        await scene.look()
        assert (await get_monitor(ctx, monitor.id)).status is MonitorStatus.UP

        clock.move(0.001)
        await scene.look()
        assert (await get_monitor(ctx, monitor.id)).status is MonitorStatus.UNKNOWN
        [(organization_id, [[_, before, after, at, reason]])] = scene.told
        assert organization_id == ctx.organization_id
        assert (before, after, at, reason) == ("up", "unknown", clock.ms, None)
        assert (await state_of(monitor.number)).last_tick == checked_at

        [file] = await write([finding(monitor.number, clock.ms)], REGION)
        assert (await get_monitor(ctx, monitor.id)).status is MonitorStatus.UP
        assert [(change.before.value, change.after.value) for change in file.changes] == [("unknown", "up")]
        assert await incidents_of(monitor.number) == []

    async def test_it_is_told_once(self, ctx: Context, scene: Scene, clock: FakeClock) -> None:
        await new_monitor(ctx)
        clock.move(3_600)
        for _ in range(3):
            await scene.look()

        assert len(scene.told) == 1

    async def test_the_time_nobody_looked_is_not_counted_as_up(self, ctx: Context, clock: FakeClock) -> None:
        monitor = await new_monitor(ctx)
        await write([finding(monitor.number, clock.ms)], REGION)
        clock.move(3_600)
        await Scene(clock).look()
        await write([finding(monitor.number, clock.ms)], REGION)

        clock.move(0.001)
        stats = await get_stats(ctx, monitor.id, StatsRange())
        # One interval after the first check is known; the other 59 minutes of the hour are not.
        assert stats.uptime_percent == 100
        assert stats.coverage_percent == pytest.approx(100 / 60, abs=0.01)

    async def test_one_that_was_never_checked_is_unknown_too_and_one_that_is_paused_is_not(
        self, ctx: Context, scene: Scene, clock: FakeClock
    ) -> None:
        waiting, paused = await new_monitor(ctx, regions=["nowhere"]), await new_monitor(ctx, paused=True)
        clock.move(LONGEST_UNWATCHED + 1)
        await scene.look()

        assert (await get_monitor(ctx, waiting.id)).status is MonitorStatus.UNKNOWN
        assert (await get_monitor(ctx, paused.id)).status is MonitorStatus.PAUSED
        assert not (await state_of(paused.number)).is_blind

    async def test_a_heartbeat_that_waits_for_its_first_call_is_pending_and_then_like_any_other(
        self, ctx: Context, scene: Scene, clock: FakeClock
    ) -> None:
        job = await new_monitor(ctx)
        await models.Monitor.filter(number=job.number).update(type=MonitorType.HEARTBEAT)
        clock.move(3_600)
        await scene.look()
        assert not (await state_of(job.number)).is_blind

        await write([finding(job.number, clock.ms)], REGION)
        clock.move(3_600)
        await scene.look()
        assert (await state_of(job.number)).is_blind

    async def test_one_that_was_resumed_gets_its_time(self, ctx: Context, scene: Scene, clock: FakeClock) -> None:
        monitor = await new_monitor(ctx)
        await write([finding(monitor.number, clock.ms)], REGION)
        await pause_monitor(ctx, monitor.id)
        clock.move(3_600)
        await resume_monitor(ctx, monitor.id)
        clock.move(LONGEST_UNWATCHED)
        await scene.look()
        assert not (await state_of(monitor.number)).is_blind

        clock.move(0.001)
        await scene.look()
        assert (await state_of(monitor.number)).is_blind

    async def test_each_organization_hears_of_its_own(self, ctx: Context, stranger: Context, clock: FakeClock) -> None:
        scene = Scene(clock)
        for owner in (ctx, ctx, stranger):
            await new_monitor(owner)
        clock.move(3_600)
        await scene.look()

        told = {id: len(changes) for id, changes in scene.told}
        assert told == {ctx.organization_id: 2, stranger.organization_id: 1}


async def test_a_confirmation_that_was_lost_with_its_region_is_made_here(
    ctx: Context, clock: FakeClock, scene: Scene
) -> None:
    lost, waiting = [await new_monitor(ctx, intervalSeconds=3600) for _ in range(2)]
    late, in_an_hour = clock.ms - LOST_MS - 1, clock.ms + 3_600_000
    for shop, slot_at in ((lost, late), (waiting, late + 1)):
        await models.MonitorState.filter(number=shop.number).update(
            suspect_in="eu", last_tick=late - 1, slot_at=slot_at, next_at=in_an_hour
        )
    await scene.look()

    assert [(await state_of(shop.number)).next_at for shop in (lost, waiting)] == [clock.ms, in_an_hour]
    assert [(await state_of(shop.number)).suspect_in for shop in (lost, waiting)] == [None, "eu"]


async def test_it_goes_on_when_the_database_is_back_and_starts_anew(ctx: Context, clock: FakeClock) -> None:
    scene = Scene(clock, between_seconds=0.01)
    await new_monitor(ctx)
    clock.move(3_600)
    task = asyncio.create_task(scene.lookout.run())
    with capture_logs() as logs:
        async with without_table("region"):
            await soon(lambda: logs)
            assert scene.lookout._looked_at is None
        await soon(lambda: scene.told)

    assert {line["log_level"] for line in logs} == {"warning"}
    scene.lookout.stop()
    await asyncio.wait_for(task, 5)
