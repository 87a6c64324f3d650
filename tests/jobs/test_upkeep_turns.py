"""Whose turn it is to do what time does by itself."""

import asyncio
from typing import Any

import pytest

from is0k.jobs.queue import QueueWorker
from is0k.jobs.worker import _upkeep_jobs
from is0k.models.check import insert_checks
from is0k.models.rollup import HOUR_MS, read_progress
from is0k.resolvers.context import Context
from is0k.settings import Settings
from is0k.tests.jobs.scene import (
    monitor,
    soon,
)
from is0k.tests.stage.clock import FakeClock
from is0k.tests.stage.history import check

pytestmark = pytest.mark.anyio


async def test_one_worker_at_a_time_does_upkeep_and_not_before_it_has_ended(
    with_redis: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = list[str](), asyncio.Event()

    async def roll_up(now: int, enough: Any) -> None:
        begun.append("roll_up")
        await may_end.wait()

    monkeypatch.setattr("is0k.jobs.worker.roll_up", roll_up)
    workers, tasks = [], []
    for _ in range(2):
        job, *_ = _upkeep_jobs(clock, lambda: False)
        job.second = None  # every second
        workers.append(QueueWorker(with_redis.redis, "is0k:upkeep", cron_jobs=[job]))
        tasks.append(asyncio.create_task(workers[-1].run()))
    await soon(lambda: begun)
    await asyncio.sleep(2.2)  # two more times it could have begun

    assert begun == ["roll_up"]
    may_end.set()
    for worker in workers:
        worker.stop()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)


async def test_upkeep_rolls_up_and_tidies_when_its_time_comes(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    await insert_checks([check(number, clock.ms - 2 * HOUR_MS)])
    for job in _upkeep_jobs(clock, lambda: False):
        await job.coroutine({})

    assert (await read_progress())["hour"] == clock.ms - HOUR_MS


async def test_upkeep_ends_early_when_the_worker_is_stopping(ctx: Context, clock: FakeClock) -> None:
    number = await monitor(ctx)
    await insert_checks([check(number, clock.ms - 2 * HOUR_MS)])
    for job in _upkeep_jobs(clock, lambda: True):
        await job.coroutine({})

    assert await read_progress() == {}
