"""Jobs through a real Valkey: lost, killed, flushed and started again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from arq.typing import WorkerCoroutine
from arq.worker import func
from redis.asyncio import Redis

from is0k.jobs.queue import Queue, QueueAway, QueueWorker
from is0k.tests.jobs.scene import soon
from is0k.tests.stage.valkey import Valkey

pytestmark = pytest.mark.anyio

QUEUE = "is0k:checks:test"


class Work:
    """What a worker was given. A job told to hang ends when it may."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.begun: list[Any] = []
        self.may_end = asyncio.Event()

    async def job(self, context: dict[Any, Any], given: Any) -> None:
        self.begun.append(given)
        if given == "hang":
            await self.may_end.wait()
        if given == "fail":
            raise ValueError("no")
        self.done.append(given)


@pytest.fixture
async def queue(valkey: Valkey) -> AsyncIterator[Queue]:
    if not valkey.answers():
        valkey.start()
    valkey.flush()
    queue = Queue.connect(valkey.url)
    yield queue
    await queue.close()


@pytest.fixture
def work() -> Work:
    return Work()


@asynccontextmanager
async def working(valkey: Valkey, work: Work) -> AsyncIterator[QueueWorker]:
    worker = QueueWorker(valkey.url, QUEUE, [func(cast(WorkerCoroutine, work.job), name="job")])
    task = asyncio.create_task(worker.run())
    yield worker
    work.may_end.set()
    worker.stop()
    async with asyncio.timeout(10):
        await task


async def test_a_job_arrives_as_it_was_sent(valkey: Valkey, queue: Queue, work: Work) -> None:
    async with working(valkey, work):
        await queue.send(QUEUE, "one", "job", [[1, 1_795_435_200_000, 0, 3]])
        await soon(lambda: work.done)

    assert work.done == [[[1, 1_795_435_200_000, 0, 3]]]


async def test_jobs_travel_as_msgpack_and_never_as_pickle(valkey: Valkey, queue: Queue) -> None:
    await queue.send(QUEUE, "one", "job", [7])

    async with Redis.from_url(valkey.url) as redis:
        body = await redis.get("arq:job:one")
    assert body.startswith(b"\x85\xa1t")  # a map of five, whose first key is "t"
    assert not body.startswith(b"\x80")  # how every pickle since protocol 2 begins


async def test_the_same_job_sent_twice_runs_once(valkey: Valkey, queue: Queue, work: Work) -> None:
    await queue.send(QUEUE, "one", "job", 1)
    await queue.send(QUEUE, "one", "job", 1)
    await queue.send(QUEUE, "two", "job", 2)

    async with working(valkey, work):
        await soon(lambda: 2 in work.done)

    assert sorted(work.done) == [1, 2]


async def test_a_job_that_fails_or_is_unknown_does_not_stop_the_others(
    valkey: Valkey, queue: Queue, work: Work
) -> None:
    await queue.send(QUEUE, "bad", "job", "fail")
    await queue.send(QUEUE, "unknown", "nonsense", 1)
    await queue.send(QUEUE, "good", "job", "good")

    async with working(valkey, work):
        await soon(lambda: work.done)

    assert work.done == ["good"]


async def test_a_valkey_that_is_away_is_noticed_within_seconds(valkey: Valkey, queue: Queue) -> None:
    valkey.kill()
    begun = time.monotonic()

    with pytest.raises(QueueAway):
        await queue.send(QUEUE, "one", "job", 1)

    assert time.monotonic() - begun < 2


async def test_jobs_go_on_after_valkey_was_killed_and_started_again(valkey: Valkey, queue: Queue, work: Work) -> None:
    async with working(valkey, work):
        await queue.send(QUEUE, "before", "job", "before")
        await soon(lambda: "before" in work.done)

        valkey.kill()
        await asyncio.sleep(0.3)
        valkey.start()
        await queue.send(QUEUE, "after", "job", "after")

        await soon(lambda: "after" in work.done, 10)


async def test_jobs_go_on_after_everything_in_valkey_was_deleted(valkey: Valkey, queue: Queue, work: Work) -> None:
    async with working(valkey, work):
        await queue.send(QUEUE, "before", "job", "before")
        await soon(lambda: work.done)

        valkey.flush()
        await queue.send(QUEUE, "after", "job", "after")

        await soon(lambda: "after" in work.done)


async def test_a_worker_told_to_stop_ends_what_runs_and_begins_nothing(
    valkey: Valkey, queue: Queue, work: Work
) -> None:
    async with working(valkey, work) as worker:
        await queue.send(QUEUE, "running", "job", "hang")
        await soon(lambda: work.begun)

        worker.stop()
        await asyncio.sleep(0.3)
        await queue.send(QUEUE, "late", "job", "late")
        await asyncio.sleep(0.3)
        work.may_end.set()

    assert work.done == ["hang"]
    assert work.begun == ["hang"]


async def test_a_worker_told_to_stop_while_valkey_is_away_ends(valkey: Valkey, queue: Queue, work: Work) -> None:
    valkey.kill()

    async with asyncio.timeout(8):
        async with working(valkey, work):
            await asyncio.sleep(0.2)

    assert work.done == []


async def test_a_worker_told_to_stop_before_it_began_ends(valkey: Valkey, queue: Queue, work: Work) -> None:
    worker = QueueWorker(valkey.url, QUEUE, [func(cast(WorkerCoroutine, work.job), name="job")])
    worker.stop()

    async with asyncio.timeout(2):
        await worker.run()


async def test_a_queue_nobody_works_at_does_not_grow_for_ever(valkey: Valkey, queue: Queue) -> None:
    async with Redis.from_url(valkey.url) as redis:
        await redis.zadd(QUEUE, {"of long ago": (time.time() - 600) * 1000})

        await queue.send(QUEUE, "new", "job", 1)

        assert await redis.zrange(QUEUE, 0, -1) == [b"new"]
