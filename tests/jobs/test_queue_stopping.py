"""A worker at a queue ends in time, and finishes what it has begun."""

import asyncio

import pytest

from is0k.jobs.queue import Queue, QueueWorker
from is0k.tests.jobs.post import BATCH, NAME, Jobs, looking
from is0k.tests.jobs.scene import soon
from is0k.tests.stage.valkey import Valkey

pytestmark = pytest.mark.anyio


class TestStopping:
    async def test_waits_for_running_jobs_and_takes_no_new_one(self, server: Valkey, queue: Queue, jobs: Jobs) -> None:
        jobs.may_end.clear()
        worker = QueueWorker(server.url, NAME, [jobs.function()])
        task = asyncio.create_task(worker.run())
        await queue.send(NAME, "eu:1", "run_checks", "running")
        await soon(lambda: jobs.taken)
        worker.stop()
        await queue.send(NAME, "eu:2", "run_checks", "left for another")
        await asyncio.sleep(0.4)  # longer than it would take to pick it up
        assert not task.done()
        jobs.may_end.set()
        await asyncio.wait_for(task, 2)

        assert jobs.taken == ["running"]
        assert jobs.ended == 1
        with looking(server) as client:
            assert client.zrange(NAME, 0, -1) == [b"eu:2"]

    async def test_does_not_wait_for_ever_for_a_job(self, server: Valkey, queue: Queue, jobs: Jobs) -> None:
        jobs.may_end.clear()
        worker = QueueWorker(server.url, NAME, [jobs.function()])
        task = asyncio.create_task(worker.run())
        await queue.send(NAME, "eu:1", "run_checks", BATCH)
        await soon(lambda: jobs.taken)
        worker.stop()
        await asyncio.wait_for(task, 2)

        assert jobs.ended == 0

    async def test_before_it_ran_it_does_not_begin(self, server: Valkey, queue: Queue, jobs: Jobs) -> None:
        await queue.send(NAME, "eu:1", "run_checks", BATCH)
        worker = QueueWorker(server.url, NAME, [jobs.function()])
        worker.stop()
        await asyncio.wait_for(worker.run(), 1)

        assert jobs.taken == []

    @pytest.mark.parametrize("steps", [0, 1, 2, 5, 10, 20])
    async def test_while_it_is_starting_it_ends(self, server: Valkey, jobs: Jobs, steps: int) -> None:
        worker = QueueWorker(server.url, NAME, [jobs.function()])
        task = asyncio.create_task(worker.run())
        for _ in range(steps):
            await asyncio.sleep(0)
        worker.stop()

        await asyncio.wait_for(task, 2)

    @pytest.mark.parametrize("seconds", [0.0, 0.1, 0.6])
    async def test_while_redis_is_away_it_ends(self, server: Valkey, jobs: Jobs, seconds: float) -> None:
        server.kill()
        worker = QueueWorker(server.url, NAME, [jobs.function()])
        task = asyncio.create_task(worker.run())
        await asyncio.sleep(seconds)
        worker.stop()

        await asyncio.wait_for(task, 3)

    async def test_with_a_job_under_way_and_redis_away_it_ends(self, server: Valkey, queue: Queue, jobs: Jobs) -> None:
        jobs.may_end.clear()
        worker = QueueWorker(server.url, NAME, [jobs.function()])
        task = asyncio.create_task(worker.run())
        await queue.send(NAME, "eu:1", "run_checks", BATCH)
        await soon(lambda: jobs.taken)
        server.kill()
        worker.stop()
        jobs.may_end.set()
        await asyncio.wait_for(task, 5)

        assert jobs.ended == 1

    async def test_cancelled_it_leaves_nothing_running(self, server: Valkey, queue: Queue, jobs: Jobs) -> None:
        jobs.may_end.clear()
        worker = QueueWorker(server.url, NAME, [jobs.function()])
        task = asyncio.create_task(worker.run())
        await queue.send(NAME, "eu:1", "run_checks", BATCH)
        await soon(lambda: jobs.taken)
        task.cancel()
        await asyncio.wait({task})

        assert task.cancelled()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [each for each in left if "arq" in repr(each)]
