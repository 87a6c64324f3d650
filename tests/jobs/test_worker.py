"""All parts of a region's worker together, on a real clock: from the schedule to the stored check, and to the end."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from is0k import models
from is0k.jobs.checker import Slot
from is0k.jobs.worker import RegionWorker, _work, running_at_once
from is0k.models import database
from is0k.models.region import add_canaries, region_number
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import get_monitor
from is0k.schema.clock import SystemClock, milliseconds
from is0k.schema.enums import MonitorStatus, MonitorType, NoticeKind
from is0k.schema.scalars import rfc3339
from is0k.settings import Settings, program_version
from is0k.tests.jobs.scene import (
    ILL,
    FakeProbe,
    checks_of,
    incidents_of,
    monitor,
    monitors,
    soon,
    sooner_or_later,
    state_of,
    ticks_of,
    without_table,
    words,
)
from is0k.tests.stage.people import new_maintenance_window, new_monitor, new_organization

pytestmark = pytest.mark.anyio


@pytest.fixture
async def live(open_database: None) -> Context:
    """Somebody whose clock is real."""
    return await new_organization("Ours", SystemClock())


class Scene:
    def __init__(self, settings: Settings, region: int) -> None:
        self.probe, self.stop = FakeProbe(), asyncio.Event()
        self.worker = RegionWorker(settings, region, {MonitorType.HTTP: self.probe}, SystemClock())
        self.task = asyncio.create_task(self.worker.run_until(self.stop))

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, 30)


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[Scene]:
    scene = Scene(settings, await region_number(settings.region))
    yield scene
    if not scene.task.done():
        await scene.end()


@pytest.fixture
def without_redis(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"redis_url": f"unix://{tmp_path / 'nowhere.sock'}"})


@pytest.fixture(params=["with_redis", "without_redis"])
def either_way(request: pytest.FixtureRequest) -> Settings:
    settings: Settings = request.getfixturevalue(request.param)
    return settings


async def test_monitors_are_checked_and_the_checks_are_stored(live: Context, either_way: Settings) -> None:
    numbers = await monitors(live, 5, intervalSeconds=5)
    async with working(either_way):
        for number in numbers:
            await sooner_or_later(lambda number=number: ticks_of(number))  # type: ignore[misc]

    for number in numbers:
        first = (await checks_of(number))[0]
        assert words(first) == ("up", "ok")
        assert (await state_of(number)).status == "up"
        # A second until it is claimed, and a poll of the queue.
        assert first["lag_ms"] < 2_500


async def test_its_region_is_known_to_be_there(live: Context, without_redis: Settings) -> None:
    start = milliseconds(SystemClock().now())
    async with working(without_redis):

        async def seen() -> bool:
            region = await models.Region.get(name=without_redis.region)
            return (region.last_seen_at or 0) >= start and region.version == program_version()

        await sooner_or_later(seen)


async def test_told_to_stop_it_stores_what_ran(live: Context, either_way: Settings) -> None:
    number = await monitor(live, url="https://slow.example/")
    async with working(either_way) as scene:
        scene.probe.hanging.add("https://slow.example/")
        await soon(lambda: scene.probe.started)
        scene.stop.set()
        await asyncio.sleep(0.05)
        assert not scene.task.done()
        scene.probe.let_go.set()
        await asyncio.wait_for(scene.task, 30)

    assert [words(each) for each in await checks_of(number)] == [("up", "ok")]
    assert scene.probe.is_closed


async def test_told_to_stop_it_gives_back_what_has_not_begun(live: Context, without_redis: Settings) -> None:
    number = await monitor(live)
    tick = milliseconds(SystemClock().now()) + 60_000
    async with working(without_redis) as scene:
        await soon(lambda: scene.probe.started)
        await sooner_or_later(lambda: ticks_of(number))
        await scene.worker.checker.accept([Slot(number, tick, 0, 0)])
        due = (await state_of(number)).next_at or 0
        assert due > tick - 60_000
        await scene.end()

    assert (await state_of(number)).next_at == min(due, tick)
    assert len(scene.probe.started) == 1


async def test_what_cannot_be_given_back_is_told_and_it_stops_all_the_same(
    live: Context, without_redis: Settings
) -> None:
    number = await monitor(live)
    tick = milliseconds(SystemClock().now()) + 60_000
    with capture_logs() as logs:
        async with working(without_redis) as scene:
            await sooner_or_later(lambda: ticks_of(number))
            await scene.worker.checker.accept([Slot(number, tick, 0, 0)])
            async with without_table("monitor_state"):
                await scene.end()

    assert "checks could not be given back: this turn of theirs is lost" in [line["event"] for line in logs]


async def test_it_stops_in_time_although_a_check_hangs(
    live: Context, without_redis: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("is0k.jobs.worker.CHECKS_END_SECONDS", 0.1)
    number = await monitor(live, url="https://slow.example/")
    async with working(without_redis) as scene:
        scene.probe.hanging.add("https://slow.example/")
        await soon(lambda: scene.probe.started)
        await scene.end()

    assert await ticks_of(number) == []


async def test_what_fails_while_its_canaries_are_silent_is_unknown(live: Context, without_redis: Settings) -> None:
    number = await monitor(live, retries=0)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as canary:
        place = f"127.0.0.1:{canary.getsockname()[1]}"
        await add_canaries(await region_number(without_redis.region), [place])
        with socket.create_connection(canary.getsockname()):  # nobody accepts it: the next gets no answer
            async with working(without_redis.model_copy(update={"canaries": (place,)})) as scene:
                scene.probe.outcome = ILL
                await sooner_or_later(lambda: ticks_of(number))

                async def told() -> bool:
                    return await models.Notice.filter(kind=NoticeKind.BLIND, ended_at=None).exists()

                await sooner_or_later(told)

    assert words((await checks_of(number))[0]) == ("unknown", "observer_unhealthy")
    assert await incidents_of(number) == []


@pytest.mark.parametrize(
    "part", ["presence", "lookout", "scheduler", "checks", "upkeep", "writer", "observer", "dead_man"]
)
async def test_it_ends_and_says_so_when_a_part_of_it_crashes(live: Context, without_redis: Settings, part: str) -> None:
    number = await monitor(live)
    worker = RegionWorker(without_redis, 1, {MonitorType.HTTP: FakeProbe()}, SystemClock())

    class Broken:
        """Lives for as long as it takes to check something; then there is a bug."""

        async def run(self) -> None:
            await sooner_or_later(lambda: ticks_of(number)) if part != "writer" else None
            raise ValueError("a bug")

        def stop(self) -> None:
            pass

        def add(self, finding: object) -> None:
            pass

    if part == "scheduler":
        await worker.scheduler.claim_once()
    setattr(worker, part, Broken())
    with pytest.raises(ValueError, match="a bug"):
        await asyncio.wait_for(worker.run_until(asyncio.Event()), 15)


async def test_sigterm_ends_the_process_with_all_stored(settings: Settings, with_redis: Settings) -> None:
    async with database.opened(settings):
        ours = await new_organization("Ours", SystemClock())
        number = await monitor(ours, url="http://127.0.0.1:9/", retries=0)
    await work_until_down(with_redis, number)

    async with database.opened(settings):
        assert [words(each) for each in await checks_of(number)] == [("down", "blocked_target")]


async def test_maintenance_that_began_while_no_worker_was_there_holds_for_its_first_check(
    settings: Settings, with_redis: Settings
) -> None:
    async with database.opened(settings):
        ours, now = await new_organization("Ours", SystemClock()), SystemClock().now()
        shop = await new_monitor(ours, url="http://127.0.0.1:9/", retries=0)
        await new_maintenance_window(
            ours,
            startsAt=rfc3339(now - timedelta(hours=1)),
            endsAt=rfc3339(now + timedelta(hours=1)),
            monitorIds=[shop.id],
        )
        await models.MonitorState.all().update(maintenance_from=None, maintenance_until=None)
    await work_until_down(with_redis, shop.number)

    async with database.opened(settings):
        assert await incidents_of(shop.number) == []
        assert (await get_monitor(ours, shop.id)).status is MonitorStatus.MAINTENANCE


async def work_until_down(settings: Settings, number: int) -> None:
    """A whole worker process, ended by SIGTERM."""
    task = asyncio.create_task(_work(settings))
    async with asyncio.timeout(15):
        await seen_down(number)
        os.kill(os.getpid(), signal.SIGTERM)
        await task


async def seen_down(number: int) -> None:
    async def is_down() -> bool:
        try:
            return (await state_of(number)).status == "down"
        except Exception:  # it is about to open the database
            return False

    await sooner_or_later(is_down)


def test_as_many_checks_run_at_once_as_there_may_be_open_files() -> None:
    assert running_at_once() in range(100, 5_001)


async def test_a_worker_of_a_named_region_gives_back_what_others_may_take(
    live: Context, without_redis: Settings
) -> None:
    named = without_redis.model_copy(update={"region": "eu-west"})
    number = await monitor(live, regions=["eu-west"])
    tick = milliseconds(SystemClock().now()) + 60_000
    async with working(named) as scene:
        await sooner_or_later(lambda: ticks_of(number))
        await scene.worker.checker.accept([Slot(number, tick, 0, 0)])
        due = (await state_of(number)).next_at or 0

    [row] = await checks_of(number)
    assert row["region"] == await region_number("eu-west")
    assert (await state_of(number)).next_at == min(due, tick)
