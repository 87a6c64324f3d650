"""The worker as a whole: what begins is stored, and half a worker is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from is0k.jobs.worker import RegionWorker, own_addresses
from is0k.models.region import region_number
from is0k.models.sql import execute
from is0k.resolvers.context import Context
from is0k.resolvers.monitors import get_monitor
from is0k.schema.clock import SystemClock
from is0k.schema.enums import MonitorStatus, MonitorType
from is0k.settings import Settings
from is0k.tests.jobs.scene import FakeProbe, checks_of, soon, sooner_or_later, state_of
from is0k.tests.stage.people import new_monitor
from is0k.tests.stage.valkey import Valkey

pytestmark = pytest.mark.anyio

URL = "https://shop.example/health"


@pytest.fixture
def probe() -> FakeProbe:
    return FakeProbe()


@pytest.fixture
async def worker(ctx: Context, settings: Settings, valkey: Valkey, probe: FakeProbe) -> RegionWorker:
    ctx.clock = SystemClock()
    return RegionWorker(settings, await region_number(settings.region), {MonitorType.HTTP: probe}, SystemClock())


@asynccontextmanager
async def working(worker: RegionWorker) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run_until(stop))
    yield stop
    stop.set()
    async with asyncio.timeout(15):
        await task


async def test_a_new_monitor_is_checked_and_judged_within_three_seconds(ctx: Context, worker: RegionWorker) -> None:
    async with working(worker):
        monitor = await new_monitor(ctx, url=URL)

        async with asyncio.timeout(3):
            await sooner_or_later(lambda: checks_of(monitor.number))

    assert (await get_monitor(ctx, monitor.id)).status is MonitorStatus.UP


async def test_checks_go_on_while_redis_is_away(ctx: Context, worker: RegionWorker, valkey: Valkey) -> None:
    async with working(worker):
        valkey.kill()
        try:
            monitor = await new_monitor(ctx, url=URL)
            await sooner_or_later(lambda: checks_of(monitor.number))
        finally:
            valkey.start()

    assert len(await checks_of(monitor.number)) == 1


async def test_a_check_that_runs_when_the_worker_is_stopped_is_still_stored(
    ctx: Context, worker: RegionWorker, probe: FakeProbe
) -> None:
    probe.hanging.add(URL)
    async with working(worker) as stop:
        monitor = await new_monitor(ctx, url=URL)
        await soon(lambda: probe.started)
        stop.set()
        await asyncio.sleep(0)
        probe.let_go.set()

    assert len(await checks_of(monitor.number)) == 1
    assert probe.is_closed


async def test_a_slot_that_has_not_begun_when_the_worker_is_stopped_is_due_again(
    ctx: Context, worker: RegionWorker, probe: FakeProbe
) -> None:
    monitor = await new_monitor(ctx, url=URL)
    due = (await state_of(monitor.number)).next_at
    assert due is not None
    ahead = due + 1_500
    await execute("UPDATE monitor_state SET next_at = $1", ahead)
    await worker.scheduler.claim_once()
    await soon(lambda: not worker.scheduler._sending)

    async with working(worker) as stop:
        await sooner_or_later(lambda: _is_waiting(worker), 2)
        stop.set()

    assert probe.started == []
    assert (await state_of(monitor.number)).next_at == ahead


async def _is_waiting(worker: RegionWorker) -> bool:
    return bool(worker.checker._waiting)


async def test_a_part_that_fails_ends_the_worker(worker: RegionWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail() -> None:
        raise RuntimeError("the writer is broken")

    monkeypatch.setattr(worker.writer, "run", fail)

    with pytest.raises(RuntimeError, match="the writer is broken"):
        async with asyncio.timeout(15):
            await worker.run_until(asyncio.Event())


@pytest.mark.parametrize(
    ("database", "redis", "own"),
    [
        (None, "unix:///run/valkey.sock", []),
        (None, "redis://127.0.0.1", [("127.0.0.1", 6379)]),
        (None, "rediss://:secret@127.0.0.2:7000/3", [("127.0.0.2", 7000)]),
        ("postgres://me@127.0.0.3/is0k", "unix:///s", [("127.0.0.3", 5432)]),
        ("postgres://me@127.0.0.3:5555/is0k", "redis://127.0.0.1", [("127.0.0.3", 5555), ("127.0.0.1", 6379)]),
        ("postgres://me@/is0k?host=/var/run/postgresql", "unix:///s", []),
        (None, "redis://nothing.invalid", []),
    ],
)
def test_our_own_database_and_redis_are_known_by_their_addresses(
    database: str | None, redis: str, own: list[tuple[str, int]]
) -> None:
    settings = Settings(database_url=database, redis_url=redis)

    assert own_addresses(settings) == own
