"""Jobs to be sent, and a worker at a queue of a real Valkey."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import redis
from arq.typing import WorkerCoroutine
from arq.worker import Function, func

from is0k.jobs.checker import Slot
from is0k.jobs.queue import QueueWorker, checks_queue
from is0k.tests.stage.valkey import Valkey

NAME = checks_queue("eu")
BATCH = [Slot(1, 1_795_435_200_123, 2, 3), Slot(70_000, 1_795_435_201_000, 0, 0)]


class Jobs:
    """Takes jobs and keeps what they bring; may be told to take its time, or to fail."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.ended = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.error: Exception | None = None

    def function(self) -> Function:
        async def run_checks(job: dict[Any, Any], batch: Any) -> None:
            self.taken.append(batch)
            await self.may_end.wait()
            self.ended += 1
            if self.error:
                raise self.error

        return func(cast(WorkerCoroutine, run_checks), name="run_checks")


@asynccontextmanager
async def working(server: Valkey, jobs: Jobs) -> AsyncIterator[QueueWorker]:
    worker = QueueWorker(server.url, NAME, [jobs.function()])
    task = asyncio.create_task(worker.run())
    yield worker
    worker.stop()
    await asyncio.wait_for(task, 30)


@contextmanager
def looking(server: Valkey) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(server.url) as client:
        yield client
